"""Limit guesses: a try is counted in its bucket before it is checked, and given back once it was right."""

from __future__ import annotations

from datetime import datetime

from vault.domain.event import SERVICE, Action, AuditEvent, Outcome
from vault.domain.guesses import Bucket
from vault.errors import TooManyGuesses
from vault.ports.database import UnitOfWork
from vault.ports.vault import Vault


def turn_away(vault: Vault, presented: str) -> None:
    """Raise `TooManyGuesses` for a try presented like one of a moment ago that fell into a full bucket.

    A flood of guesses costs no look at the database then. `presented` is blinded: who, and from where.
    """
    now = vault.clock.now()
    full = vault.stopped_guesses.remembered(presented, now)
    if full is not None and full.full(now):
        vault.stopped_guesses.count(full.key)
        full.must_admit(now)


async def admit_guess(vault: Vault, bucket: str, presented: str | None = None) -> None:
    """Count the try before it is checked, durably: a crash or a second door forgets nothing.

    Raise `TooManyGuesses` when the bucket is full, and have `turn_away` know it for a moment.
    """
    now = vault.clock.now()
    try:
        seen = await vault.read(lambda rows: rows.guesses.bucket(bucket))  # a full one costs no write
        if seen is not None and seen.full(now) and presented is not None:
            vault.stopped_guesses.remember(presented, seen, now)
        if seen is not None:
            seen.must_admit(now)
        await vault.change(lambda work: _admit(work, bucket, now))
    except TooManyGuesses:
        vault.stopped_guesses.count(bucket)
        raise


async def forgive_guess(vault: Vault, bucket: str) -> None:
    """Give back a try that was never checked."""
    now = vault.clock.now()
    await vault.change(lambda work: forgive_within(work, bucket, now))


async def _admit(work: UnitOfWork, bucket: str, now: datetime) -> None:
    await work.guesses.save((await current_bucket(work, bucket, now)).admit(now))


async def forgive_within(work: UnitOfWork, bucket: str, now: datetime) -> None:
    """Give back a try that turned out right, within the unit of work that it leads to."""
    await work.guesses.save((await current_bucket(work, bucket, now)).forgive())


async def current_bucket(work: UnitOfWork, key: str, now: datetime) -> Bucket:
    """Return the bucket of this window; one whose window has ended is summed up on the log."""
    bucket = await work.guesses.bucket(key)
    if bucket is not None and not bucket.over(now):
        return bucket
    if bucket is not None and bucket.refused:
        await work.log.append(summary_of(bucket))
    return Bucket(key, now)


def summary_of(bucket: Bucket) -> AuditEvent:
    """Return the one entry that says what became of a bucket's window."""
    return AuditEvent(
        Action.PASSWORD_REFUSED,
        SERVICE,
        outcome=Outcome.REFUSED,
        facts={
            "bucket": bucket.key,
            "since": bucket.since.isoformat(timespec="seconds"),
            "wrong": bucket.tries,
            "stopped": bucket.stopped,
        },
    )
