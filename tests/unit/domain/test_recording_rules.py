"""The way of a recording from sealed to shredded, and the one gate before its end."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from vault.domain.names import BlobKey, CustomerId, RecordingId, Sha256, SourceId
from vault.domain.recording import Cause, Recording, RecordingState, may_shred
from vault.errors import Collected, Conflict, HoldInForce, RegimeKeeps

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
WAITING = Recording(
    id=RecordingId("r1"),
    source=SourceId("s1"),
    customer=CustomerId("c1"),
    blob=BlobKey("b1"),
    nonce=bytes(16),
    sha256=Sha256("ab" * 32),
    bytes=1000,
    sealed_at=NOW,
    log_index=7,
    slot=3,
)
ENDED = [RecordingState.COLLECTED, RecordingState.SHREDDED]
LIVING = [RecordingState.WAITING, RecordingState.RETAINED]


def expecting(error: type[Exception] | None) -> AbstractContextManager[object]:
    """Return what passes if that error is raised, or nothing at all."""
    return pytest.raises(error) if error else nullcontext()


@pytest.mark.parametrize("cause", Cause)
@pytest.mark.parametrize("holds", [0, 1, 2])
@pytest.mark.parametrize("deletes", [True, False])
def test_the_gate(cause: Cause, holds: int, *, deletes: bool) -> None:
    """A hold beats every cause; a regime beats collection only; nothing else keeps a recording."""
    regime = cause is Cause.COLLECTION and not deletes
    expected = HoldInForce if holds else RegimeKeeps if regime else None

    with expecting(expected):
        may_shred(replace(WAITING, holds=holds), cause, delete_on_collection=deletes)
    with expecting(expected):
        replace(WAITING, holds=holds).collect(NOW, cause, delete_on_collection=deletes)


@pytest.mark.parametrize("state", LIVING)
def test_collection_is_the_point_of_no_return(state: RecordingState) -> None:
    """What waits or was retained can be collected, which notes when it was received, and opens no more."""
    collected = replace(WAITING, state=state).collect(NOW, Cause.COLLECTION, delete_on_collection=True)

    assert (collected.state, collected.received_at) == (RecordingState.COLLECTED, NOW)
    with pytest.raises(Collected):
        collected.must_open()


def test_the_first_receipt_counts() -> None:
    """What was received before keeps the moment of it."""
    retained = WAITING.receive(NOW)

    assert retained.state is RecordingState.RETAINED
    assert retained.receive(LATER) == retained
    assert retained.collect(LATER, Cause.COLLECTION, delete_on_collection=True).received_at == NOW


def test_an_instruction_proves_no_receipt() -> None:
    """A recording ended by instruction does not claim that its customer holds it."""
    ended = WAITING.collect(NOW, Cause.INSTRUCTION, delete_on_collection=True)

    assert ended.received_at is None


@pytest.mark.parametrize("state", ENDED)
def test_nothing_comes_back(state: RecordingState) -> None:
    """What was collected can't be opened, received or collected again."""
    ended = replace(WAITING, state=state)

    with pytest.raises(Collected):
        ended.must_open()
    with pytest.raises(Collected):
        ended.receive(NOW)
    with pytest.raises(Collected):
        ended.collect(NOW, Cause.INSTRUCTION, delete_on_collection=True)


@pytest.mark.parametrize("state", LIVING)
def test_what_is_left_can_be_opened(state: RecordingState) -> None:
    """Retained or waiting, a recording opens."""
    replace(WAITING, state=state).must_open()


def test_only_the_collected_is_shredded() -> None:
    """A shred without collection on record, or a second one, is refused."""
    collected = WAITING.collect(NOW, Cause.COLLECTION, delete_on_collection=True)
    shredded = collected.shred(LATER, 9)

    assert (shredded.state, shredded.shredded_at, shredded.shred_log_index) == (
        RecordingState.SHREDDED,
        LATER,
        9,
    )
    for state in (*LIVING, RecordingState.SHREDDED):
        with pytest.raises(Conflict):
            replace(WAITING, state=state).shred(LATER, 9)


def test_the_binding_tells_recordings_apart() -> None:
    """Another id, size or digest is another binding: no header passes for another's."""
    others = [
        replace(WAITING, id=RecordingId("r2")),
        replace(WAITING, bytes=1001),
        replace(WAITING, sha256=Sha256("cd" * 32)),
    ]

    assert len({WAITING.binding, *(other.binding for other in others)}) == 4
    assert replace(WAITING, state=RecordingState.COLLECTED).binding == WAITING.binding
