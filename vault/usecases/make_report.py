"""Make the report of a month: what the log says, whether it holds, and what waits; itself an entry."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from vault.audit.checkpoint import Checkpoint, open_checkpoint
from vault.audit.entry import Entry
from vault.domain.event import Action, Actor, AuditEvent
from vault.domain.month import Month
from vault.domain.names import RecordingId
from vault.domain.recording import Recording, RecordingState
from vault.errors import Invalid
from vault.ports.database import Repositories
from vault.ports.log import EventFilter
from vault.ports.repositories import RecordingFilter
from vault.ports.vault import Vault
from vault.usecases.gather_month import CAUSES, MonthFigures, cause_of
from vault.usecases.prove_entry import sign_checkpoint
from vault.usecases.recorded_events import events_of
from vault.usecases.verify_log import Verification, verify_log

TOO_LONG = timedelta(days=14)
"""What waits longer for its customer is named."""
AGES = tuple(timedelta(days=days) for days in (1, 3, 7, 14, 30, 90))
"""The upper ends of the classes of age; the last class has none."""
_BATCH = 500
_MOST_EVENTS = 1000


@dataclass(slots=True)
class CustomerWaits:
    """What waits too long for one customer."""

    recordings: int
    oldest: datetime


@dataclass(slots=True)
class Pending:
    """What was still to be done when the report was made.

    `ages` counts recordings that wait for a customer, by class of age; `late` is by customer id.
    """

    ages: list[int]
    late: dict[str, CustomerWaits]
    shreds: int = 0
    blobs: int = 0
    holds: int = 0
    overdue_holds: int = 0


@dataclass(frozen=True, slots=True)
class MonthReport:
    """A month's report. `index` is its own entry, `note` a signed checkpoint that covers it.

    `names` are of staff and customers, by the ids under which the log knows them.
    """

    vault: str
    month: Month
    made_at: datetime
    made_by: str
    figures: MonthFigures
    pending: Pending
    names: Mapping[str, str]
    verification: Verification
    index: int
    checkpoint: Checkpoint
    note: str

    @property
    def complete(self) -> bool:
        """Whether the month was over when the report was made."""
        return self.made_at >= self.month.end


async def make_report(
    vault: Vault, month: Month, *, by: Actor, progress: Callable[[int, int], None] = lambda *_: None
) -> MonthReport:
    """Return the report, its own entry durable in the log before this returns.

    Raise `Invalid` for a month that has not begun, `LogCorrupt` for a log that was rewritten.
    """
    now = vault.clock.now()
    if now < month.begin:
        raise Invalid(f"{month} has not begun: months are reported in UTC")
    verification = await verify_log(vault, progress=progress)
    async with vault.reading() as rows:
        figures = await _figures(rows, month)
        pending = await _pending(rows, now)
        names = await _names(rows)
    facts: dict[str, str | int | bool] = {
        "month": str(month),
        "entries": figures.entries,
        "held": not verification.findings,
    }
    async with vault.unit_of_work() as work:
        appended = await work.log.append(AuditEvent(Action.REPORT_MADE, by, facts=facts))
        await work.commit()
    note = await sign_checkpoint(vault)
    return MonthReport(
        vault=vault.id,
        month=month,
        made_at=appended.time,
        made_by=by.name,
        figures=figures,
        pending=pending,
        names=names,
        verification=verification,
        index=appended.index,
        checkpoint=open_checkpoint(note, vault.keys.verifier),
        note=note.decode(),
    )


async def _figures(rows: Repositories, month: Month) -> MonthFigures:
    figures = MonthFigures(month)
    start, stop = await _place(rows, month.begin), await _place(rows, month.end)
    async for batch in _batches(rows, start, stop):
        for entry in batch:
            figures.take(entry)
        for recording in figures.unexplained(batch):
            figures.explain(recording, await _cause(rows, RecordingId(recording)))
        for entry in batch:
            if entry.action == Action.RECORDING_SHREDDED:
                figures.shredded(entry)
        for seconds in await _waits(rows, batch):
            figures.collected(seconds)
    return figures


async def _place(rows: Repositories, moment: datetime) -> int:
    """Return the index of the first entry at or after a moment: time never goes back.

    The entries themselves are asked, which were verified; the column beside them is only a way to find them.
    """
    low, high = 0, await rows.events.size()
    while low < high:
        middle = (low + high) // 2
        stored = await rows.events.entry(middle)
        if stored is None or Entry.decode(stored.record).time < moment:
            low = middle + 1
        else:
            high = middle
    return low


async def _batches(rows: Repositories, start: int, stop: int) -> AsyncIterator[list[Entry]]:
    batch: list[Entry] = []
    async for stored in rows.events.scan(start, stop):
        batch.append(Entry.decode(stored.record))
        if len(batch) == _BATCH:
            yield batch
            batch = []
    yield batch


async def _cause(rows: Repositories, recording: RecordingId) -> str:
    events = await events_of(rows, EventFilter(recording=recording), limit=_MOST_EVENTS)
    return next((cause for each in events if (cause := cause_of(each.entry))), CAUSES[-1])


async def _waits(rows: Repositories, batch: Sequence[Entry]) -> list[float]:
    """Return the seconds from upload to the first receipt, of those received in this batch."""
    received = {
        RecordingId(str(each.recording)): each.time
        for each in batch
        if each.action == Action.RECORDING_COLLECTED
    }
    if not received:
        return []
    found = await rows.recordings.list(RecordingFilter(ids=tuple(received)), limit=len(received))
    return [
        (received[each.id] - each.sealed_at).total_seconds()
        for each in found
        # Kept after an earlier receipt, it is received once more when it may go.
        if each.received_at is None or received[each.id] - each.received_at < timedelta(minutes=1)
    ]


async def _pending(rows: Repositories, now: datetime) -> Pending:
    pending = Pending([0] * (len(AGES) + 1), {})
    before: int | None = None
    which = RecordingFilter(states=(RecordingState.WAITING,))
    while page := await rows.recordings.list(which, before=before, limit=_BATCH):
        for recording in page:
            _count_waiting(pending, recording, now)
        before = page[-1].log_index
    counts = await rows.recordings.counts()
    pending.shreds = counts.get(RecordingState.COLLECTED, (0, 0))[0]
    pending.blobs = await rows.blob_deletions.waiting()
    holds = await rows.holds.all(in_force=True)
    pending.holds = len(holds)
    pending.overdue_holds = sum(hold.review_on is not None and hold.review_on < now.date() for hold in holds)
    return pending


def _count_waiting(pending: Pending, recording: Recording, now: datetime) -> None:
    """Count a recording that a customer could collect; the company's own wait for nobody."""
    if recording.customer is None:
        return
    age = now - recording.sealed_at
    pending.ages[sum(age >= end for end in AGES)] += 1
    if age < TOO_LONG:
        return
    late = pending.late.setdefault(recording.customer, CustomerWaits(0, recording.sealed_at))
    pending.late[recording.customer] = replace(
        late, recordings=late.recordings + 1, oldest=min(late.oldest, recording.sealed_at)
    )


async def _names(rows: Repositories) -> Mapping[str, str]:
    people = {f"staff:{each.id}": str(each.name) for each in await rows.staff.all()}
    return people | {each.id: str(each.name) for each in await rows.customers.all()}
