"""Whatever is asked, an index answers: a million rows must not be read for one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from tests.contract.database.samples import ACME, DANA, PBX, recording
from tests.fakes.clock import NOON
from vault.audit.tree import Node
from vault.db.database import SqlDatabase
from vault.domain.event import Action, Outcome
from vault.domain.names import BlobKey, SessionId
from vault.domain.recording import RecordingState
from vault.domain.staff import Owner
from vault.errors import LogCorrupt, NotFound
from vault.ports.database import Repositories
from vault.ports.log import EventFilter
from vault.ports.repositories import RecordingFilter

WAITING, ENDED = RecordingState.WAITING, RecordingState.SHREDDED
Statement = tuple[str, Any]


async def plan(database: SqlDatabase, ask: Callable[[Repositories], Awaitable[object]]) -> list[str]:
    """Return how SQLite goes about every statement that this question needs."""
    asked: list[Statement] = []

    @event.listens_for(database._readers.sync_engine, "before_cursor_execute")
    def _note(_connection: Any, _cursor: Any, sql: str, values: Any, *_rest: Any) -> None:  # noqa: ANN401 - SQLAlchemy's signature
        if sql.startswith("SELECT"):
            asked.append((sql, values))

    async with database.reading() as rows:
        await ask(rows)
    event.remove(database._readers.sync_engine, "before_cursor_execute", _note)
    steps = []
    async with database._readers.connect() as connection:
        for sql, values in asked:
            explained = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)
            steps += [row.detail for row in explained]
    assert steps
    return steps


LISTS = {
    "everything": (RecordingFilter(), "state_log_index_bytes (state=?)"),
    "waiting": (RecordingFilter(states=(WAITING,)), "state_log_index_bytes (state=?)"),
    "customer": (RecordingFilter(customer=ACME.id), "customer_state_log_index (customer=? AND state=?)"),
    "customer's": (
        RecordingFilter(customer=ACME.id, states=(WAITING, RecordingState.RETAINED)),
        "customer_state_log_index (customer=? AND state=?)",
    ),
    "own": (RecordingFilter(own=True), "customer_state_log_index (customer=? AND state=?)"),
    "source": (RecordingFilter(source=PBX.id), "source_state_log_index (source=? AND state=?)"),
    "day": (
        RecordingFilter(since=NOON, until=NOON + timedelta(days=1)),
        "started_at_log_index (started_at>? AND started_at<?)",
    ),
    "customer's day": (
        RecordingFilter(
            customer=ACME.id, states=(WAITING, ENDED), since=NOON, until=NOON + timedelta(days=1)
        ),
        "customer_started_at_log_index (customer=? AND started_at>? AND started_at<?)",
    ),
    "number": (RecordingFilter(numbers=("token",)), "recordings_1 (id=?)"),
    "customer's number": (
        RecordingFilter(customer=ACME.id, states=(WAITING,), numbers=("one", "two")),
        "recordings_1 (id=?)",
    ),
    "call": (RecordingFilter(call="call"), "ix_recordings_call (call=?)"),
    "source's call": (
        RecordingFilter(source=PBX.id, states=(ENDED,), call="call"),
        "ix_recordings_call (call=?)",
    ),
    "ids": (RecordingFilter(ids=(recording(1).id,), customer=ACME.id), "recordings_1 (id=?)"),
}


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("before", [None, 10])
async def test_every_list_of_recordings_has_its_index(
    database: SqlDatabase, name: str, before: int | None
) -> None:
    """The index that names least is used, nothing is read whole, and nothing is sorted."""
    which, index = LISTS[name]

    steps = await plan(database, lambda rows: rows.recordings.list(which, before=before))

    uses = [step for step in steps if step.startswith("SEARCH recordings USING") and "PRIMARY" not in step]
    assert uses
    assert all(index.rstrip(")") in step for step in uses)
    assert not [step for step in steps if step.startswith("SCAN") and "anon" not in step]
    assert not [step for step in steps if "TEMP B-TREE" in step]


QUESTIONS: dict[str, Callable[[Repositories], Awaitable[object]]] = {
    "recording": lambda rows: rows.recordings.get(recording(1).id),
    "prefix": lambda rows: rows.recordings.find("rec"),
    "same upload": lambda rows: rows.recordings.same_as("key"),
    "header": lambda rows: rows.recordings.header(recording(1).id),
    "details": lambda rows: rows.recordings.details([recording(1).id]),
    "unfinished": lambda rows: rows.recordings.unfinished(9),
    "blob": lambda rows: rows.recordings.knows_blob(BlobKey("blob")),
    "beside": lambda rows: rows.recording_parts.beside(1, 7),
    "slots": lambda rows: rows.recording_parts.in_slots([1, 2]),
    "blobs": lambda rows: rows.recording_parts.in_blobs([BlobKey("blob")]),
    "identity": lambda rows: rows.identities.current(Owner.STAFF, "dana"),
    "link": lambda rows: rows.links.by_token("token"),
    "session": lambda rows: rows.sessions.get(SessionId("session")),
    "sessions": lambda rows: rows.sessions.of_customer(ACME.id),
    "expired": lambda rows: rows.sessions.expired(NOON, 9),
    "opened": lambda rows: rows.sessions.has_opened(SessionId("session"), recording(1).id),
    "network": lambda rows: rows.guesses.knows_network(ACME.id, "network"),
    "buckets": lambda rows: rows.guesses.begun_before(NOON, 9),
    "due": lambda rows: rows.blob_deletions.due(NOON, 9),
    "strays": lambda rows: rows.events.strays(9),
    "entry": lambda rows: rows.events.entry(7),
    "events": lambda rows: rows.events.list(EventFilter(), before=9),
    "node": lambda rows: rows.events.nodes([Node(3, 1)], 1 << 20),
    "edge": lambda rows: rows.events.nodes([Node(3, 1)], 17),
    "high edge": lambda rows: rows.events.nodes([Node(9, 0)], 777),
}


@pytest.mark.parametrize("name", QUESTIONS)
async def test_every_question_has_its_index(database: SqlDatabase, name: str) -> None:
    """No table is read whole for one row."""

    async def ask(rows: Repositories) -> None:
        with suppress(NotFound, LogCorrupt):  # the database is empty
            await QUESTIONS[name](rows)

    steps = await plan(database, ask)

    # The narrowing of links and sessions is looked up for those found; the head is one row.
    assert not [step for step in steps if step.startswith("SCAN") and step != "SCAN log_head"]


async def destroyed(rows: Repositories) -> None:
    """Ask for every destroyed slot."""
    _ = [batch async for batch in rows.slots.destroyed()]


async def test_destroyed_slots_are_read_from_their_own_index(database: SqlDatabase) -> None:
    """Living slots, which may be millions, aren't looked at."""
    assert "ix_slots_destroyed" in (await plan(database, destroyed))[0]


