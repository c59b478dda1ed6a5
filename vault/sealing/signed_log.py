"""What the log says, as far as it was signed: the database alone is no witness of its own past."""

from __future__ import annotations

from collections.abc import Sequence

from vault.audit.checkpoint import Checkpoint, open_checkpoint
from vault.audit.entry import Entry
from vault.audit.proof import (
    consistency_nodes,
    consistency_proof,
    inclusion_nodes,
    inclusion_proof,
    root_nodes,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from vault.audit.tree import leaf_hash
from vault.domain.event import Action, Outcome
from vault.domain.staff import StaffMember
from vault.errors import LogCorrupt, ProofInvalid
from vault.ports.database import Repositories
from vault.ports.log import EventFilter
from vault.ports.vault import Vault

_MOST_PEOPLE = 10_000


async def signed_head(vault: Vault) -> Checkpoint | None:
    """Return what was signed last; read before a snapshot begins, which then holds all of it."""
    note = await vault.slots.read_head()
    return None if note is None else open_checkpoint(note, vault.keys.verifier)


async def must_agree(rows: Repositories, checkpoint: Checkpoint, signed: Checkpoint | None) -> None:
    """Raise `LogCorrupt` unless one of the two logs is the beginning of the other."""
    if signed is None:
        return
    old, new = sorted((checkpoint, signed), key=lambda each: each.size)
    nodes = await rows.events.nodes(consistency_nodes(old.size, new.size), new.size)
    proof = consistency_proof(old.size, new.size, nodes)
    try:
        verify_consistency(old.size, old.root, new.size, new.root, proof)
    except ProofInvalid:
        raise LogCorrupt(
            "the log in the database is not the one that was signed; nothing more is signed"
        ) from None


def holds(record: bytes, index: int, checkpoint: Checkpoint, proof: Sequence[bytes]) -> bool:
    """Say whether the entry is in that tree: full tiles don't change with its row."""
    try:
        verify_inclusion(leaf_hash(record), index, checkpoint.size, checkpoint.root, proof)
    except ProofInvalid:
        return False
    return True


async def must_have_role_on_record(vault: Vault, *members: StaffMember) -> None:
    """Raise `LogCorrupt` for whom the signed log has in another role, or not at all.

    The role in the database opens nothing, but says to whom a group is locked next, and what may be done
    without a key. Each entry is proven to be in the signed log: its row could be changed for a moment.
    """
    roles = await _roles_on_record(vault)
    for each in members:
        if roles.get(each.id) != each.role:
            raise LogCorrupt(f"{each.name} is a {each.role} in the database, which the log does not say")


async def _roles_on_record(vault: Vault) -> dict[str, object]:
    signed = await signed_head(vault)
    which = EventFilter(action=Action.STAFF_ADDED, outcome=Outcome.DONE)
    roles: dict[str, object] = {}
    async with vault.reading() as rows:
        size = await rows.events.size()
        found = await rows.events.list(which, limit=_MOST_PEOPLE)
        wanted = {node for each in found for node in inclusion_nodes(each.index, size)}
        nodes = await rows.events.nodes({*wanted, *root_nodes(size)}, size)
        checkpoint = Checkpoint(vault.keys.log_name, size, root_of(size, nodes))
        await must_agree(rows, checkpoint, signed)
    for each in found:
        if not holds(each.record, each.index, checkpoint, inclusion_proof(each.index, size, nodes)):
            raise LogCorrupt(f"entry {each.index} is not the one that the log's tree was grown from")
        entry = Entry.decode(each.record)
        # The columns by which it was found are no part of what was signed.
        if (entry.action, entry.outcome) == (Action.STAFF_ADDED, Outcome.DONE):
            roles[str(entry.facts.get("staff"))] = entry.facts.get("role")
    return roles
