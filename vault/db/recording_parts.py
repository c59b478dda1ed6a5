"""What lies beside recordings, read in runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Column, String, bindparam, select, union, union_all

from vault.db.recordings import RECORDINGS, as_recording
from vault.db.statements import AnyRow, Query, Statements
from vault.db.tables import call_details, number_index, recording_headers, recordings
from vault.domain.names import BlobKey, RecordingId
from vault.domain.recording import Recording
from vault.ports.recording_parts import Beside, FoundBy, Token
from vault.ports.repositories import SealedDetails

_PER_STEP = 500
_TOKENS_PER_STEP = 100

_KEYS: BindParameter[Any] = bindparam("keys", expanding=True)
_ROW, _PLACE = recordings.c, recordings.c.log_index
# By places next to each other: to ask for so many ids by name would cost as much as to read the rows.
_BESIDE_THEM: Query = (
    select(_ROW.id, _ROW.started_at, _ROW.same_as, _ROW.call)
    .add_columns(recording_headers.c.sealed, call_details.c.day, call_details.c.sealed)
    .outerjoin(recording_headers, recording_headers.c.recording == _ROW.id)
    .outerjoin(call_details, call_details.c.recording == _ROW.id)
    .where(bindparam("first") <= _PLACE, bindparam("last") >= _PLACE)
)
_BESIDE = (recording_headers, call_details, number_index)
_ORPHANS = union(
    *(
        select(each.c.recording)
        .outerjoin(recordings, recordings.c.id == each.c.recording)
        .where(recordings.c.id.is_(None))
        for each in _BESIDE
    )
)


class SqlRecordingParts:
    """`RecordingParts`."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def beside(self, first: int, last: int) -> Mapping[RecordingId, Beside]:
        """Return what lies beside the recordings that entries `first` to `last` (included) sealed."""
        rows = (await self._statements.read(_BESIDE_THEM, {"first": first, "last": last})).all()
        return {
            recording: Beside(
                FoundBy(*found_by), header, None if day is None else SealedDetails(day, details)
            )
            for recording, *found_by, header, day, details in rows
        }

    async def indexed(self, tokens: Collection[Token]) -> set[Token]:
        """Return those of the tokens that the search index has."""
        found: set[Token] = set()
        for some in _steps(tokens, _TOKENS_PER_STEP):
            asked: dict[str, str] = {}
            for each in range(_TOKENS_PER_STEP):
                asked[f"token{each}"], asked[f"recording{each}"] = some[min(each, len(some) - 1)]
            rows = (await self._statements.read(_tokens(), asked)).all()
            found |= {(token, recording) for token, recording in rows}
        return found

    async def in_slots(self, slots: Collection[int]) -> Sequence[Recording]:
        """Return the recordings whose rows name one of these slots."""
        return await self._recordings(recordings.c.slot, slots)

    async def in_blobs(self, blobs: Collection[BlobKey]) -> Sequence[Recording]:
        """Return the recordings whose rows name one of these blobs."""
        return await self._recordings(recordings.c.blob, blobs)

    async def orphans(self, limit: int) -> Sequence[str]:
        """Return ids that headers, call details or the search index name, and no recording has."""
        rows = await self._statements.read(_ORPHANS.limit(limit))
        return rows.scalars().all()

    async def _recordings(self, by: Column[Any], wanted: Collection[object]) -> list[Recording]:
        query = RECORDINGS.where(by.in_(_KEYS))
        return [as_recording(row) async for row in self._rows(query, wanted)]

    async def _rows(self, query: Query, wanted: Collection[object]) -> AsyncIterator[AnyRow]:
        for some in _steps(wanted, _PER_STEP):
            for row in (await self._statements.read(query, {"keys": some})).all():
                yield row


@cache
def _tokens() -> Query:
    """Return the query for so many tokens: of a list of pairs SQLite would read the whole index."""
    pairs = (
        select(
            bindparam(f"token{each}", type_=String).label("token"),
            bindparam(f"recording{each}", type_=String).label("recording"),
        )
        for each in range(_TOKENS_PER_STEP)
    )
    wanted = union_all(*pairs).subquery("wanted")
    there = number_index.c
    same = (there.token == wanted.c.token) & (there.recording == wanted.c.recording)
    return select(there.token, there.recording).select_from(wanted.join(number_index, same))


def _steps(wanted: Collection[Any], most: int) -> Iterator[list[Any]]:
    listed = list(wanted)
    for start in range(0, len(listed), most):
        yield listed[start : start + most]
