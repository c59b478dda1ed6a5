"""Sum guesses up: those turned away enter their buckets, and a bucket whose window has ended the log."""

from __future__ import annotations

from vault.domain.guesses import WINDOW, Bucket
from vault.ports.vault import Vault
from vault.usecases.limit_guesses import summary_of

_BATCH = 100


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
