"""Makes a vault from nothing, and brings an old one up to this program."""

from __future__ import annotations

import asyncio
from pathlib import Path

from keys.custody import create_custody
from keys.secret import Secret
from keys.service import ServiceKeys, wrapping_context
from keys.slots import SlotFile, holds_slots
from vault.app.clock import SystemClock
from vault.app.opening import assembled, read_record, require_region
from vault.audit.checkpoint import read_checkpoint
from vault.config import Settings
from vault.db.database import SqlDatabase
from vault.db.schema import upgrade
from vault.db.unsigned_edge import UnsignedLog, unsigned_log
from vault.domain.event import Actor
from vault.domain.names import StaffName, new_id
from vault.errors import Conflict, LogBehind, NoVault, VaultExists
from vault.ports.repositories import VaultRecord
from vault.store import open_store
from vault.usecases.found_vault import Founding, found_vault


async def create_vault(
    settings: Settings, dpo: StaffName, *, by: Actor, passphrase: Secret | None = None
) -> tuple[VaultRecord, Founding]:
    """Make a new vault from nothing; raise `VaultExists` where one, or the rest of one, is."""
    await _must_be_new(settings)
    # The store first: a bucket that is not fit leaves no root key behind that would stop the next attempt.
    vault_id = new_id()
    store = await asyncio.to_thread(
        open_store, settings.store.url, create=True, owner=vault_id, regions=settings.residency.enforced()
    )
    store.close()
    custody = await asyncio.to_thread(create_custody, settings.custody.url)
    await asyncio.to_thread(require_region, settings, custody)
    secret = ServiceKeys.new_secret()
    wrapped = await asyncio.to_thread(custody.wrap, secret, context=wrapping_context(vault_id))
    await asyncio.to_thread(
        SlotFile.create,
        settings.slots.paths,
        vault_id=vault_id,
        allow_unsafe=settings.slots.allow_unsafe_filesystem,
    )
    await upgrade(settings.database.url)
    record = VaultRecord(vault_id, f"callvault/{vault_id}", wrapped, SystemClock().now())
    async with assembled(settings, record, secret) as vault:
        await vault.blobs.examine()  # names the vault there: from here on the store is nobody else's
        founding = await found_vault(vault, wrapped, dpo, by=by, passphrase=passphrase)
    return record, founding


async def migrate_vault(settings: Settings) -> None:
    """Bring the database up to this program's schema; raise `NoVault` where there is none.

    Raise `Conflict` where a former program ended between a commit and its signature, `LogBehind` for an older
    copy.
    """
    if not await SqlDatabase.exists(settings.database.url):
        raise NoVault("there is no database; `callvault init` makes a vault")
    log = await unsigned_log(settings.database.url)
    if log is not None:
        await _must_be_signed(settings, log)
    await upgrade(settings.database.url)


async def _must_be_signed(settings: Settings, log: UnsignedLog) -> None:
    """Pass if the checkpoint beside the slots is of the whole log: until the next commit it stands for it."""
    slots = await asyncio.to_thread(
        SlotFile.open,
        settings.slots.paths,
        vault_id=log.vault,
        allow_unsafe=settings.slots.allow_unsafe_filesystem,
    )
    note = await asyncio.to_thread(slots.read_head)
    signed = 0 if note is None else read_checkpoint(note).size
    if signed > log.size:
        raise LogBehind(
            f"the database ends at log entry {log.size}, but this vault has signed {signed}: it is an older "
            "copy. Put the newest database back; nothing was changed"
        )
    if signed < log.size:
        raise Conflict(
            f"the log has {log.size} entries, of which {signed} are signed: the former version of this "
            "program was killed between the two, or somebody else added entries. Look at the newest; if all "
            "is well, run `callvault status` with that version, which signs, and migrate then. Nothing was "
            "changed"
        )


async def _must_be_new(settings: Settings) -> None:
    """Raise `VaultExists` for a founded vault, and for a root key or slots without one.

    Those may be what an `init` that was cut off left, or a vault's whose database is elsewhere. Only the
    operator can tell, so nothing is removed here.
    """
    try:
        await read_record(settings)
    except NoVault:
        if left := await asyncio.to_thread(_left_behind, settings):
            raise VaultExists(
                f"the database holds no vault, but there lie {' '.join(map(str, left))}. If an init was cut "
                "off before it showed a passphrase, remove them and try again. If a vault was here, put its "
                "database back instead. Nothing was changed"
            ) from None
        return
    raise VaultExists("there is a vault already at the configured database")


def _left_behind(settings: Settings) -> list[Path]:
    """Name the local root key and the slot folders that are there already."""
    kind, _, place = settings.custody.url.partition(":")
    keys = [Path(place)] if kind == "local" else []
    return [*filter(Path.exists, keys), *filter(holds_slots, settings.slots.paths)]
