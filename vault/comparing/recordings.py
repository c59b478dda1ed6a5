"""Recordings held against the entries that sealed, kept, ended and shredded them, and against their slots.

The log is read once and the table once, both in pieces. Between the two, a byte is kept for each entry of the
log, at the place of the one that sealed a recording.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from vault.audit.entry import Entry, time_text
from vault.comparing.calls import CallComparison
from vault.comparing.headers import wrong_headers
from vault.domain.event import Action, Outcome
from vault.domain.names import RecordingId
from vault.domain.recording import Recording, RecordingState, payload_digest
from vault.ports.database import Repositories
from vault.ports.repositories import RecordingFilter
from vault.ports.vault import Vault
from vault.sealing.endings import ends
from vault.sealing.own_slots import living_slots

_BATCH = 500
_MOST_ORPHANS = 1000
_SEALED, _KEPT, _ENDED, _SHREDDED, _RECEIVED, _TOLD = (1 << bit for bit in range(6))
TELLING = frozenset(
    {
        Action.RECORDING_SEALED,
        Action.RECORDING_COLLECTED,
        Action.SHRED_INSTRUCTED,
        Action.HOLD_RELEASED,
        Action.RECORDING_SHREDDED,
    }
)
_STATES = {
    _SEALED: RecordingState.WAITING,
    _SEALED | _KEPT: RecordingState.RETAINED,
    _SEALED | _ENDED: RecordingState.COLLECTED,
    _SEALED | _SHREDDED: RecordingState.SHREDDED,
}
"""What a recording is by the furthest that its entries have it."""


class RecordingComparison:
    """Takes every entry of `TELLING` in order, then every row of the table."""

    def __init__(self) -> None:
        self.findings: list[str] = []
        self._marks = bytearray()
        self._lost: set[str] = set()

    async def take(self, rows: Repositories, entries: Sequence[Entry], size: int) -> None:
        """Compare what a run of entries says of recordings with their rows.

        `size` is that of the log as far as it was read: the head row could say anything.
        """
        self._marks.extend(bytes(max(0, size - len(self._marks))))
        fates = [entry for entry in entries if _tells_fate(entry)]
        for start in range(0, len(fates), _BATCH):
            await self._take_some(rows, fates[start : start + _BATCH])

    async def _take_some(self, rows: Repositories, fates: Sequence[Entry]) -> None:
        ids = tuple({RecordingId(str(entry.recording)) for entry in fates})
        found = await rows.recordings.list(RecordingFilter(ids=ids), limit=len(ids))
        there = {str(recording.id): recording for recording in found}
        for entry in fates:
            self._take(entry, there.get(str(entry.recording)))

    async def finish(self, vault: Vault, rows: Repositories) -> list[str]:
        """Compare every row with what its entries left it in, and with what lies beside it.

        Return every finding; of each recording what is worst.
        """
        calls = await CallComparison.of(vault, rows)
        async for batch in _batches(rows):
            beside = await rows.recording_parts.beside(batch[0].log_index, batch[-1].log_index)
            living = await living_slots(vault, [recording.slot for recording in batch])
            headers = await asyncio.to_thread(wrong_headers, batch, beside, living)
            for recording in batch:
                self._compare(recording)
                if not self._marked(recording, _TOLD):
                    await self._compare_slot(vault, recording, alive=recording.slot in living)
                self._tell_first(recording, headers.get(recording.id))
            untold = [recording for recording in batch if not self._marked(recording, _TOLD)]
            wrong = await calls.compare(rows, untold, beside)
            for recording in untold:
                self._tell_first(recording, wrong.get(recording.id))
        return [*self.findings, *calls.finish(), *await self._orphans(rows)]

    async def _orphans(self, rows: Repositories) -> list[str]:
        orphans = await rows.recording_parts.orphans(_MOST_ORPHANS)
        return [
            f"recording {each}: parts of it are in the database, but it is not"
            for each in orphans
            if each not in self._lost
        ]

    def _take(self, entry: Entry, recording: Recording | None) -> None:
        if recording is None:
            if entry.action == Action.RECORDING_SEALED:
                self._lost.add(str(entry.recording))
                self.findings.append(
                    f"recording {entry.recording}: sealed by an entry, but not in the database"
                )
            return
        match entry.action:
            case Action.RECORDING_SEALED:
                self._mark(recording, _SEALED)
                self._compare_seal(entry, recording)
            case Action.RECORDING_SHREDDED:
                self._mark(recording, _SHREDDED)
                if not _is_destruction(recording, entry):
                    self._tell(recording, "the log and the database disagree on its destruction")
            case _:
                self._mark(recording, _ENDED if ends(entry) else _KEPT)
                if entry.action == Action.RECORDING_COLLECTED:
                    self._mark(recording, _RECEIVED)
                    self._compare_receipt(entry, recording)

    def _compare_seal(self, entry: Entry, recording: Recording) -> None:
        if (recording.log_index, recording.sha256) != (entry.index, entry.facts.get("sha256")):
            self._tell(recording, f"place or digest differ from its entry {entry.index}")
        elif (recording.customer, recording.source, recording.bytes) != (
            entry.facts.get("customer"),
            entry.facts.get("source"),
            entry.facts.get("bytes"),
        ):
            self._tell(recording, f"customer, source or size differ from its entry {entry.index}")
        elif not _is_payload(recording, entry):
            self._tell(recording, f"its blob, nonce or time of sealing differ from its entry {entry.index}")

    def _compare_receipt(self, entry: Entry, recording: Recording) -> None:
        received = recording.received_at
        said = entry.facts.get("received_at")  # older entries have none
        if received is None or said not in (None, time_text(received)):
            self._tell_first(
                recording, f"when its customer proved to hold it is not as in entry {entry.index}"
            )

    def _compare(self, recording: Recording) -> None:
        marks = self._marks_of(recording)
        if marks & _TOLD:
            return
        furthest = next((mark for mark in (_SHREDDED, _ENDED, _KEPT) if marks & mark), 0)
        if not marks & _SEALED:
            self._tell(recording, "it is in the database, but no entry sealed it")
        elif recording.shred_log_index is not None and furthest != _SHREDDED:
            self._tell(recording, "the log and the database disagree on its destruction")
        elif recording.state is not _STATES[_SEALED | furthest]:
            self._tell(recording, f"it is {recording.state}, which its entries contradict")
        elif recording.received_at is not None and not marks & _RECEIVED:
            self._tell(recording, "its customer is said to hold it, which no entry says")

    async def _compare_slot(self, vault: Vault, recording: Recording, *, alive: bool) -> None:
        if recording.state is RecordingState.SHREDDED and alive:
            self._tell(recording, "it is shredded, but its slot is not destroyed")
        elif recording.state in {RecordingState.WAITING, RecordingState.RETAINED} and not alive:
            async with vault.reading() as newer:  # it may have been collected since this began
                now = await newer.recordings.get(recording.id)
            if now == recording:
                self._tell(recording, f"it is {recording.state}, but its slot is destroyed")

    def _tell_first(self, recording: Recording, what: str | None) -> None:
        """Tell of what is wrong, unless something was told of the recording already."""
        if what is not None and not self._marked(recording, _TOLD):
            self._tell(recording, what)

    def _tell(self, recording: Recording, what: str) -> None:
        self.findings.append(f"recording {recording.id}: {what}")
        self._mark(recording, _TOLD)

    def _mark(self, recording: Recording, mark: int) -> None:
        if 0 <= recording.log_index < len(self._marks):
            self._marks[recording.log_index] |= mark

    def _marks_of(self, recording: Recording) -> int:
        inside = 0 <= recording.log_index < len(self._marks)
        return self._marks[recording.log_index] if inside else 0

    def _marked(self, recording: Recording, mark: int) -> bool:
        return bool(self._marks_of(recording) & mark)


def _tells_fate(entry: Entry) -> bool:
    if entry.recording is None or entry.outcome != Outcome.DONE or entry.action not in TELLING:
        return False
    return entry.action != Action.HOLD_RELEASED or entry.facts.get("collected") is True


def _is_payload(recording: Recording, entry: Entry) -> bool:
    """Say whether the row has the payload and time that its entry tells of; older ones tell of no payload."""
    payload = payload_digest(recording.blob, recording.nonce)
    return recording.sealed_at == entry.time and entry.facts.get("payload", payload) == payload


def _is_destruction(recording: Recording, entry: Entry) -> bool:
    """Say whether the row has the destruction that its entry tells of."""
    there = (recording.shred_log_index, recording.slot)
    if there != (entry.index, entry.facts.get("slot", recording.slot)):
        return False
    return recording.shredded_at == entry.time


async def _batches(rows: Repositories) -> AsyncIterator[list[Recording]]:
    batch: list[Recording] = []
    async for recording in rows.recordings.scan():
        batch.append(recording)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
