"""Sweep the store: old blobs that are nobody's, as an upload leaves them that a crash cut off."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from vault.domain.names import BlobKey
from vault.domain.recording import RecordingState
from vault.errors import LogCorrupt
from vault.ports.vault import Vault
from vault.usecases.delete_blobs import delete_blob
from vault.usecases.free_blobs import free_blobs, ownerless_blobs

_KEYS_AT_ONCE = 500  # a sweep looks up every blob there is, each hour
_MOST_DOUBTFUL = 100_000


class BlobSweep:
    """Deletes blobs older than a day in which no recording lies, or a shredded one.

    Only what an earlier turn found so too: a clock that jumps ahead makes an upload that is being committed
    look old, but not for a whole turn. And what never had a recording only while the database agrees with the
    log: a recording whose row was changed by hand keeps its blob.
    """

    def __init__(self) -> None:
        self._doubtful: set[BlobKey] = set()

    async def __call__(self, vault: Vault) -> int:
        """Take a turn; return how many are gone. Raise `StoreUnavailable`, or `LogCorrupt` with none gone."""
        before, self._doubtful = self._doubtful, set()
        ownerless: list[BlobKey] = []
        old = vault.blobs.keys(older_than=vault.clock.now() - vault.policy.blob_sweep_age)
        async for keys in _batches(old):
            unknown = await _unknown(vault, keys)
            doubtful = unknown[: _MOST_DOUBTFUL - len(self._doubtful)]
            self._doubtful.update(doubtful)
            ownerless += [key for key in doubtful if key in before]
        free = await free_blobs(vault, ownerless)
        unproven = [key for key in ownerless if key not in free]
        try:
            free |= await ownerless_blobs(vault, unproven)
        except LogCorrupt as error:
            raise LogCorrupt(
                f"{len(unproven)} blobs have no recording, in a database that contradicts its log: they were "
                "not swept"
            ) from error
        return sum([await delete_blob(vault, key) for key in sorted(free)])


async def _batches(keys: AsyncIterator[BlobKey]) -> AsyncIterator[Sequence[BlobKey]]:
    batch: list[BlobKey] = []
    async for key in keys:
        batch.append(key)
        if len(batch) == _KEYS_AT_ONCE:
            yield batch
            batch = []
    yield batch


async def _unknown(vault: Vault, keys: Sequence[BlobKey]) -> Sequence[BlobKey]:
    """Return those in which no recording lies that is not shredded."""
    async with vault.reading() as rows:
        found = await rows.recording_parts.in_blobs(keys)
    known = {each.blob for each in found if each.state is not RecordingState.SHREDDED}
    return [key for key in keys if key not in known]
