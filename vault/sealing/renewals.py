"""Renewals that this service vouches for: none ends a generation to which something is sealed still."""

from __future__ import annotations

from dataclasses import replace

from vault.domain.renewal import Renewal
from vault.errors import LogCorrupt
from vault.ports.database import Repositories, UnitOfWork
from vault.ports.vault import Vault
from vault.sealing import identities


def vouched(vault: Vault, renewal: Renewal) -> Renewal:
    """Return it as it is to be kept: what a writer to the database changes of it is refused."""
    return replace(renewal, vouched=vault.keys.vouch(renewal.statement))


def must_be_vouched(vault: Vault, renewal: Renewal) -> Renewal:
    """Return it; raise `LogCorrupt` for one that somebody changed."""
    if renewal.vouched is None or not vault.keys.vouched(renewal.statement, renewal.vouched):
        raise LogCorrupt(f"renewal {renewal.number} in the database is not as this vault vouched for it")
    return renewal


async def begin_anew(vault: Vault, work: UnitOfWork, renewal: Renewal) -> Renewal:
    """Keep one without a mark, as older programs left it, vouched for, with all its work before it.

    Somebody may have taken the mark off: so nothing that the row says is done counts, and `LogCorrupt` is
    raised for one that would end the generation of today.
    """
    await _must_end_an_older(vault, work, renewal)
    begun = vouched(vault, renewal.begin_anew(await work.events.size()))
    await work.renewals.save(begun)
    return begun


async def _must_end_an_older(vault: Vault, rows: Repositories, renewal: Renewal) -> None:
    current = await identities.current(vault, rows, renewal.owner, renewal.owner_id)
    if not 1 < renewal.generation <= current.generation:
        raise LogCorrupt(
            f"renewal {renewal.number} in the database ends a generation that is not an older one"
        )
