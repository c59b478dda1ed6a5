"""Call details and the search index held against recordings: the service opens the details to see.

They lie under the slot of their day, bound to their recording. What lists and finds a recording must be what
they say. Of a day or month whose slot is destroyed nothing can be said, nor of what was sealed before the
slot that it has now.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Self

import msgspec

from keys.errors import SlotMismatch
from keys.secret import Secret
from keys.slots.sealing import open_under
from vault.domain.call import CallDetails
from vault.domain.names import RecordingId, SourceId
from vault.domain.phone import search_term
from vault.domain.recording import Recording
from vault.ports.database import Repositories
from vault.ports.recording_parts import Beside, FoundBy, Token
from vault.ports.repositories import Period, PeriodSlot, SealedDetails
from vault.ports.vault import Vault
from vault.sealing.details import number_token, same_upload
from vault.sealing.own_slots import living_slots

_term = lru_cache(maxsize=65_536)(search_term)  # the same numbers come again and again


@dataclass(frozen=True, slots=True)
class _PeriodKey:
    """A period's slot, None once it is destroyed."""

    period: PeriodSlot
    slot: Secret | None

    def covers(self, recording: Recording) -> bool:
        """Say whether what was sealed for that recording must open under it."""
        return self.slot is not None and self.period.since <= recording.sealed_at


@dataclass(frozen=True, slots=True)
class _Read:
    """What was found out of one batch: disagreements, and what the index must have."""

    wrong: Mapping[RecordingId, str]
    tokens: Sequence[Token]


class CallComparison:
    """Compares recordings batch by batch."""

    def __init__(
        self,
        vault: Vault,
        periods: Mapping[tuple[Period, date], _PeriodKey],
        regions: Mapping[SourceId, str],
    ) -> None:
        self._vault = vault
        self._periods = periods
        self._regions = regions
        self._slotless: set[date] = set()

    @classmethod
    async def of(cls, vault: Vault, rows: Repositories) -> Self:
        """Read the slots of days and months, of which there are some hundreds a year."""
        periods = await rows.slots.periods()
        living = await living_slots(vault, [period.number for period in periods])
        keys = {(each.period, each.day): _PeriodKey(each, living.get(each.number)) for each in periods}
        return cls(vault, keys, {source.id: source.region for source in await rows.sources.all()})

    async def compare(
        self, rows: Repositories, batch: Sequence[Recording], beside: Mapping[RecordingId, Beside]
    ) -> Mapping[RecordingId, str]:
        """Return what is wrong with which recording."""
        read = await asyncio.to_thread(self._read, batch, beside)
        there = await rows.recording_parts.indexed(read.tokens)
        lacking = {recording for token, recording in read.tokens if (token, recording) not in there}
        return {**dict.fromkeys(lacking, "a number of its call is not in the search index"), **read.wrong}

    def finish(self) -> list[str]:
        """Return the days that calls lie under, and that have no slot."""
        return [f"day {day}: the slot of its call details is gone" for day in sorted(self._slotless)]

    def _read(self, batch: Sequence[Recording], beside: Mapping[RecordingId, Beside]) -> _Read:
        wrong: dict[RecordingId, str] = {}
        tokens: list[Token] = []
        for each in batch:
            by, row = beside[each.id].found_by, beside[each.id].details
            if row is None:
                if self._must_have_details(each, by):
                    wrong[each.id] = "its call details are gone"
                continue
            call = self._opened(each, row)
            if isinstance(call, str):
                wrong[each.id] = call
            elif call is not None:
                if not self._is_found_by(each, row, call, by):
                    wrong[each.id] = "it is listed or found by something else than its call details say"
                tokens += self._tokens(each, row.day, call)
        return _Read(wrong, tokens)

    def _must_have_details(self, recording: Recording, by: FoundBy) -> bool:
        """Say whether the details of that day are there still: a day without a slot never had any."""
        key = self._periods.get((Period.DAY_DETAILS, by.started_at.date()))
        return key is None or key.covers(recording)

    def _opened(self, recording: Recording, row: SealedDetails) -> CallDetails | str | None:
        """Return the details; what is wrong with them; or None where nothing can be said."""
        key = self._periods.get((Period.DAY_DETAILS, row.day))
        if key is None:
            self._slotless.add(row.day)
        if key is None or key.slot is None:
            return None
        try:
            plain = open_under(key.slot, row.sealed, bound_to=recording.details_binding)
            return msgspec.json.decode(plain, type=CallDetails)
        except (SlotMismatch, msgspec.DecodeError):
            return "its call details are not those that were sealed with it"

    def _is_found_by(self, recording: Recording, row: SealedDetails, call: CallDetails, by: FoundBy) -> bool:
        keys = self._vault.keys
        began = call.started_at or recording.sealed_at
        called = keys.blind("call id", call.call_id) if call.call_id else None
        # None was taken off on purpose, when a payload was lost: the same upload is taken once more then.
        same = by.same_as in (None, same_upload(keys, recording.source, call, recording.sha256))
        return (began, began.date(), called) == (by.started_at, row.day, by.call) and same

    def _tokens(self, recording: Recording, day: date, call: CallDetails) -> Iterator[Token]:
        key = self._periods.get((Period.MONTH_INDEX, day.replace(day=1)))
        region = self._regions.get(recording.source)
        if key is None or key.slot is None or region is None or not key.covers(recording):
            return
        for term in {_term(number, region) for number in call.numbers()} - {None}:
            yield number_token(key.slot, str(term)), recording.id
