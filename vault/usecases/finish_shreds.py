"""Go on with what ended and is not destroyed yet: a crash came in between, or a mirror was away."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from keys.errors import SlotsUnavailable
from vault.domain.event import SERVICE
from vault.domain.names import RecordingId
from vault.domain.recording import Recording
from vault.errors import LogCorrupt
from vault.ports.vault import Vault
from vault.sealing.endings import must_have_ended, slots_of
from vault.usecases.shred import finish_shred

_BATCH = 100
_MOST_LOOKED_AT = 1000


@dataclass(frozen=True, slots=True)
class Shreds:
    """How many are done and how many wait. `doubtful` are collected by their rows alone, and stay."""

    done: int
    waiting: int
    doubtful: Sequence[RecordingId] = ()


async def finish_shreds(vault: Vault) -> Shreds:
    """Finish the oldest recordings that are collected and not shredded, a batch of them at most."""
    done, waiting = 0, 0
    doubtful: list[RecordingId] = []
    async for recording in _unfinished(vault):
        if done + waiting == _BATCH:
            break
        try:
            finished = await _finished(vault, recording.id)
        except LogCorrupt:
            doubtful.append(recording.id)
            continue
        done, waiting = done + finished, waiting + (not finished)
    return Shreds(done, waiting, doubtful)


async def finish_shreds_or_tell(vault: Vault) -> Shreds:
    """Do the same; raise `LogCorrupt` at the end, where the rest is done, if somebody should look at some."""
    shreds = await finish_shreds(vault)
    if shreds.doubtful:
        raise LogCorrupt(
            f"{len(shreds.doubtful)} recordings, {shreds.doubtful[0]} among them, are collected in the "
            "database, which can't be proven: it was changed by hand. They were not destroyed"
        )
    return shreds


async def doubtful_shreds(vault: Vault, most: int) -> Sequence[RecordingId]:
    """Return recordings that are collected by their rows alone, or name a slot that is not their own.

    The oldest thousand that wait are looked at: while a mirror is away, there may be many.
    """
    found: list[RecordingId] = []
    looked_at = 0
    async for recording in _unfinished(vault):
        looked_at += 1
        async with vault.reading() as rows:
            header = await rows.recordings.header(recording.id)
        try:
            await must_have_ended(vault, recording.id)
            await slots_of(vault, recording, header, ())
        except LogCorrupt:
            found.append(recording.id)
        if len(found) == most or looked_at == _MOST_LOOKED_AT:
            break
    return found


async def _finished(vault: Vault, recording: RecordingId) -> bool:
    with suppress(SlotsUnavailable):  # one that can't be destroyed yet must not keep the others waiting
        return await finish_shred(vault, recording, by=SERVICE) is not None
    return False


async def _unfinished(vault: Vault) -> AsyncIterator[Recording]:
    """Yield what is collected, the oldest first: doubtful ones keep nobody else from their turn."""
    after = -1
    while True:
        async with vault.reading() as rows:
            batch = await rows.recordings.unfinished(_BATCH, after=after)
        for recording in batch:
            yield recording
        if len(batch) < _BATCH:
            return
        after = batch[-1].log_index
