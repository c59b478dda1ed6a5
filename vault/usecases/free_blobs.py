"""Which blobs nobody needs: the signed log says that their recording is shredded, or they never had one.

A recording's entry holds the digest of its blob's key, so that no row passes another's blob off as its own.
That a blob never had a recording can't be looked up in the log: that is believed of a database which agrees
with it, and to find that out the whole log is recomputed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vault.audit.entry import Entry
from vault.domain.event import Action, Outcome
from vault.domain.names import BlobKey
from vault.domain.recording import Recording, RecordingState, payload_digest
from vault.ports.vault import Vault
from vault.sealing.signed_log import signed_entries_at
from vault.usecases.verify_log import agreeing


async def free_blobs(vault: Vault, keys: Sequence[BlobKey]) -> set[BlobKey]:
    """Return those whose recording is shredded; raise `LogCorrupt` for another log than the signed one."""
    if not keys:
        return set()
    async with vault.reading() as rows:
        owners = {each.blob: each for each in await rows.recording_parts.in_blobs(keys)}
    ended = [each for each in owners.values() if each.state is RecordingState.SHREDDED]
    indexes = {each.log_index for each in ended} | {each.shred_log_index or 0 for each in ended}
    entries = await signed_entries_at(vault, indexes) if indexes else {}
    return {each.blob for each in ended if _is_free(each, entries)}


async def ownerless_blobs(vault: Vault, keys: Sequence[BlobKey]) -> set[BlobKey]:
    """Return those that never had a recording; raise `LogCorrupt` while the database contradicts the log."""
    if not keys:
        return set()
    async with agreeing(vault) as rows:
        return set(keys) - {each.blob for each in await rows.recording_parts.in_blobs(keys)}


def _is_free(recording: Recording, entries: Mapping[int, Entry]) -> bool:
    """Say whether the log has it as shredded, and as having lain in this blob."""
    sealed, shredded = entries.get(recording.log_index), entries.get(recording.shred_log_index or 0)
    if sealed is None or shredded is None:
        return False
    said = {sealed.recording, shredded.recording, str(recording.id)}
    actions = (sealed.action, shredded.action, shredded.outcome)
    if len(said) > 1 or actions != (Action.RECORDING_SEALED, Action.RECORDING_SHREDDED, Outcome.DONE):
        return False
    payload = sealed.facts.get("payload")  # older entries have none
    return payload in (None, payload_digest(recording.blob, recording.nonce))
