"""Every database keeps the log as RFC 6962 and C2SP tlog-tiles have it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.contract.database.samples import ACME, DANA, OPENED, add_parties, append, recording, verified_size
from tests.fakes.clock import NOON, SettableClock
from vault.audit.details import detail_digest
from vault.audit.entry import Entry
from vault.audit.proof import inclusion_nodes, inclusion_proof, root_nodes, root_of, verify_inclusion
from vault.audit.tree import Node, leaf_hash
from vault.domain.event import SERVICE, Action, AuditEvent, Outcome
from vault.errors import LogCorrupt
from vault.ports.database import Database
from vault.ports.log import EventFilter

HOUR = timedelta(hours=1)


async def test_an_entry_says_what_happened(database: Database) -> None:
    """The record holds what must stay, the detail row what may be erased, tied by a salted digest."""
    event = replace(OPENED, recording=recording(1).id, detail={"file": "a \N{TELEPHONE RECEIVER}.wav"})
    (record,) = await append(database, event=event)

    async with database.reading() as rows:
        stored = await rows.events.entry(0)
    assert stored is not None
    assert stored.record == record
    assert stored.detail == event.detail_row()
    assert stored.salt is not None
    entry = Entry.decode(record)
    assert entry.detail == detail_digest(stored.salt, event.detail_row())
    assert (entry.index, entry.actor, entry.recording) == (0, DANA.id, recording(1).id)
    assert DANA.name.encode() not in record


async def test_time_never_goes_back(database: Database, clock: SettableClock) -> None:
    """An entry written by a clock that was put back has the time of the one before it."""
    await append(database)
    clock.advance(-HOUR)
    await append(database)
    clock.advance(2 * HOUR)
    await append(database)

    async with database.reading() as rows:
        times = [Entry.decode(entry.record).time async for entry in rows.events.scan(0, 9)]
    assert times == [NOON, NOON, NOON + HOUR]


@pytest.mark.parametrize("sizes", [(256,), (255, 1), (257,), (255, 3), (100, 412, 1), (1,) * 3])
async def test_tiles_are_kept_as_they_fill(database: Database, sizes: tuple[int, ...]) -> None:
    """However the log grew across a tile's border, its tiles and right edge are those of its entries."""
    for size in sizes:
        await append(database, size)

    assert await verified_size(database) == sum(sizes)


async def test_every_entry_can_be_proven(database: Database) -> None:
    """The nodes of a proof come from full tiles and from the right edge alike, at past sizes too."""
    records = await append(database, 300)

    async with database.reading() as rows:
        for size in (1, 255, 256, 257, 300):
            root = root_of(size, await rows.events.nodes(root_nodes(size), size))
            for index in {0, size // 2, size - 1}:
                hashes = await rows.events.nodes(inclusion_nodes(index, size), size)
                proof = inclusion_proof(index, size, hashes)
                verify_inclusion(leaf_hash(records[index]), index, size, root, proof)


@pytest.mark.parametrize("node", [Node(0, 10), Node(3, 1), Node(8, 0)])
async def test_a_node_beyond_the_log_is_not_made_up(database: Database, node: Node) -> None:
    """A subtree that isn't complete in a log of that size can't be had."""
    await append(database, 10)

    async with database.reading() as rows:
        with pytest.raises(LogCorrupt):
            await rows.events.nodes([node], 10)


async def test_scanning_gives_the_span_asked_for(database: Database) -> None:
    """Entries come in order, from `start` to `stop`, which is excluded."""
    await append(database, 9)

    async with database.reading() as rows:
        assert [entry.index async for entry in rows.events.scan(3, 7)] == [3, 4, 5, 6]
        assert [entry.index async for entry in rows.events.scan(7, 99)] == [7, 8]
        assert await rows.events.entry(9) is None


LISTED = AuditEvent(
    Action.RECORDING_LISTED, SERVICE, outcome=Outcome.REFUSED, facts={"customer": ACME.id, "count": 3}
)


@pytest.mark.parametrize(
    ("which", "found"),
    [
        (EventFilter(), [4, 3, 2, 1, 0]),
        (EventFilter(actor=DANA.id), [4, 2, 0]),
        (EventFilter(actor="nobody"), []),
        (EventFilter(recording=recording(1).id), [4]),
        (EventFilter(customer=ACME.id), [3, 1]),
        (EventFilter(action=Action.RECORDING_OPENED), [4, 2, 0]),
        (EventFilter(outcome=Outcome.REFUSED), [3, 1]),
        (EventFilter(since=NOON + HOUR), [4, 3, 2, 1]),
        (EventFilter(until=NOON + HOUR), [0]),
        (EventFilter(since=NOON + HOUR, until=NOON + 3 * HOUR), [2, 1]),
        (EventFilter(since=NOON + 9 * HOUR), []),
        (EventFilter(until=NOON), []),
        (EventFilter(actor=DANA.id, since=NOON + HOUR, outcome=Outcome.DONE), [4, 2]),
        (EventFilter(customer=ACME.id, action=Action.RECORDING_OPENED), []),
    ],
)
async def test_every_filter_of_events_finds_its_own(
    database: Database, clock: SettableClock, which: EventFilter, found: list[int]
) -> None:
    """Every given field must fit; the newest come first, page by page."""
    await add_parties(database)
    for event in (OPENED, LISTED, OPENED, LISTED, replace(OPENED, recording=recording(1).id)):
        await append(database, event=event)
        clock.advance(HOUR)

    async with database.reading() as rows:
        assert [entry.index for entry in await rows.events.list(which)] == found
        below = await rows.events.list(which, before=3, limit=2)
        assert [entry.index for entry in below] == [index for index in found if index < 3][:2]


async def test_what_the_log_cannot_hold_is_refused(database: Database) -> None:
    """An event that canonical JSON can't express fails its body alone."""
    odd = replace(OPENED, detail={"file": "\ud800"})
    with pytest.raises((LogCorrupt, ValueError)):
        await append(database, event=odd)

    await append(database)

    assert await verified_size(database) == 1


async def test_details_can_be_erased(database: Database) -> None:
    """A detail row goes with its salt, alone; the entry stays; leaving without a commit erases nothing."""
    await append(database, 4)
    async with database.unit_of_work() as work:
        await work.log.erase_details(0, 3)
    async with database.unit_of_work() as work:
        await work.log.erase_details(1, 2)
        await work.commit()

    async with database.reading() as rows:
        stored = [each async for each in rows.events.scan(0, 4)]
    assert [each.detail is None for each in stored] == [False, True, True, False]
    assert [each.salt is None for each in stored] == [False, True, True, False]
    assert all(each.record for each in stored)
