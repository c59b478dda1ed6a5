"""Recordings with their headers and call details."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update

from vault.db.prefixes import the_only_id
from vault.db.recording_list import matching
from vault.db.rows import row_of, save_row
from vault.db.statements import AnyRow, Query, Statements
from vault.db.tables import call_details, holds, number_index, recording_headers, recordings
from vault.domain.names import BlobKey, CustomerId, RecordingId
from vault.domain.recording import LIVING, Recording, RecordingState
from vault.errors import NotFound
from vault.ports.repositories import NewRecording, RecordingFilter, SealedDetails

IDS_PER_STEP = 500
RECORDINGS_PER_STEP = 500

_NOT_FIELDS = {"started_at", "same_as", "call"}  # what only finds a recording
_HOLDS = (
    select(func.count())
    .where(holds.c.recording == recordings.c.id, holds.c.released_at.is_(None))
    .scalar_subquery()
    .label("holds")
)
_FIELDS = [*[column for column in recordings.c if column.name not in _NOT_FIELDS], _HOLDS]
_FIELD_NAMES = [field.name for field in _FIELDS]
RECORDINGS = select(*_FIELDS)
_BY_ID = RECORDINGS.where(recordings.c.id == bindparam("key"))
_SAME_AS = RECORDINGS.where(recordings.c.same_as == bindparam("key"))
_HEADER = select(recording_headers.c.sealed).where(recording_headers.c.recording == bindparam("key"))
_DETAILS = select(call_details).where(call_details.c.recording.in_(bindparam("keys", expanding=True)))
_ADD, _ADD_HEADER, _ADD_DETAILS = insert(recordings), insert(recording_headers), insert(call_details)


class SqlRecordings:
    """`Recordings`."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def add(self, new: NewRecording) -> None:
        """Add a recording; raise `Conflict` for an id, blob or idempotency key that is there already."""
        found_by = {"started_at": new.started_at, "same_as": new.same_as, "call": new.call}
        row = {**row_of(recordings, new.recording), **found_by}
        await self._statements.write(_ADD, row)
        recording = new.recording.id
        header = {"recording": recording, "sealed": new.header}
        await self._statements.write(_ADD_HEADER, header)
        details = {"recording": recording, "day": new.day, "sealed": new.details}
        await self._statements.write(_ADD_DETAILS, details)
        if new.numbers:
            tokens = [{"token": token, "recording": recording} for token in dict.fromkeys(new.numbers)]
            await self._statements.write(insert(number_index), tokens)

    async def get(self, recording: RecordingId) -> Recording | None:
        """Return the recording of that id, its holds counted."""
        return await self._one(_BY_ID, recording)

    async def find(self, prefix: str) -> RecordingId:
        """Return the id that begins so; raise `NotFound` or `Ambiguous`."""
        return RecordingId(await the_only_id(self._statements, recordings.c.id, prefix, "recording"))

    async def same_as(self, key: str) -> Recording | None:
        """Return the recording that was uploaded under that idempotency key."""
        return await self._one(_SAME_AS, key)

    async def forget_same_as(self, recording: RecordingId) -> None:
        """Let its idempotency key go."""
        forget = update(recordings).where(recordings.c.id == recording).values(same_as=None)
        await self._statements.write(forget)

    async def save(self, recording: Recording) -> None:
        """Keep a changed recording; its holds are not its own to change. Raise `NotFound`."""
        await save_row(self._statements, recordings, recording, recordings.c.id == recording.id)

    async def header(self, recording: RecordingId) -> bytes | None:
        """Return the header as it lies, or None once it was dropped."""
        sealed: bytes | None = (await self._statements.read(_HEADER, {"key": recording})).scalar()
        return sealed

    async def put_header(self, recording: RecordingId, sealed: bytes) -> None:
        """Replace the header; raise `NotFound` where it was dropped."""
        where = recording_headers.c.recording == recording
        done = await self._statements.write(update(recording_headers).where(where).values(sealed=sealed))
        if done.rowcount != 1:
            raise NotFound("the recording has no header any more")

    async def drop_header(self, recording: RecordingId) -> None:
        """Remove the header; its pages are overwritten."""
        await self._statements.write(
            delete(recording_headers).where(recording_headers.c.recording == recording)
        )

    async def details(self, recordings: Iterable[RecordingId]) -> Mapping[RecordingId, SealedDetails]:
        """Return the sealed call details of those that have some."""
        wanted = list(recordings)
        found: dict[RecordingId, SealedDetails] = {}
        for start in range(0, len(wanted), IDS_PER_STEP):
            some = wanted[start : start + IDS_PER_STEP]
            for row in await self._statements.read(_DETAILS, {"keys": some}):
                found[row.recording] = SealedDetails(row.day, row.sealed)
        return found

    async def drop_details(self, day: date) -> None:
        """Remove the details of that day."""
        await self._statements.write(delete(call_details).where(call_details.c.day == day))

    async def list(
        self, which: RecordingFilter, *, before: int | None = None, limit: int = 100
    ) -> Sequence[Recording]:
        """Return the newest first by `log_index`, those below `before`, `limit` at most."""
        query = RECORDINGS.where(recordings.c.log_index.in_(matching(which, before, limit)))
        query = query.order_by(recordings.c.log_index.desc()).limit(limit)
        return [as_recording(row) for row in (await self._statements.read(query)).all()]

    async def scan(self) -> AsyncIterator[Recording]:
        """Yield every recording, ascending by `log_index`."""
        # From below zero on, where no entry is: what somebody put there must not be passed over.
        query = RECORDINGS.order_by(recordings.c.log_index).limit(RECORDINGS_PER_STEP)
        rows = (await self._statements.read(query)).all()
        while rows:
            for row in rows:
                yield as_recording(row)
            above = query.where(recordings.c.log_index > rows[-1].log_index)
            rows = (await self._statements.read(above)).all()

    async def unfinished(self, limit: int, *, after: int = -1) -> Sequence[Recording]:
        """Return those collected but not shredded yet, the oldest first, those above `after`."""
        collected = recordings.c.state == RecordingState.COLLECTED.value
        query = RECORDINGS.where(collected, recordings.c.log_index > after)
        query = query.order_by(recordings.c.log_index).limit(limit)
        return [as_recording(row) for row in await self._statements.read(query)]

    async def counts(self) -> Mapping[RecordingState, tuple[int, int]]:
        """Return how many and how many plaintext bytes, by state; a state without any is left out."""
        state = recordings.c.state
        query = select(state, func.count(), func.sum(recordings.c.bytes)).group_by(state)
        rows = await self._statements.read(query)
        return {RecordingState(row[0]): (row[1], int(row[2])) for row in rows}  # a Decimal in PostgreSQL

    async def living(self, customer: CustomerId | None = None) -> int:
        """Return how many wait or are retained: all, or a customer's."""
        query = select(func.count()).where(recordings.c.state.in_([state.value for state in LIVING]))
        if customer is not None:
            query = query.where(recordings.c.customer == customer)
        count: int = (await self._statements.read(query)).scalar_one()
        return count

    async def knows_blob(self, key: BlobKey) -> bool:
        """Say whether a recording that is not shredded lies in that blob."""
        alive = recordings.c.state != RecordingState.SHREDDED.value
        query = select(recordings.c.id).where(recordings.c.blob == key, alive)
        return (await self._statements.read(query)).first() is not None

    async def _one(self, query: Query, key: str) -> Recording | None:
        row = (await self._statements.read(query, {"key": key})).one_or_none()
        return None if row is None else as_recording(row)


def as_recording(row: AnyRow) -> Recording:
    """Return a row of `RECORDINGS` as a recording."""
    values: dict[str, Any] = dict(zip(_FIELD_NAMES, row, strict=True))
    return Recording(**{**values, "state": RecordingState(values["state"])})
