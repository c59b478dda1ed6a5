"""What `callvault doctor` looks at. Each check says one thing and changes nothing."""

from __future__ import annotations

import shutil
import sqlite3
import ssl
import stat
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from aiohttp import http_parser

from keys.custody import open_custody
from keys.errors import KeysError
from keys.slots import SlotFile
from keys.slots.filesystem import describe_filesystem
from vault.config import Settings
from vault.db.engine import database_file
from vault.errors import VaultError
from vault.ports.vault import Vault
from vault.usecases.read_log import events_since

_SQLITE = "sqlite"
_FILE = "file:"
_CLOCK_SLACK = timedelta(seconds=2)


class Level(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor."""

    level: Level
    part: str
    finding: str


def check_machine() -> Iterator[Check]:
    """Look at the interpreter, and at aiohttp's parser: its slow twin in Python also takes more liberties."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield Check(Level.OK, "python", version)
    if http_parser.HttpRequestParser is http_parser.HttpRequestParserPy:
        yield Check(
            Level.FAILURE, "http parser", "aiohttp runs without its C parser; reinstall it from a wheel"
        )
    else:
        yield Check(Level.OK, "http parser", "the C parser of aiohttp")


def check_settings(settings: Settings) -> Iterator[Check]:
    """Look at what can be told without opening the vault."""
    yield _data_folder(settings.data)
    yield _custody(settings.custody.url)
    yield from _slot_folders(settings)
    yield _database(settings.database.url)
    yield _horizon(settings)
    yield from _addresses(settings)


async def check_vault(vault: Vault, settings: Settings) -> list[Check]:
    """Look at the open vault: its log agreed with the signed head when it was opened."""
    return [
        Check(Level.OK, "log", "the database agrees with the head signed beside the slots"),
        await _clock(vault),
        await _store(vault, settings.store.url),
        *_mirrors(vault, settings),
    ]


def _data_folder(path: Path) -> Check:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        return Check(Level.FAILURE, "data folder", f"{path}: {error.strerror}")
    if mode & 0o077:
        return Check(Level.FAILURE, "data folder", f"others can get into {path}; run: chmod 700 {path}")
    return Check(Level.OK, "data folder", f"{path}, for its owner alone")


def _custody(url: str) -> Check:
    try:
        custody = open_custody(url)
    except KeysError as error:
        return Check(Level.FAILURE, "root key", str(error))
    return Check(Level.OK, "root key", custody.uri)


def _slot_folders(settings: Settings) -> Iterator[Check]:
    allowed = settings.slots.allow_unsafe_filesystem
    for path in settings.slots.paths:
        filesystem = describe_filesystem(path)
        if filesystem.problem:
            level = Level.WARNING if allowed else Level.FAILURE
            yield Check(level, "slots", f"{path}: {filesystem}: {filesystem.problem}")
        else:
            yield Check(Level.OK, "slots", f"{path}: {filesystem} overwrites in place")
    if len(settings.slots.paths) == 1:
        yield Check(Level.WARNING, "slots", "one folder only: whoever loses its disk loses every recording")


def _mirrors(vault: Vault, settings: Settings) -> Iterator[Check]:
    slots = settings.slots
    try:
        file = SlotFile.open(slots.paths, vault_id=vault.id, allow_unsafe=slots.allow_unsafe_filesystem)
    except KeysError as error:
        yield Check(Level.FAILURE, "slot mirrors", str(error))
        return
    for path, why in file.away.items():
        yield Check(Level.FAILURE, "slot mirrors", f"{path} is away: {why}")
    if not file.away:
        yield Check(Level.OK, "slot mirrors", f"all {len(file.paths)} in use")


def _database(url: str) -> Check:
    if not url.startswith(_SQLITE):
        return Check(Level.OK, "database", "a server of its own; its durability is set there")
    try:
        path = database_file(url)
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
    except (sqlite3.Error, ValueError) as error:
        return Check(Level.FAILURE, "database", f"it can't be opened: {error}")
    if mode != "wal":
        return Check(
            Level.FAILURE, "database", f"its journal is in mode {mode}, not wal: readers would block"
        )
    return Check(Level.OK, "database", f"{path}: write-ahead log, every commit synced")


def _horizon(settings: Settings) -> Check:
    stated = settings.shred.snapshot_horizon
    if stated is None:
        return Check(
            Level.WARNING,
            "snapshot horizon",
            "[shred] snapshot_horizon is unstated, and every certificate says so: "
            "how long are snapshots of this machine kept?",
        )
    return Check(Level.OK, "snapshot horizon", stated)


def _addresses(settings: Settings) -> Iterator[Check]:
    http = settings.http
    if http.public_url is None:
        yield Check(
            Level.WARNING, "public address", f"[http] public_url is unset: links lead to {http.base_url()}"
        )
    else:
        yield Check(Level.OK, "public address", http.public_url)
    if http.tls_certificate is not None and http.tls_key is not None:
        yield _certificate(http.tls_certificate, http.tls_key)
    elif http.trusted_proxies:
        yield Check(Level.OK, "tls", f"ends at the proxies {', '.join(http.trusted_proxies)}")
    else:
        yield Check(Level.WARNING, "tls", "neither a certificate nor a proxy: only this machine can connect")


def _certificate(certificate: Path, key: Path) -> Check:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        return Check(Level.FAILURE, "tls", f"{certificate} with {key}: {error.strerror or 'not usable'}")
    return Check(Level.OK, "tls", str(certificate))


async def _store(vault: Vault, url: str) -> Check:
    try:
        await vault.blobs.check()
    except VaultError as error:
        return Check(Level.FAILURE, "blob store", str(error))
    if not url.startswith(_FILE):
        return Check(Level.OK, "blob store", "takes blobs")
    free = shutil.disk_usage(url.removeprefix(_FILE)).free
    return Check(Level.OK, "blob store", f"takes blobs; {free / 2**30:.1f} GiB free")


async def _clock(vault: Vault) -> Check:
    """Compare with the log, whose time never goes back: behind it, everything would bear one time."""
    async with vault.reading() as rows:
        size = await rows.events.size()
    last: datetime | None = None
    for event in await events_since(vault, max(0, size - 1)):
        last = event.entry.time
    now = vault.clock.now()
    if last is not None and now + _CLOCK_SLACK < last:
        return Check(Level.FAILURE, "clock", f"it is {last - now} behind the last entry of the log")
    return Check(Level.OK, "clock", f"{now:%Y-%m-%d %H:%M:%S} UTC, not behind the log")
