"""Recompute the access log and compare it with the database, both ways; name every disagreement."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from vault.audit.canonical import detail_digest
from vault.audit.checkpoint import Checkpoint, open_checkpoint
from vault.audit.entry import Entry
from vault.audit.tiles import Tile
from vault.audit.verify import LogVerifier
from vault.domain.event import Action, Outcome
from vault.domain.recording import Recording, RecordingState
from vault.errors import LogCorrupt
from vault.ports.database import Repositories
from vault.ports.log import StoredEntry
from vault.ports.vault import Vault

_BATCH = 512


@dataclass(frozen=True, slots=True)
class Verification:
    """What was recomputed, and everything that was wrong; an empty `findings` means that all holds."""

    size: int
    root: bytes | None
    findings: Sequence[str]


async def verify_log(
    vault: Vault, *, since: bytes | None = None, progress: Callable[[int, int], None] = lambda *_: None
) -> Verification:
    """Return the verification of the whole log.

    `since` is a signed checkpoint somebody kept: the log must begin with it. `progress` hears (entries
    done, entries in all).
    """
    kept = [note for note in (await vault.slots.read_head(), since) if note is not None]
    checkpoints = [open_checkpoint(note, vault.keys.verifier) for note in kept]
    async with vault.reading() as rows:
        log = LogVerifier({checkpoint.size: checkpoint for checkpoint in checkpoints})
        against = _Agreement()
        async for level, index, hashes in rows.events.tiles():
            log.expect_tile(Tile(level, index), hashes)
        size = await rows.events.size()
        async for batch in _batches(rows, size):
            await asyncio.to_thread(_feed, log, against, batch)
            progress(log.size, size)
        findings = [str(finding.message) for finding in log.finish(await rows.events.frontier())]
        async for recording in rows.recordings.scan():
            against.compare(recording)
    return Verification(log.size, _root(log), [*findings, *against.findings(), *_conflicts(checkpoints)])


def _feed(log: LogVerifier, against: _Agreement, batch: list[StoredEntry]) -> None:
    for first, run in _runs(batch):
        log.feed_run(first, run)
    for stored in batch:
        against.note(stored)


def _runs(batch: list[StoredEntry]) -> Iterator[tuple[int, list[bytes]]]:
    """Cut a batch where an index is missing."""
    for _, group in groupby(enumerate(batch), key=lambda each: each[1].index - each[0]):
        run = [stored for _, stored in group]
        yield run[0].index, [stored.record for stored in run]


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


class _Agreement:
    """What the log says of recordings against what the database says; details against their hash."""

    def __init__(self) -> None:
        self._sealed: dict[str, tuple[int, object]] = {}
        self._collected: set[str] = set()
        self._shredded: dict[str, int] = {}
        self._findings: list[str] = []

    def note(self, stored: StoredEntry) -> None:
        """Take in one entry of the log."""
        try:
            entry = Entry.decode(stored.record)
        except LogCorrupt:
            return  # the log's own verifier reports it
        if not _detail_fits(entry, stored):
            self._findings.append(f"entry {stored.index}: its detail row was changed")
        if entry.recording is None or entry.outcome != Outcome.DONE:
            return
        if entry.action == Action.RECORDING_SEALED:
            self._sealed[entry.recording] = (entry.index, entry.facts.get("sha256"))
        elif _ends(entry):
            self._collected.add(entry.recording)
        elif entry.action == Action.RECORDING_SHREDDED:
            self._shredded[entry.recording] = entry.index

    def compare(self, recording: Recording) -> None:
        """Hold one row against what the log said of it."""
        name = f"recording {recording.id}"
        sealed = self._sealed.pop(recording.id, None)
        if sealed is None:
            self._findings.append(f"{name}: it is in the database, but no entry sealed it")
        elif sealed != (recording.log_index, recording.sha256):
            self._findings.append(f"{name}: place or digest differ from its entry {sealed[0]}")
        shredded = self._shredded.pop(recording.id, None)
        if shredded != recording.shred_log_index:
            self._findings.append(f"{name}: the log and the database disagree on its destruction")
        elif not self._state_fits(recording, shredded):
            self._findings.append(f"{name}: it is {recording.state}, which its entries contradict")

    def _state_fits(self, recording: Recording, shredded: int | None) -> bool:
        """Say whether the state is what its entries left it in: from collection on there is no way back."""
        if shredded is not None or recording.state is RecordingState.SHREDDED:
            return shredded is not None and recording.state is RecordingState.SHREDDED
        return recording.state is RecordingState.COLLECTED or recording.id not in self._collected

    def findings(self) -> list[str]:
        """Return what disagreed, and what the log sealed that the database does not know."""
        lost = [f"recording {name}: sealed by an entry, but not in the database" for name in self._sealed]
        return self._findings + lost


def _ends(entry: Entry) -> bool:
    """Say whether an entry is a point of no return: collected, instructed, or let go once collected."""
    match entry.action:
        case Action.RECORDING_COLLECTED:
            return "kept" not in entry.facts
        case Action.SHRED_INSTRUCTED:
            return True
        case Action.HOLD_RELEASED:
            return entry.facts.get("collected") is True
    return False


def _detail_fits(entry: Entry, stored: StoredEntry) -> bool:
    """Say whether the detail row is the one that was logged; an erased one fits."""
    if stored.detail is None:
        return True
    try:
        return entry.detail == detail_digest(stored.salt or b"", stored.detail)
    except (LogCorrupt, ValueError):  # a row or salt that no log has written
        return False
