"""The access log in memory: real entries, real tiles, real right edge."""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import starmap

from tests.fakes.state import State
from vault.audit.details import SALT_BYTES, detail_digest
from vault.audit.edge import SignedEdge
from vault.audit.entry import Entry, next_time
from vault.audit.tiles import TILE_WIDTH, Tile, tile_root, tiles_completed
from vault.audit.tree import Node, leaf_hash, perfect_root
from vault.domain.event import AuditEvent
from vault.errors import LogCorrupt
from vault.ports.clock import Clock
from vault.ports.log import Appended, EventFilter, StoredEntry, StoredRun

_ENTRIES_PER_RUN = 100


class MemoryLogWriter:
    """`LogWriter` on the state of one unit of work."""

    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    async def append(self, event: AuditEvent) -> Appended:
        """Give the event its place; raise `LogCorrupt` for one that the log can't hold."""
        state, index = self._state, self._state.frontier.size
        time = next_time(self._clock.now(), state.last_time)
        salt, detail = secrets.token_bytes(SALT_BYTES), event.detail_row()
        entry = Entry(
            index=index,
            time=time,
            actor=event.actor.id,
            action=event.action.value,
            outcome=event.outcome.value,
            channel=event.actor.channel.value,
            recording=event.recording,
            facts=event.entry_facts(),
            detail=detail_digest(salt, detail),
        )
        record = entry.encode()
        state.entries[index] = StoredEntry(index, record, salt, detail)
        state.frontier, state.last_time = state.frontier.append(leaf_hash(record)), time
        for tile in tiles_completed(index, index + 1):
            state.tiles[tile.level, tile.index] = _full_tile(state, tile)
        return Appended(index, time, record)

    async def erase_details(self, first: int, last: int) -> None:
        """Forget rows and salts."""
        for index in range(first, last + 1):
            if index in self._state.entries:
                self._state.entries[index] = replace(self._state.entries[index], salt=None, detail=None)


class MemoryLogReader:
    """`LogReader` on a state."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def size(self) -> int:
        """Return what the head row says."""
        return self._state.frontier.size

    async def edge(self) -> SignedEdge:
        """Return the right edge of the head row."""
        return SignedEdge(self._state.frontier, self._state.note)

    async def entry(self, index: int) -> StoredEntry | None:
        """Return one entry."""
        return self._state.entries.get(index)

    async def list(
        self, which: EventFilter, *, before: int | None = None, limit: int = 100
    ) -> Sequence[StoredEntry]:
        """Return the newest first."""
        below = (
            index for index in sorted(self._state.entries, reverse=True) if before is None or index < before
        )
        found = [self._state.entries[index] for index in below]
        return [stored for stored in found if _fits(Entry.decode(stored.record), which)][:limit]

    async def scan(self, start: int, stop: int) -> AsyncIterator[StoredEntry]:
        """Yield entries in order."""
        for index in sorted(self._state.entries):
            if start <= index < stop:
                yield self._state.entries[index]

    async def runs(self, start: int, stop: int) -> AsyncIterator[StoredRun]:
        """Yield runs of a few entries."""
        run: list[StoredEntry] = []
        async for stored in self.scan(start, stop):
            if run and (stored.index > run[-1].index + 1 or len(run) == _ENTRIES_PER_RUN):
                yield _run(run)
                run = []
            run.append(stored)
        if run:
            yield _run(run)

    async def orphaned_details(self, limit: int) -> Sequence[int]:
        """Return those that a test put beside the log."""
        return sorted(self._state.orphaned_details)[:limit]

    async def strays(self, limit: int) -> Sequence[int]:
        """Return those that a test put outside the log."""
        size = self._state.frontier.size
        return sorted(index for index in self._state.entries if not 0 <= index < size)[:limit]

    async def nodes(self, wanted: Iterable[Node], size: int) -> Mapping[Node, bytes]:
        """Compute the hashes from the entries."""
        return {node: self._node(node, size) for node in wanted}

    async def tiles(self) -> AsyncIterator[tuple[int, int, bytes]]:
        """Yield what was kept."""
        for tile in sorted(starmap(Tile, self._state.tiles), key=lambda each: (each.end_index, each.level)):
            yield tile.level, tile.index, self._state.tiles[tile.level, tile.index]

    def _node(self, node: Node, size: int) -> bytes:
        leaves = range(node.index << node.level, (node.index + 1) << node.level)
        if leaves.stop > size or not all(index in self._state.entries for index in leaves):
            raise LogCorrupt(f"the log has no node {node.level}/{node.index}")
        return perfect_root([leaf_hash(self._state.entries[index].record) for index in leaves])


def _fits(entry: Entry, which: EventFilter) -> bool:
    pairs = [
        (which.actor, entry.actor),
        (which.recording, entry.recording),
        (which.customer, entry.facts.get("customer")),
        (which.action, entry.action),
        (which.outcome, entry.outcome),
    ]
    same = all(wanted is None or wanted == found for wanted, found in pairs)
    since = which.since is None or entry.time >= which.since
    return same and since and (which.until is None or entry.time < which.until)


def _run(run: Sequence[StoredEntry]) -> StoredRun:
    return StoredRun(
        run[0].index,
        [stored.record for stored in run],
        [stored.salt for stored in run],
        [None if stored.detail is None else json.dumps(stored.detail) for stored in run],
    )


def _full_tile(state: State, tile: Tile) -> bytes:
    below = range(tile.index * TILE_WIDTH, (tile.index + 1) * TILE_WIDTH)
    if tile.level == 0:
        return b"".join(leaf_hash(state.entries[index].record) for index in below)
    return b"".join(tile_root(state.tiles[tile.level - 1, index]) for index in below)
