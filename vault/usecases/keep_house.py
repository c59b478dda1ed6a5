"""Keep house: blobs that must go, blobs nobody owns, sessions that are over, guesses to be summed up."""

from __future__ import annotations

from collections.abc import Container, Sequence
from datetime import datetime, timedelta

from vault.domain.guesses import WINDOW, Bucket
from vault.domain.names import BlobKey
from vault.errors import LogCorrupt, StoreUnavailable
from vault.ports.vault import Vault
from vault.usecases.limit_guesses import summary_of

_BATCH = 100
_RETRY = timedelta(minutes=1)
_MOST_DOUBTFUL = 100_000


async def delete_queued_blobs(vault: Vault) -> int:
    """Delete the blobs of shredded recordings, each until proven absent; return how many are gone.

    Raise `LogCorrupt`, the others being done, for one that a recording still needs: somebody else queued it.
    It leaves the queue, and stays.
    """
    now = vault.clock.now()
    async with vault.reading() as rows:
        due = await rows.blob_deletions.due(now, _BATCH)
        needed = [key for key in due if await rows.recordings.knows_blob(key)]
    if not due:
        return 0
    gone = [key for key in due if key not in needed and await _delete(vault, key)]
    await _note(vault, due, {*gone, *needed}, now + _RETRY)
    if needed:
        raise LogCorrupt(
            f"{len(needed)} blobs that recordings lie in, {needed[0]} among them, were queued to be deleted: "
            "the database was changed by hand. They were not deleted"
        )
    return len(gone)


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
    being committed look old, but not for a whole turn.
    """

    def __init__(self) -> None:
        self._doubtful: set[BlobKey] = set()

    async def __call__(self, vault: Vault) -> int:
        """Take a turn; return how many are gone. Raise `StoreUnavailable`."""
        before, self._doubtful = self._doubtful, set()
        swept = 0
        async for key in vault.blobs.keys(older_than=vault.clock.now() - vault.policy.blob_sweep_age):
            async with vault.reading() as rows:
                known = await rows.recordings.knows_blob(key)
            if key in before and not known:
                swept += await _delete(vault, key)
            elif not known and len(self._doubtful) < _MOST_DOUBTFUL:
                self._doubtful.add(key)
        return swept


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
