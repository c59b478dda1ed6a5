"""Recordings and slot numbers in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from tests.fakes.repositories import Memory, the_only
from vault.domain.names import BlobKey, CustomerId, RecordingId
from vault.domain.recording import LIVING, Recording, RecordingState
from vault.errors import Conflict, NotFound
from vault.ports.repositories import NewRecording, Period, PeriodSlot, RecordingFilter, SealedDetails


class MemoryRecordings(Memory):
    """`Recordings`."""

    async def add(self, new: NewRecording) -> None:
        """Add a recording; its id, blob and idempotency key are new."""
        for known in self._state.uploads.values():
            same = known.same_as is not None and known.same_as == new.same_as
            if same or known.recording.blob == new.recording.blob:
                raise Conflict("it is there already")
        self._state.recordings[new.recording.id] = new.recording
        self._state.headers[new.recording.id] = new.header
        self._state.uploads[new.recording.id] = replace(new, header=b"")

    async def get(self, recording: RecordingId) -> Recording | None:
        """Return it with its holds counted."""
        found = self._state.recordings.get(recording)
        return found and self._counted(found)

    async def find(self, prefix: str) -> RecordingId:
        """Return the id that begins so."""
        return the_only(list(self._state.recordings), prefix)

    async def same_as(self, key: str) -> Recording | None:
        """Return what was uploaded under that idempotency key."""
        for recording, upload in self._state.uploads.items():
            if upload.same_as == key:
                return await self.get(recording)
        return None

    async def forget_same_as(self, recording: RecordingId) -> None:
        """Let its key go."""
        self._state.uploads[recording] = replace(self._state.uploads[recording], same_as=None)

    async def save(self, recording: Recording) -> None:
        """Keep it changed."""
        if recording.id not in self._state.recordings:
            raise NotFound("no such recording")
        self._state.recordings[recording.id] = replace(recording, holds=0)

    async def header(self, recording: RecordingId) -> bytes | None:
        """Return the header as it lies."""
        return self._state.headers.get(recording)

    async def put_header(self, recording: RecordingId, sealed: bytes) -> None:
        """Replace it."""
        if recording not in self._state.headers:
            raise NotFound("the recording has no header any more")
        self._state.headers[recording] = sealed

    async def drop_header(self, recording: RecordingId) -> None:
        """Remove it."""
        self._state.headers.pop(recording, None)

    async def details(self, recordings: Iterable[RecordingId]) -> Mapping[RecordingId, SealedDetails]:
        """Return the sealed details of those that have some."""
        known = self._state.uploads.keys() - self._state.details_dropped
        found = {each: self._state.uploads[each] for each in recordings if each in known}
        return {each: SealedDetails(upload.day, upload.details) for each, upload in found.items()}

    async def drop_details(self, day: date) -> None:
        """Forget the details of that day."""
        self._state.details_dropped |= {
            recording for recording, upload in self._state.uploads.items() if upload.day == day
        }

    async def list(
        self, which: RecordingFilter, *, before: int | None = None, limit: int = 100
    ) -> Sequence[Recording]:
        """Return the newest first."""
        newest = sorted(self._state.recordings.values(), key=lambda each: each.log_index, reverse=True)
        below = [each for each in newest if before is None or each.log_index < before]
        fitting = [each for each in below if _fits(each, self._state.uploads[each.id], which)]
        return [self._counted(each) for each in fitting[:limit]]

    async def scan(self) -> AsyncIterator[Recording]:
        """Yield all in the log's order."""
        for each in sorted(self._state.recordings.values(), key=lambda each: each.log_index):
            yield self._counted(each)

    async def unfinished(self, limit: int, *, after: int = -1) -> Sequence[Recording]:
        """Return those collected and not shredded."""
        found = [each async for each in self.scan() if each.state is RecordingState.COLLECTED]
        return [each for each in found if each.log_index > after][:limit]

    async def counts(self) -> Mapping[RecordingState, tuple[int, int]]:
        """Count them and their bytes."""
        number: Counter[RecordingState] = Counter()
        size: Counter[RecordingState] = Counter()
        for each in self._state.recordings.values():
            number[each.state] += 1
            size[each.state] += each.bytes
        return {state: (number[state], size[state]) for state in number}

    async def living(self, customer: CustomerId | None = None) -> int:
        """Count those that open."""
        found = [each for each in self._state.recordings.values() if each.state in LIVING]
        return sum(customer in (None, each.customer) for each in found)

    async def knows_blob(self, key: BlobKey) -> bool:
        """Say whether a recording that is not shredded lies there."""
        found = self._state.recordings.values()
        return any(each.blob == key and each.state is not RecordingState.SHREDDED for each in found)

    def _counted(self, recording: Recording) -> Recording:
        holds = self._state.holds.values()
        in_force = sum(each.recording == recording.id and each.released_at is None for each in holds)
        return replace(recording, holds=in_force)


