"""Identities held against the log, against what this vault vouched for, and against their slots.

Whoever was added has one, and nobody else: a missing lock shuts its owner out, a strange one lets another in.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from keys.secret import Secret
from vault.audit.entry import Entry
from vault.domain.event import Action, Outcome
from vault.domain.staff import Group, LockedIdentity, Owner
from vault.ports.database import Repositories
from vault.ports.vault import Vault
from vault.sealing.identities import DECOY
from vault.sealing.own_slots import lies_there, living_slots, of_identities

_OWNERS = {Action.CUSTOMER_ADDED: (Owner.CUSTOMER, "customer"), Action.STAFF_ADDED: (Owner.STAFF, "staff")}
_NEXT = frozenset({Action.KEYS_ROTATED, Action.STAFF_RECOVERED})
TELLING = frozenset({*_OWNERS, *_NEXT, Action.KEYS_RENEWED, Action.STAFF_REMOVED, Action.VAULT_CREATED})
_BATCH = 200
_AT_FIRST = (
    *((Owner.GROUP.value, group.value) for group in Group),
    (Owner.RECOVERY.value, "1"),
    (Owner.CUSTOMER.value, DECOY),
)

_Key = tuple[str, str, int]
"""Owner, owner's id, generation."""


class IdentityComparison:
    """Takes every entry of `TELLING` in order, then compares with the database.

    Memory: some hundred bytes for each generation of each identity.
    """

    def __init__(self) -> None:
        self._living: dict[_Key, bool] = {}

    def take(self, entry: Entry) -> None:
        """Note whose identity there is from then on, and which is ended."""
        if entry.outcome != Outcome.DONE:
            return
        action, facts = entry.action, entry.facts
        if action == Action.VAULT_CREATED:
            self._living |= {(*owner, 1): True for owner in _AT_FIRST}
        elif action in _OWNERS:
            owner, name = _OWNERS[Action(action)]
            self._living[owner, str(facts.get(name)), 1] = True
        elif action == Action.STAFF_REMOVED:
            self._end(Owner.STAFF, str(facts.get("staff")))
        elif isinstance(generation := facts.get("generation"), int):
            self._take_generation(entry, str(facts.get("owner")), str(facts.get("of")), generation)

    async def finish(self, vault: Vault, rows: Repositories) -> list[str]:
        """Return every disagreement."""
        findings = []
        async for batch in _batches(rows):
            living = await living_slots(vault, map(_slot, batch))
            for each in batch:
                what = self._compare(vault, each, living.get(_slot(each)))
                if what is not None and await _is_still(vault, each):
                    whose = f"{each.owner} {each.owner_id}"
                    findings.append(f"{whose}: its identity (generation {each.generation}) {what}")
        return findings + [
            f"{owner} {of}: its identity (generation {generation}) is not in the database"
            for owner, of, generation in self._living
        ]

    def _take_generation(self, entry: Entry, owner: str, of: str, generation: int) -> None:
        if entry.action != Action.KEYS_RENEWED:
            self._living[owner, of, generation] = True
        # A group's older generation lives until the renewal is done with; anybody else's ends at once.
        if entry.action == Action.KEYS_RENEWED or owner != Owner.GROUP:
            self._living[owner, of, generation - 1] = False

    def _end(self, owner: str, of: str) -> None:
        self._living |= {key: False for key in self._living if key[:2] == (owner, of)}

    def _compare(self, vault: Vault, there: LockedIdentity, slot: Secret | None) -> str | None:
        said = self._living.pop((there.owner.value, there.owner_id, there.generation), None)
        return _wrong(vault, there, slot, said=said)


async def _is_still(vault: Vault, identity: LockedIdentity) -> bool:
    """Say whether it is as it was read: it may have been locked anew since this began."""
    async with vault.reading() as newer:
        return await newer.identities.get(identity.owner, identity.owner_id, identity.generation) == identity


def _wrong(vault: Vault, there: LockedIdentity, slot: Secret | None, *, said: bool | None) -> str | None:
    """Say what is wrong with an identity, if anything is."""
    if said is None:
        return "is in the database, but no entry tells of it"
    if not vault.keys.vouched(there.statement, there.vouched):
        return "has a recipient that this vault did not vouch for"
    if there.owner is Owner.RECOVERY:  # its owner keeps it
        return None
    if not said:
        return None if slot is None else "has ended by the log, but its slot is not destroyed"
    return _wrong_under(slot, there)


def _wrong_under(slot: Secret | None, there: LockedIdentity) -> str | None:
    if slot is None:
        return "is needed by the log, but its slot is destroyed or not named"
    return None if lies_there(slot, *of_identities(there)) else "is not what lies under its slot"


def _slot(identity: LockedIdentity) -> int:
    return -1 if identity.slot is None else identity.slot


async def _batches(rows: Repositories) -> AsyncIterator[Sequence[LockedIdentity]]:
    batch: list[LockedIdentity] = []
    async for identity in rows.identities.scan():
        batch.append(identity)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    yield batch