async def test_what_lives_under_slots_has_its_indexes(database: SqlDatabase) -> None:
    """Tables are looked up by slot (of grants, those that have not ended): none is walked through."""
    steps = await plan(database, lambda rows: rows.slots.in_use([1, 2]))

    by_slot = {step.split()[1] for step in steps if "(slot=?)" in step}
    assert by_slot >= {"recordings", "identities", "period_slots"}
    assert not [step for step in steps if step.startswith("SCAN")]


@pytest.mark.parametrize(
    ("which", "index"),
    [
        (EventFilter(actor=DANA.id), "actor_index (actor=?"),
        (EventFilter(recording=recording(1).id), "recording_index (recording=?"),
        (EventFilter(customer=ACME.id), "customer_index (customer=?"),
        (EventFilter(action=Action.RECORDING_OPENED), "action_index (action=?"),
        (EventFilter(outcome=Outcome.REFUSED), "outcome_index (outcome=?"),
        (EventFilter(since=NOON, until=NOON), "ix_log_entries_time (time>?)"),
    ],
)
async def test_every_filter_of_events_has_its_index(
    database: SqlDatabase, which: EventFilter, index: str
) -> None:
    """Entries are walked from the newest that fits; nothing is sorted."""
    steps = await plan(database, lambda rows: rows.events.list(which))

    assert any(index in step for step in steps)
    assert not [step for step in steps if step.startswith("SCAN") or "TEMP B-TREE" in step]


async def test_numbers_are_looked_up_one_by_one(database: SqlDatabase) -> None:
    """The search index may have millions of rows: none is read that was not asked for."""
    asked = [("token", recording(1).id)]

    steps = await plan(database, lambda rows: rows.recording_parts.indexed(asked))

    assert [step for step in steps if "number_index" in step] == [
        "SEARCH number_index USING PRIMARY KEY (token=? AND recording=?)"
    ]
