"""Recompute the access log and compare it with the database, both ways; name every disagreement."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from vault.audit.checkpoint import Checkpoint, open_checkpoint
from vault.audit.entry import Entry
from vault.audit.tiles import Tile
from vault.audit.verify import LogVerifier
from vault.ports.database import Repositories
from vault.ports.log import StoredEntry
from vault.ports.vault import Vault
from vault.usecases.compare_columns import ColumnComparison
from vault.usecases.compare_details import DetailComparison
from vault.usecases.compare_holds import HoldComparison
from vault.usecases.compare_keys import KeyComparison
from vault.usecases.compare_parties import PartyComparison
from vault.usecases.compare_recordings import RecordingComparison

_BATCH = 512


@dataclass(frozen=True, slots=True)
class Verification:
    """What was recomputed, and everything that was wrong; an empty `findings` means that all holds.

    `erased` counts the detail rows that were erased on record.
    """

    size: int
    root: bytes | None
    findings: Sequence[str]
    erased: int = 0


async def verify_log(
    vault: Vault,
    *,
    since: bytes | None = None,
    anchors: Sequence[Checkpoint] = (),
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Verification:
    """Return the verification of the whole log.

    `since` is a signed checkpoint somebody kept, `anchors` are those of `gather_anchors`: the log must begin
    with each. `progress` hears (entries done, entries in all).
    """
    kept = [note for note in (await vault.slots.read_head(), since) if note is not None]
    checkpoints = [*anchors, *(open_checkpoint(note, vault.keys.verifier) for note in kept)]
    async with vault.reading() as rows:
        log = LogVerifier({checkpoint.size: checkpoint for checkpoint in checkpoints})
        async for level, index, hashes in rows.events.tiles():
            log.expect_tile(Tile(level, index), hashes)
        size = await rows.events.size()
        details, parties, recordings = DetailComparison(), PartyComparison(), RecordingComparison(size)
        columns, keys, holds = ColumnComparison(), KeyComparison(), HoldComparison()
        async for batch in _batches(rows, size):
            entries = await asyncio.to_thread(_feed, log, columns, details, parties, batch)
            await recordings.take(rows, entries)
            for entry in entries:
                keys.take(entry)
                holds.take(entry)
            progress(log.size, size)
        findings = [str(finding.message) for finding in log.finish(await rows.events.frontier())]
        findings += [*columns.finish(), *await keys.finish(rows), *holds.findings]
        findings += [*details.finish(), *await parties.finish(rows), *await recordings.finish(vault, rows)]
    return Verification(log.size, _root(log), [*findings, *_conflicts(checkpoints)], details.erased)


def _feed(
    log: LogVerifier,
    columns: ColumnComparison,
    details: DetailComparison,
    parties: PartyComparison,
    batch: list[StoredEntry],
) -> list[Entry]:
    """Take a batch; return its entries, those left out that the log's own verifier reports."""
    entries = []
    for run in _runs(batch):
        read = log.feed_run(run[0].index, [stored.record for stored in run])
        for stored, canonical in zip(run, read, strict=True):
            if canonical is None:
                continue
            entry = Entry.of(canonical)
            columns.take(entry, stored)
            details.take(entry, stored)
            parties.take(entry)
            entries.append(entry)
    return entries


def _runs(batch: list[StoredEntry]) -> Iterator[list[StoredEntry]]:
    """Cut a batch where an index is missing."""
    for _, group in groupby(enumerate(batch), key=lambda each: each[1].index - each[0]):
        yield [stored for _, stored in group]


def _root(log: LogVerifier) -> bytes | None:
    frontier = log.frontier()
    return frontier.root() if frontier is not None else None


def _conflicts(checkpoints: list[Checkpoint]) -> list[str]:
    """Two signed checkpoints of one size with different roots prove a fork on their own."""
    roots: dict[int, bytes] = {}
    return [
        f"two different logs of {each.size} entries were signed"
        for each in checkpoints
        if roots.setdefault(each.size, each.root) != each.root
    ]


async def _batches(rows: Repositories, size: int) -> AsyncIterator[list[StoredEntry]]:
    batch: list[StoredEntry] = []
    async for stored in rows.events.scan(0, size):
        batch.append(stored)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    yield batch
