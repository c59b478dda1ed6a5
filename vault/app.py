"""The one place that joins the ports with their adapters: founds a vault, opens one, closes it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from msgspec import structs

from keys.age import FileKey, HybridIdentity, Identity, PasswordIdentity, open_header
from keys.custody import Custody, create_custody, open_custody
from keys.identities import unlock
from keys.secret import Secret
from keys.service import ServiceKeys, wrapping_context
from keys.slots import SlotFile, holds_slots
from vault.audit.checkpoint import Checkpoint, open_checkpoint
from vault.audit.tree import Frontier
from vault.config import Settings
from vault.db.database import SqlDatabase
from vault.db.schema import upgrade
from vault.domain.event import Actor
from vault.domain.names import StaffName, new_id
from vault.errors import ConfigInvalid, NoVault, Overloaded, VaultExists
from vault.outbound.anchor_folder import AnchorFolder
from vault.outbound.timestamp_authority import HttpAuthority
from vault.ports.repositories import VaultRecord
from vault.ports.vault import Policy, Vault
from vault.store import open_store
from vault.store.slots import ThreadedSlots
from vault.usecases.check_rollback import check_rollback
from vault.usecases.found_vault import Founding, found_vault
from vault.usecases.prove_entry import sign_frontier

Opened = TypeVar("Opened")

_WAITING_CHECKS = 16
"""How many password checks may wait in a lane; one more is told to come again."""


class SystemClock:
    """The machine's clock, in UTC."""

    def now(self) -> datetime:
        """Return the time now."""
        return datetime.now(UTC)


class PasswordLanes:
    """Argon2 on threads of its own: one lane for known networks and links, one for everybody else."""

    def __init__(self, at_once: int) -> None:
        self._lanes = {
            True: ThreadPoolExecutor(at_once, thread_name_prefix="password-trusted"),
            False: ThreadPoolExecutor(1, thread_name_prefix="password-unknown"),
        }
        self._waiting = {True: 0, False: 0}

    async def unlock(self, locked: bytes, password: Secret, *, trusted: bool) -> HybridIdentity:
        """Unlock in a lane; see `vault.ports.vault.PasswordChecks`."""
        return await self._in_lane(unlock, locked, password, trusted=trusted)

    async def open_header(self, sealed: bytes, password: Secret) -> FileKey:
        """Open a header in the trusted lane; see `vault.ports.vault.PasswordChecks`."""
        return await self._in_lane(open_header, sealed, password, trusted=True)

    async def _in_lane(
        self,
        check: Callable[[bytes, Sequence[Identity]], Opened],
        sealed: bytes,
        password: Secret,
        *,
        trusted: bool,
    ) -> Opened:
        if self._waiting[trusted] >= _WAITING_CHECKS:
            raise Overloaded("too many sign-ins at once; try again in a moment")
        self._waiting[trusted] += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(
                self._lanes[trusted], check, sealed, [PasswordIdentity(password)]
            )
        finally:
            self._waiting[trusted] -= 1

    def close(self) -> None:
        """Let the threads end."""
        for lane in self._lanes.values():
            lane.shutdown(wait=False, cancel_futures=True)


class GuessTally:
    """Counts guesses that were turned away, in memory that is bounded by the number of buckets."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def count(self, bucket: str, times: int = 1) -> None:
        """Note one more, or so many."""
        self._counts[bucket] += times

    def take(self) -> Mapping[str, int]:
        """Return the counts since the last call."""
        counts, self._counts = self._counts, Counter()
        return counts


async def create_vault(
    settings: Settings, dpo: StaffName, *, by: Actor, passphrase: Secret | None = None
) -> tuple[VaultRecord, Founding]:
    """Make a new vault from nothing; raise `VaultExists` where one, or the rest of one, is."""
    await _must_be_new(settings)
    # The store first: a bucket that is not fit leaves no root key behind that would stop the next attempt.
    store = await asyncio.to_thread(
        open_store, settings.store.url, create=True, regions=settings.residency.enforced()
    )
    store.close()
    vault_id = new_id()
    custody = await asyncio.to_thread(create_custody, settings.custody.url)
    await asyncio.to_thread(_require_region, settings, custody)
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
    async with _assembled(settings, record, secret) as vault:
        founding = await found_vault(vault, wrapped, dpo, by=by, passphrase=passphrase)
    return record, founding


async def add_mirror(settings: Settings, path: Path) -> Settings:
    """Fill a new folder with every slot; return the settings that use it.

    No service may run meanwhile: it would not know of the folder. Raise what `SlotFile.add_mirror` does.
    """
    record = await _read_record(settings)
    known = tuple(each for each in settings.slots.paths if each != path)
    slots = await asyncio.to_thread(
        SlotFile.open,
        known,
        vault_id=record.id,
        allow_unsafe=settings.slots.allow_unsafe_filesystem,
    )
    await asyncio.to_thread(slots.add_mirror, path)
    return structs.replace(settings, slots=structs.replace(settings.slots, paths=(*known, path)))


async def migrate_vault(settings: Settings) -> None:
    """Bring the database up to this program's schema; raise `NoVault` where there is none."""
    if not await SqlDatabase.exists(settings.database.url):
        raise NoVault("there is no database; `callvault init` makes a vault")
    await upgrade(settings.database.url)


