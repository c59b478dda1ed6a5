"""Opens a vault: joins its ports with the adapters that the settings name, and closes them again.

What few vaults use, and few commands, is imported once the settings ask for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from keys.custody import Custody, open_custody
from keys.secret import Secret
from keys.service import ServiceKeys, wrapping_context
from keys.slots import SlotFile
from vault.app.clock import SystemClock
from vault.app.lanes import PasswordLanes
from vault.app.notary import LogNotary, NoNotary
from vault.app.tally import GuessTally
from vault.config import Anchors, Settings
from vault.db.database import SqlDatabase
from vault.errors import ConfigInvalid, NoVault
from vault.ports.anchors import AnchorPlace, TimestampAuthority
from vault.ports.repositories import VaultRecord
from vault.ports.vault import Policy, Vault
from vault.store import open_store
from vault.store.slots import ThreadedSlots
from vault.usecases.check_rollback import check_rollback


@asynccontextmanager
async def open_vault(settings: Settings) -> AsyncIterator[Vault]:
    """Open the vault that the settings name; close it on leaving.

    Raise `NoVault`, `LogBehind` for a restored copy, and what custody or slots refuse.
    """
    record = await read_record(settings)
    custody = await asyncio.to_thread(open_custody, settings.custody.url)
    await asyncio.to_thread(require_region, settings, custody)
    secret = await asyncio.to_thread(
        custody.unwrap, record.wrapped_secret, context=wrapping_context(record.id)
    )
    async with assembled(settings, record, secret) as vault:
        await check_rollback(vault)
        yield vault


async def read_record(settings: Settings) -> VaultRecord:
    """Return what the database says the vault is; raise `NoVault`, `DatabaseUnavailable`."""
    database = await SqlDatabase.open(settings.database.url, clock=SystemClock(), notary=NoNotary())
    try:
        async with database.reading() as rows:
            record = await rows.vault.get()
    finally:
        await database.close()
    if record is None:
        raise NoVault("the database holds no vault; `callvault init` makes one")
    return record


@asynccontextmanager
async def assembled(settings: Settings, record: VaultRecord, secret: Secret) -> AsyncIterator[Vault]:
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
        owner=record.id,
        reserve_bytes=settings.limits.disk_reserve_bytes,
        regions=settings.residency.enforced(),
    )
    clock = SystemClock()
    notary = LogNotary(keys, slots)
    database = await SqlDatabase.open(settings.database.url, clock=clock, notary=notary)
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
        anchor_places=_anchor_places(settings.anchors),
        timestamps=_authority(settings.anchors),
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
        request_patience=timedelta(days=settings.approval.request_days),
        base_url=settings.http.base_url(),
        anchor_age=timedelta(hours=settings.anchors.every_hours),
    )


def _anchor_places(anchors: Anchors) -> Sequence[AnchorPlace]:
    if not anchors.paths:
        return ()
    from vault.outbound.anchor_folder import AnchorFolder  # noqa: PLC0415 - few commands need certificates

    return tuple(AnchorFolder(path) for path in anchors.paths)


def _authority(anchors: Anchors) -> TimestampAuthority | None:
    url, roots = anchors.timestamp_url, anchors.timestamp_roots
    if url is None or roots is None:
        return None
    from vault.outbound.timestamp_authority import HttpAuthority  # noqa: PLC0415 - few commands need HTTP

    return HttpAuthority(url, roots)


def require_region(settings: Settings, custody: Custody) -> None:
    """Raise `ConfigInvalid` for a root key outside the regions where it may lie."""
    enforced = settings.residency.enforced()
    if enforced and custody.region is not None and custody.region not in enforced:
        raise ConfigInvalid(
            f"the root key lies in {custody.region}, and [residency] regions allows {', '.join(enforced)}"
        )
