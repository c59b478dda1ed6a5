"""Entries by the million: copies of one that the vault's own code made, but for index, time and recording.

To make an entry's canonical record and to check it costs more than to write it. Here the record is pasted
together; all else (leaf hashes, rows, tiles, head, group commit) is the vault's own, and `verify_log` must
find nothing wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from tests.bench.progress import Progress
from vault.audit.entry import time_text
from vault.audit.tree import leaf_hash
from vault.db.log_tail import LogTail, Pending
from vault.domain.event import AuditEvent
from vault.domain.names import RecordingId
from vault.ports.database import UnitOfWork
from vault.ports.log import Appended
from vault.ports.vault import Vault

PER_COMMIT = 10_000
_STEP = timedelta(microseconds=1)


def append_copies(
    work: UnitOfWork, event: AuditEvent, count: int, recordings: Sequence[RecordingId] = ()
) -> list[Appended]:
    """Append so many entries of the event, each of the next of `recordings` if the event is of one."""
    tail: LogTail = work.log._turn.group.tail  # type: ignore[attr-defined]  # reaches past the port, for speed
    first = tail.append(event, work.log._clock.now())  # type: ignore[attr-defined]  # as above
    like = tail._pending.pop()
    made = [_copy(like, first, offset, recordings) for offset in range(count)]
    tail._pending += [pending for pending, _ in made]
    tail.last_time = made[-1][1].time
    return [appended for _, appended in made]


async def fill_log(vault: Vault, size: int, event: AuditEvent) -> None:
    """Append until the log has that many entries, and say how far it is."""
    async with vault.reading() as rows:
        left = size - await rows.events.size()
    progress = Progress("log entries", left)
    while left > 0:
        count = min(PER_COMMIT, left)
        async with vault.unit_of_work() as work:
            append_copies(work, event, count)
            await work.commit()
        progress.add(count)
        left -= count


def _copy(
    like: Pending, first: Appended, offset: int, recordings: Sequence[RecordingId]
) -> tuple[Pending, Appended]:
    index, time = first.index + offset, first.time + offset * _STEP
    changed = {"index": index, "time": time}
    record = _moved(first, index, time)
    if recordings:
        changed["recording"] = recordings[offset]
        record = record.replace(like.entry["recording"].encode(), recordings[offset].encode(), 1)
    pending = Pending(
        entry={**like.entry, **changed, "record": record},
        detail={**like.detail, "index": index},
        leaf=leaf_hash(record),
    )
    return pending, Appended(index, time, record)


def _moved(first: Appended, index: int, time: datetime) -> bytes:
    """Return the record of `first` with another index and time."""
    record = first.record.replace(b'"index":%d,' % first.index, b'"index":%d,' % index, 1)
    return record.replace(time_text(first.time).encode(), time_text(time).encode(), 1)
