"""Prove that an entry is in the log, and sign what the log is: checkpoint and tlog-proof.

Nothing is signed that contradicts what was signed before: the database alone is no witness of its own past.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from keys.service import ServiceKeys
from vault.audit.checkpoint import Checkpoint, open_checkpoint
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
from vault.audit.tlog_proof import TlogProof
from vault.audit.tlog_proof import prove_entry as join_proof
from vault.audit.tree import Frontier, leaf_hash
from vault.errors import LogCorrupt, NotFound, ProofInvalid
from vault.ports.database import Repositories
from vault.ports.vault import Vault


async def prove_entry(vault: Vault, index: int, *, size: int | None = None) -> TlogProof:
    """Return the proof of entry `index` in the log of `size` entries (default: as it is now).

    Raise `NotFound` for an entry that is not there, `LogCorrupt` for a log that was rewritten.
    """
    signed = await _signed_head(vault)
    async with vault.reading() as rows:
        size = await rows.events.size() if size is None else size
        entry = await rows.events.entry(index)
        if entry is None or not index < size:
            raise NotFound(f"the log has no entry {index}")
        nodes = await rows.events.nodes({*inclusion_nodes(index, size), *root_nodes(size)}, size)
        checkpoint = Checkpoint(vault.keys.log_name, size, root_of(size, nodes))
        await _must_agree(rows, checkpoint, signed)
    if not _holds(entry.record, index, checkpoint, inclusion_proof(index, size, nodes)):
        raise LogCorrupt(f"entry {index} is not the one that the log's tree was grown from")
    note = await asyncio.to_thread(checkpoint.sign, vault.keys.signer)
    return join_proof(entry.record, index, inclusion_proof(index, size, nodes), note)


async def sign_checkpoint(vault: Vault) -> bytes:
    """Return the signed note of the log as it is now; raise `LogCorrupt` for one that was rewritten."""
    signed = await _signed_head(vault)
    async with vault.reading() as rows:
        frontier = await rows.events.frontier()
        await _must_agree(rows, Checkpoint(vault.keys.log_name, frontier.size, frontier.root()), signed)
    return await asyncio.to_thread(sign_frontier, vault.keys, frontier)


def sign_frontier(keys: ServiceKeys, frontier: Frontier) -> bytes:
    """Return the signed note of a log with that right edge."""
    return Checkpoint(keys.log_name, frontier.size, frontier.root()).sign(keys.signer)


async def checkpoint_at(vault: Vault, rows: Repositories, size: int) -> Checkpoint:
    """Return what the log was at an earlier size."""
    nodes = await rows.events.nodes(root_nodes(size), size)
    return Checkpoint(vault.keys.log_name, size, root_of(size, nodes))


async def _signed_head(vault: Vault) -> Checkpoint | None:
    """Return what was signed last; read before a snapshot begins, which then holds all of it."""
    note = await vault.slots.read_head()
    return None if note is None else open_checkpoint(note, vault.keys.verifier)


async def _must_agree(rows: Repositories, checkpoint: Checkpoint, signed: Checkpoint | None) -> None:
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


def _holds(record: bytes, index: int, checkpoint: Checkpoint, proof: Sequence[bytes]) -> bool:
    """Say whether the entry is in that tree: full tiles don't change with its row."""
    try:
        verify_inclusion(leaf_hash(record), index, checkpoint.size, checkpoint.root, proof)
    except ProofInvalid:
        return False
    return True
