"""An entry: what the log says about one thing that happened.

Names, reasons and addresses aren't here: they lie in a detail row beside the log, which can be erased, and of
which the entry holds a salted digest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from vault.audit.canonical import CanonicalEntry, Fact, read_canonical, write_canonical


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened, at its place in the log.

    index      its position, from 0, without gaps
    time       aware, UTC, microseconds; never before that of the entry before it
    actor      opaque id of whoever acted
    action     for example `recording.opened`
    outcome    for example `done`
    channel    the door it came through
    recording  id, if it was about one
    facts      flat and small, and about nobody: strings, whole numbers up to 2^53-1, true, false, null
    detail     hex SHA-256 of salt and detail row (`detail_digest`), if there is one
    """

    index: int
    time: datetime
    actor: str
    action: str
    outcome: str
    channel: str
    recording: str | None = None
    facts: Mapping[str, Fact] = field(default_factory=dict)
    detail: str | None = None

    def encode(self) -> bytes:
        """Return the canonical bytes that the log hashes; raise `LogCorrupt` for an entry it can't hold."""
        return write_canonical(
            CanonicalEntry(
                action=self.action,
                actor=self.actor,
                channel=self.channel,
                detail=self.detail,
                facts=dict(self.facts),
                index=self.index,
                outcome=self.outcome,
                recording=self.recording,
                time=_in_utc(self.time),
            )
        )

    @classmethod
    def decode(cls, data: bytes) -> Entry:
        """Read canonical bytes; raise `LogCorrupt` when they are anything else."""
        return cls.of(read_canonical(data))

    @classmethod
    def of(cls, read: CanonicalEntry) -> Entry:
        """Return the entry whose canonical bytes were read already."""
        return cls(
            index=read.index,
            time=read.time,
            actor=read.actor,
            action=read.action,
            outcome=read.outcome,
            channel=read.channel,
            recording=read.recording,
            facts=read.facts,
            detail=read.detail,
        )


def time_text(moment: datetime) -> str:
    """Write an aware time as `2026-11-22T00:49:52.123456Z`; raise `ValueError` for a naive one."""
    local = _in_utc(moment).replace(tzinfo=None)
    return f"{local.isoformat(timespec='microseconds')}Z"


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("the log's time needs a time zone")
    return moment.astimezone(UTC)


def next_time(now: datetime, last: datetime | None) -> datetime:
    """Return the time of the next entry: `now`, or that of the last one should the clock have gone back."""
    return now if last is None else max(now, last)
