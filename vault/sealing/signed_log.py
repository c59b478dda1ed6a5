"""What the log says, as far as it was signed: the database alone is no witness of its own past."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from vault.audit.checkpoint import Checkpoint, open_checkpoint
from vault.audit.details import canonical_row, is_logged
from vault.audit.edge import must_be_signed
from vault.audit.entry import Entry
from vault.audit.proof import (
    consistency_nodes,
    consistency_proof,
    inclusion_nodes,
    inclusion_proof,
    is_included,
    verify_consistency,
)
from vault.domain.event import Action, Outcome
from vault.domain.staff import StaffMember
from vault.errors import LogCorrupt, ProofInvalid
from vault.ports.database import Repositories
from vault.ports.log import EventFilter, StoredEntry
from vault.ports.vault import Vault

_MOST_PEOPLE = 10_000


async def kept_head(vault: Vault) -> Checkpoint | None:
    """Return the newest that lies beside the slots; read before a snapshot's first statement, it is in it."""
    note = await vault.slots.read_head()
    return None if note is None else open_checkpoint(note, vault.keys.verifier)


async def signed_head(vault: Vault, rows: Repositories) -> Checkpoint:
    """Return what the log in a new snapshot is, as it was signed; raise `LogCorrupt` for another log."""
    kept = await kept_head(vault)
    signed = must_be_signed(await rows.events.edge(), vault.keys.verifier, kept)
    if kept is not None:
        if signed.size < kept.size:
            raise LogCorrupt(f"the log ends at entry {signed.size}, but {kept.size} are signed: it was cut")
        await must_agree(rows, signed, kept)
    return signed


async def must_agree(rows: Repositories, checkpoint: Checkpoint, signed: Checkpoint) -> None:
    """Raise `LogCorrupt` unless one of the two logs is the beginning of the other."""
    old, new = sorted((checkpoint, signed), key=lambda each: each.size)
    nodes = await rows.events.nodes(consistency_nodes(old.size, new.size), new.size)
    proof = consistency_proof(old.size, new.size, nodes)
    try:
        verify_consistency(old.size, old.root, new.size, new.root, proof)
    except ProofInvalid:
        raise LogCorrupt(
            "the log in the database is not the one that was signed; nothing more is signed"
        ) from None


async def signed_entries(vault: Vault, which: EventFilter, *, limit: int) -> list[Entry]:
    """Return the newest entries that are found so; raise `LogCorrupt` for one that was not signed.

    The columns by which they are found are no part of what was signed: look at what they say.
    """
    return [Entry.decode(stored.record) for stored in await _signed_rows(vault, which, limit)]


async def signed_reasons(vault: Vault, which: EventFilter, *, limit: int) -> list[tuple[Entry, str | None]]:
    """Return the same with the reason that was stated, None where it was erased.

    Raise `LogCorrupt` for a detail row that is not the one that was logged, too.
    """
    told: list[tuple[Entry, str | None]] = []
    for stored in await _signed_rows(vault, which, limit):
        entry = Entry.decode(stored.record)
        if stored.detail is None:
            told.append((entry, None))
            continue
        if not is_logged(entry.detail, stored.salt, canonical_row(stored.detail)):
            raise LogCorrupt(f"what lies beside entry {stored.index} was changed by hand since it was logged")
        told.append((entry, str(stored.detail.get("reason", ""))))
    return told


async def _signed_rows(vault: Vault, which: EventFilter, limit: int) -> list[StoredEntry]:
    found = await _looked_at(vault, lambda rows: rows.events.list(which, limit=limit))
    for stored, signed in found:
        if not signed:
            raise LogCorrupt(f"entry {stored.index} is not the one that the log's tree was grown from")
    return [stored for stored, _ in found]


async def signed_entries_at(vault: Vault, indexes: Iterable[int]) -> Mapping[int, Entry]:
    """Return those of the entries that are there and were signed; raise `LogCorrupt` for another log."""

    async def _read(rows: Repositories) -> list[StoredEntry]:
        found = [await rows.events.entry(index) for index in sorted(set(indexes))]
        return [stored for stored in found if stored is not None]

    found = await _looked_at(vault, _read)
    return {stored.index: Entry.decode(stored.record) for stored, signed in found if signed}


async def must_have_role_on_record(vault: Vault, *members: StaffMember) -> None:
    """Raise `LogCorrupt` for whom the signed log has in another role, or not at all.

    The role in the database opens nothing, but says to whom a group is locked next, and what may be done
    without a key. Each entry is proven to be in the signed log: its row could be changed for a moment.
    """
    which = EventFilter(action=Action.STAFF_ADDED, outcome=Outcome.DONE)
    roles = {
        str(entry.facts.get("staff")): entry.facts.get("role")
        for entry in await signed_entries(vault, which, limit=_MOST_PEOPLE)
        if (entry.action, entry.outcome) == (Action.STAFF_ADDED, Outcome.DONE)
    }
    for each in members:
        if roles.get(each.id) != each.role:
            raise LogCorrupt(f"{each.name} is a {each.role} in the database, which the log does not say")


async def _looked_at(
    vault: Vault, read: Callable[[Repositories], Awaitable[Sequence[StoredEntry]]]
) -> list[tuple[StoredEntry, bool]]:
    """Return entries, and whether each is in the log that was signed."""
    async with vault.reading() as rows:
        signed = await signed_head(vault, rows)
        found = [stored for stored in await read(rows) if 0 <= stored.index < signed.size]
        wanted = {node for each in found for node in inclusion_nodes(each.index, signed.size)}
        nodes = await rows.events.nodes(wanted, signed.size)
    proofs = {each.index: inclusion_proof(each.index, signed.size, nodes) for each in found}
    return [
        (each, is_included(each.record, each.index, signed.size, signed.root, proofs[each.index]))
        for each in found
    ]
