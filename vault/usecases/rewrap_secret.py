"""Wrap the service's secret under another root key. What it opens, which is no recording, stays the same.

The order leaves a vault that opens whatever happens: the new root key proves that it unwraps what it wrapped
before anything changes, and the old one stays where it is. One row and its entry in the log change together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from keys.custody import Custody
from keys.errors import CustodyRefused
from keys.service import wrapping_context
from vault.domain.event import Action, AuditEvent
from vault.errors import Conflict, NoVault
from vault.ports.database import Repositories
from vault.ports.repositories import VaultRecord
from vault.ports.vault import Vault
from vault.usecases.unlock_staff import Custodian


async def rewrap_secret(vault: Vault, dpo: Custodian, old: Custody, new: Custody) -> None:
    """Move the service's secret from one root key to another, as a DPO.

    Raise `CustodyRefused` or `CustodyUnavailable` as the root keys do, and `Conflict` if they are the same
    or if somebody else did it meanwhile; nothing has changed then.
    """
    dpo.must_be_dpo()
    async with vault.reading() as rows:
        before = await _record(rows)
    wrapped = await asyncio.to_thread(_rewrapped, before, old, new)
    async with vault.unit_of_work() as work:
        if (await _record(work)).wrapped_secret != before.wrapped_secret:
            raise Conflict("somebody else has just moved the secret to another root key")
        await work.vault.save(replace(before, wrapped_secret=wrapped))
        await work.log.append(
            AuditEvent(
                Action.CUSTODY_REWRAPPED,
                dpo.actor,
                facts={"from": _kind(old), "to": _kind(new)},
                detail={"old": old.uri, "new": new.uri},
            )
        )
        await work.commit()


def _rewrapped(record: VaultRecord, old: Custody, new: Custody) -> bytes:
    """Return the secret under the new root key, which has proved that it gives it back."""
    context = wrapping_context(record.id)
    secret = old.unwrap(record.wrapped_secret, context=context)
    wrapped = new.wrap(secret, context=context)
    if new.unwrap(wrapped, context=context) != secret:
        raise CustodyRefused("the new root key does not give back what it wrapped; nothing was changed")
    _must_be_another(old, wrapped, context)
    return wrapped


def _must_be_another(old: Custody, wrapped: bytes, context: Mapping[str, str]) -> None:
    """Raise `Conflict` for the same root key by another name, which destroying the old one would end."""
    try:
        old.unwrap(wrapped, context=context)
    except CustodyRefused:
        return
    raise Conflict("the secret is wrapped under that root key already")


async def _record(rows: Repositories) -> VaultRecord:
    record = await rows.vault.get()
    if record is None:
        raise NoVault("the database holds no vault")
    return record


def _kind(custody: Custody) -> str:
    return custody.uri.partition(":")[0]
