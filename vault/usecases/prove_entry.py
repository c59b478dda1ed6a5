"""Prove that an entry is in the log, and sign what the log is: checkpoint and tlog-proof.

Nothing is signed that contradicts what was signed before: the database alone is no witness of its own past.
"""

from __future__ import annotations

from vault.audit.checkpoint import Checkpoint
from vault.audit.proof import inclusion_nodes, inclusion_proof, is_included, root_nodes, root_of
from vault.audit.tlog_proof import TlogProof
from vault.audit.tlog_proof import prove_entry as join_proof
from vault.errors import LogCorrupt, NotFound
from vault.ports.database import Repositories
from vault.ports.vault import Vault
from vault.sealing.signed_log import must_agree, signed_head


async def prove_entry(vault: Vault, index: int, *, size: int | None = None) -> TlogProof:
    """Return the proof of entry `index` in the log of `size` entries (default: as it is now).

    Raise `NotFound` for an entry that is not there, `LogCorrupt` for a log that was rewritten.
    """
    return await vault.read(lambda rows: _prove(vault, rows, index, size))


async def _prove(vault: Vault, rows: Repositories, index: int, size: int | None) -> TlogProof:
    signed = await signed_head(vault, rows)
    size = signed.size if size is None else size
    entry = await rows.events.entry(index)
    if entry is None or not 0 <= index < size:
        raise NotFound(f"the log has no entry {index}")
    checkpoint = await _checkpoint(vault, rows, size, signed)
    nodes = await rows.events.nodes(inclusion_nodes(index, size), size)
    proof = inclusion_proof(index, size, nodes)
    if not is_included(entry.record, index, checkpoint.size, checkpoint.root, proof):
        raise LogCorrupt(f"entry {index} is not the one that the log's tree was grown from")
    return join_proof(entry.record, index, proof, checkpoint.sign(vault.keys.signer))


async def _checkpoint(vault: Vault, rows: Repositories, size: int, signed: Checkpoint) -> Checkpoint:
    if size == signed.size:
        return signed
    checkpoint = await checkpoint_at(vault, rows, size)
    await must_agree(rows, checkpoint, signed)
    return checkpoint


async def sign_checkpoint(vault: Vault) -> bytes:
    """Return the signed note of the log as it is now; raise `LogCorrupt` for one that was rewritten."""
    signed = await vault.read(lambda rows: signed_head(vault, rows))
    return signed.sign(vault.keys.signer)


async def checkpoint_at(vault: Vault, rows: Repositories, size: int) -> Checkpoint:
    """Return what the log was at an earlier size."""
    nodes = await rows.events.nodes(root_nodes(size), size)
    return Checkpoint(vault.keys.log_name, size, root_of(size, nodes))
