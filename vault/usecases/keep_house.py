"""Keep house: blobs that must go, blobs nobody owns, sessions that are over, guesses to be summed up."""

from __future__ import annotations

from datetime import timedelta

from vault.domain.guesses import WINDOW, Bucket
from vault.domain.names import BlobKey
from vault.errors import StoreUnavailable
from vault.ports.vault import Vault
from vault.usecases.limit_guesses import summary_of

_BATCH = 100
_RETRY = timedelta(minutes=1)
_MOST_DOUBTFUL = 100_000


async def delete_queued_blobs(vault: Vault) -> int:
    """Delete the blobs of shredded recordings, each until proven absent; return how many are gone."""
    now = vault.clock.now()
    async with vault.reading() as rows:
        due = await rows.blob_deletions.due(now, _BATCH)
    if not due:
        return 0
    gone = [key for key in due if await _delete(vault, key)]
    async with vault.unit_of_work() as work:
        for key in due:
            if key in gone:
                await work.blob_deletions.done(key)
            else:
                await work.blob_deletions.failed(key, now + _RETRY)
        await work.commit()
    return len(gone)


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