class MemorySlotClaims(Memory):
    """`SlotClaims`."""

    async def claim(self, purpose: str, now: datetime) -> int:
        """Return the next number that no row refers to."""
        number = max(self._state.next_slot, self._last_in_use() + 1)
        self._state.slots_claimed[number] = (purpose, now)
        self._state.next_slot = number + 1
        return number

    async def mark_destroyed(self, numbers: Iterable[int], now: datetime) -> None:
        """Note them; the first time counts."""
        for number in numbers:
            self._state.slots_destroyed.setdefault(number, now)

    async def period(self, period: Period, day: date) -> int | None:
        """Return the slot of that day or month."""
        return self._state.periods.get((period, _first_day(period, day)))

    async def add_period(self, period: Period, day: date, number: int) -> None:
        """Give the day or month its slot, once."""
        if await self.period(period, day) is not None:
            raise Conflict("that period has its slot")
        self._state.periods[period, _first_day(period, day)] = number

    async def renew_period(self, period: Period, day: date, number: int) -> None:
        """Give the day or month another slot."""
        self._state.periods[period, _first_day(period, day)] = number

    async def periods(self) -> Sequence[PeriodSlot]:
        """Return the slot of every period."""
        claimed = self._state.slots_claimed
        return [
            PeriodSlot(period, day, number, claimed[number][1])
            for (period, day), number in sorted(self._state.periods.items())
            if number in claimed
        ]

    async def destroyed(self) -> AsyncIterator[Sequence[int]]:
        """Yield what is known as destroyed."""
        if self._state.slots_destroyed:
            yield sorted(self._state.slots_destroyed)

    async def in_use(self, numbers: Iterable[int]) -> Sequence[int]:
        """Return those under which something lives."""
        state = self._state
        living = {each.slot for each in state.recordings.values() if each.state in LIVING}
        living |= {each.slot for each in state.identities.values() if each.slot is not None}
        living |= {each.slot for each in state.grants.values() if each.ended_at is None}
        living |= set(state.periods.values())
        return sorted(living.intersection(numbers))

    def _last_in_use(self) -> int:
        state = self._state
        tables = (state.recordings, state.identities, state.sessions, state.staff_sessions, state.grants)
        used = [each.slot for table in tables for each in table.values() if each.slot is not None]
        return max([*used, *state.slots_claimed, *state.periods.values()], default=-1)


def _first_day(period: Period, day: date) -> date:
    return day.replace(day=1) if period is Period.MONTH_INDEX else day


def _fits(recording: Recording, upload: NewRecording, which: RecordingFilter) -> bool:
    conditions = [
        which.customer in (None, recording.customer),
        not which.own or recording.customer is None,
        not which.customers_only or recording.customer is not None,
        which.source in (None, recording.source),
        not which.states or recording.state in which.states,
        which.since is None or upload.started_at >= which.since,
        which.until is None or upload.started_at < which.until,
        not which.numbers or bool(set(which.numbers) & set(upload.numbers)),
        which.call in (None, upload.call),
        not which.ids or recording.id in which.ids,
    ]
    return all(conditions)