async def _must_be_new(settings: Settings) -> None:
    """Raise `VaultExists` for a founded vault, and for a root key or slots without one.

    Those may be what an `init` that was cut off left, or a vault's whose database is elsewhere. Only the
    operator can tell, so nothing is removed here.
    """
    try:
        await _read_record(settings)
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


@asynccontextmanager
async def open_vault(settings: Settings) -> AsyncIterator[Vault]:
    """Open the vault that the settings name; close it on leaving.

    Raise `NoVault`, `LogBehind` for a restored copy, and what custody or slots refuse.
    """
    record = await _read_record(settings)
    custody = await asyncio.to_thread(open_custody, settings.custody.url)
    await asyncio.to_thread(_require_region, settings, custody)
    secret = await asyncio.to_thread(
        custody.unwrap, record.wrapped_secret, context=wrapping_context(record.id)
    )
    async with _assembled(settings, record, secret) as vault:
        await check_rollback(vault)
        yield vault


async def _read_record(settings: Settings) -> VaultRecord:
    database = await SqlDatabase.open(settings.database.url, clock=SystemClock(), on_commit=_nothing)
    try:
        async with database.reading() as rows:
            record = await rows.vault.get()
    finally:
        await database.close()
    if record is None:
        raise NoVault("the database holds no vault; `callvault init` makes one")
    return record


@asynccontextmanager
async def _assembled(settings: Settings, record: VaultRecord, secret: Secret) -> AsyncIterator[Vault]:
    """Join the parts; the database tells the slots of every commit."""
    keys = ServiceKeys(secret, record.log_name)
    slot_file = await asyncio.to_thread(
        SlotFile.open,
        settings.slots.paths,
        vault_id=record.id,
        allow_unsafe=settings.slots.allow_unsafe_filesystem,
    )
    slots, lanes = ThreadedSlots(slot_file), PasswordLanes(settings.limits.password_checks_at_once)
    store = await asyncio.to_thread(
        open_store,
        settings.store.url,
        reserve_bytes=settings.limits.disk_reserve_bytes,
        regions=settings.residency.enforced(),
    )
    clock = SystemClock()

    async def keep_head(frontier: Frontier) -> None:
        note = await asyncio.to_thread(sign_frontier, keys, frontier)
        await slots.write_head(note, frontier.size)

    async def signed_head() -> Checkpoint | None:
        note = await slots.read_head()
        return None if note is None else open_checkpoint(note, keys.verifier)

    database = await SqlDatabase.open(
        settings.database.url, clock=clock, on_commit=keep_head, signed_head=signed_head
    )
    vault = Vault(
        id=record.id,
        database=database,
        blobs=store,
        slots=slots,
        clock=clock,
        keys=keys,
        passwords=lanes,
        stopped_guesses=GuessTally(),
        policy=policy_of(settings),
        anchor_places=tuple(AnchorFolder(path) for path in settings.anchors.paths),
        timestamps=_authority(settings),
    )
    try:
        yield vault
    finally:
        await database.close()
        lanes.close()
        slots.close()
        store.close()


def policy_of(settings: Settings) -> Policy:
    """Return what the operator decided, as use cases need it."""
    return Policy(
        recording_bytes_limit=settings.limits.recording_bytes,
        session_lifetime=timedelta(hours=settings.limits.session_hours),
        link_lifetime=timedelta(days=settings.limits.link_days),
        blob_sweep_age=timedelta(hours=settings.limits.blob_sweep_hours),
        snapshot_horizon=settings.shred.snapshot_horizon,
        approve_grants=settings.approval.grants,
        approve_openings=settings.approval.openings,
        base_url=settings.http.base_url(),
        anchor_age=timedelta(hours=settings.anchors.every_hours),
    )


def _authority(settings: Settings) -> HttpAuthority | None:
    url, roots = settings.anchors.timestamp_url, settings.anchors.timestamp_roots
    return None if url is None or roots is None else HttpAuthority(url, roots)


def _require_region(settings: Settings, custody: Custody) -> None:
    """Raise `ConfigInvalid` for a root key outside the regions where it may lie."""
    enforced = settings.residency.enforced()
    if enforced and custody.region is not None and custody.region not in enforced:
        raise ConfigInvalid(
            f"the root key lies in {custody.region}, and [residency] regions allows {', '.join(enforced)}"
        )


async def _nothing(_frontier: Frontier) -> None:
    """Do nothing: reading the vault's record appends no entry."""
