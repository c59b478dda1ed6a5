"""Keep house: blobs that must go, blobs nobody owns, sessions that are over, guesses to be summed up."""

from __future__ import annotations

from collections.abc import AsyncIterator, Container, Sequence
from datetime import datetime, timedelta

from vault.domain.guesses import WINDOW, Bucket
from vault.domain.names import BlobKey
from vault.domain.recording import RecordingState
from vault.errors import LogCorrupt, StoreUnavailable
from vault.ports.vault import Vault
from vault.sealing.payload import is_missing
from vault.usecases.free_blobs import free_blobs, ownerless_blobs
from vault.usecases.limit_guesses import summary_of

_BATCH = 100
_KEYS_AT_ONCE = 500  # a sweep looks up every blob there is, each hour
_RETRY = timedelta(minutes=1)
_MOST_DOUBTFUL = 100_000


async def delete_queued_blobs(vault: Vault) -> int:
    """Delete the blobs of shredded recordings, each until proven absent; return how many are gone.

    One that lies there without a shredded recording leaves the queue and is the sweep's, which asks the whole
    log first: an upload that failed while the store was away left it, or somebody else queued it. Raise
    `LogCorrupt` for such, the others being done.
    """
    now = vault.clock.now()
    async with vault.reading() as rows:
        due = await rows.blob_deletions.due(now, _BATCH)
    if not due:
        return 0
    free = await free_blobs(vault, due)
    gone = [key for key in due if key in free and await _delete(vault, key)]
    unproven = [key for key in due if key not in free]
    await _note(vault, due, {*gone, *unproven}, now + _RETRY)
    if lying := [key for key in unproven if await _lies(vault, key)]:
        raise LogCorrupt(
            f"{len(lying)} blobs, {lying[0]} among them, were queued to be deleted, in which no shredded "
            "recording lay. They were left to the sweep"
        )
    return len(gone)


async def _lies(vault: Vault, key: BlobKey) -> bool:
    """Say whether there is such a blob, as far as the store can tell."""
    try:
        return not await is_missing(vault.blobs, key)
    except StoreUnavailable:
        return True


async def _note(vault: Vault, due: Sequence[BlobKey], done: Container[BlobKey], retry_at: datetime) -> None:
    async with vault.unit_of_work() as work:
        for key in due:
            if key in done:
                await work.blob_deletions.done(key)
            else:
                await work.blob_deletions.failed(key, retry_at)
        await work.commit()


class BlobSweep:
    """Deletes blobs without a recording that are older than a day: uploads that a crash cut off.

    Only what an earlier turn found without a recording too: a clock that jumps ahead makes an upload that is
    being committed look old, but not for a whole turn. And only while the database agrees with the log: a
    recording whose row was changed by hand keeps its blob.
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
        return sum([await _delete(vault, key) for key in sorted(free)])


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


async def count_stopped_guesses(vault: Vault) -> None:
    """Add what was turned away before it cost anything to the buckets; what fails is counted again later."""
    stopped, now = vault.stopped_guesses.take(), vault.clock.now()
    if not stopped:
        return
    try:
        async with vault.unit_of_work() as work:
            for key, count in stopped.items():
                bucket = await work.guesses.bucket(key) or Bucket(key, now)
                await work.guesses.save(bucket.stop(count))
            await work.commit()
    except BaseException:
        for key, count in stopped.items():
            vault.stopped_guesses.count(key, count)
        raise


async def sum_up_guesses(vault: Vault) -> int:
    """Log one summary for every bucket whose window has ended and that saw a refusal; drop the bucket."""
    async with vault.unit_of_work() as work:
        ended = await work.guesses.begun_before(vault.clock.now() - WINDOW, _BATCH)
        for bucket in ended:
            await work.guesses.remove(bucket.key)
            if bucket.refused:
                await work.log.append(summary_of(bucket))
        if ended:
            await work.commit()
    return len(ended)


async def tidy_database(vault: Vault) -> None:
    """Let the headers of shredded recordings vanish from the database's files, not only from its tables."""
    await vault.database.tidy()


async def _delete(vault: Vault, key: BlobKey) -> bool:
    try:
        await vault.blobs.delete(key)
    except StoreUnavailable:
        return False
    return True
