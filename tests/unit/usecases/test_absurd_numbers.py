"""Numbers that only a hand put into the database: each is a finding or a clear error, and costs no memory."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from tests.fakes.scene import OPERATOR, Scene
from vault.audit.entry import Entry
from vault.audit.tree import MAX_SIZE, Frontier
from vault.domain.event import Action
from vault.domain.names import RecordingId
from vault.errors import LogCorrupt, NotFound, VaultError
from vault.ports.log import EventFilter
from vault.sealing.signed_log import signed_entries
from vault.usecases.check_rollback import check_rollback
from vault.usecases.prove_entry import prove_entry, sign_checkpoint
from vault.usecases.read_log import list_events
from vault.usecases.report_status import report_status
from vault.usecases.verify_log import verify_log

HUGE = 1 << 62


async def findings(scene: Scene) -> str:
    """Return everything that is wrong, in one text."""
    return "\n".join((await verify_log(scene.vault)).findings)


def forge_size(scene: Scene, size: int) -> None:
    """Let the head row claim that many entries."""
    scene.parts.database.state.frontier = Frontier(size, (b"\1" * 32,) * size.bit_count())


@pytest.mark.parametrize("size", [0, HUGE, MAX_SIZE])
async def test_a_forged_size_is_a_finding(scene: Scene, size: int) -> None:
    """No memory is set aside for entries that are not there; those that are there are compared."""
    sealed = await scene.upload(scene.acme.source, b"sound")
    row = scene.recording(sealed.recording)
    scene.parts.database.state.recordings[row.id] = replace(row, bytes=7)
    forge_size(scene, size)

    found = await findings(scene)

    assert "right edge" in found
    assert (f"recording {row.id}: customer, source or size" in found) == (size > 0)


@pytest.mark.parametrize("size", [HUGE, HUGE + 3, MAX_SIZE])
@pytest.mark.parametrize(
    "ask",
    [
        lambda scene: check_rollback(scene.vault),
        lambda scene: sign_checkpoint(scene.vault),
        lambda scene: prove_entry(scene.vault, 1),
        lambda scene: prove_entry(scene.vault, HUGE - 1),
    ],
)
async def test_nothing_is_proven_of_a_forged_size(
    scene: Scene, size: int, ask: Callable[[Scene], Awaitable[object]]
) -> None:
    """A start, a checkpoint and a proof end with an error of ours, at once."""
    await scene.upload(scene.acme.source, b"sound")
    forge_size(scene, size)

    with pytest.raises(VaultError):
        await ask(scene)


async def test_status_tells_what_the_head_row_says(scene: Scene) -> None:
    """It counts nothing by it."""
    forge_size(scene, HUGE)

    assert (await report_status(scene.vault)).log_size == HUGE


@pytest.mark.parametrize("index", [-3, -(1 << 63), 1 << 40, MAX_SIZE])
async def test_an_entry_outside_the_log_is_a_finding(scene: Scene, index: int) -> None:
    """The tree has no place for it, but a list would show it; nothing is believed that it says."""
    state = scene.parts.database.state
    state.entries[index] = replace(state.entries[2], index=index)

    assert f"entry {index}: it is in the database, but outside of the log" in await findings(scene)
    with pytest.raises((NotFound, LogCorrupt)):
        await prove_entry(scene.vault, index)
    known = await signed_entries(scene.vault, EventFilter(action=Action.CUSTOMER_ADDED), limit=99)
    assert {entry.index for entry in known} <= set(range(state.frontier.size))
    assert await list_events(scene.vault, EventFilter(), by=OPERATOR)


async def test_a_tile_of_no_log_is_a_finding(scene: Scene) -> None:
    """Wherever its number has it lie."""
    tiles = scene.parts.database.state.tiles
    tiles[63, MAX_SIZE] = tiles[0, MAX_SIZE] = tiles[0, -1] = bytes(8192)

    assert (await findings(scene)).count("is kept, but the log does not fill it") == 3


async def test_an_erasure_without_end_is_not_walked(scene: Scene) -> None:
    """An entry that claims a place far away, and to have erased all before it, is wrong and no more."""
    state, place = scene.parts.database.state, 3
    honest = Entry.decode(state.entries[place].record)
    facts = {"first": 0, "last": 1 << 52}
    forged = replace(honest, index=(1 << 53) - 1, action=Action.DETAILS_ERASED, facts=facts)
    state.entries[place] = replace(state.entries[place], record=forged.encode())
    far = replace(forged, index=1 << 52, facts={"first": 0, "last": (1 << 52) - 1})
    state.entries[far.index] = replace(state.entries[place], index=far.index, record=far.encode())
    forge_size(scene, HUGE)

    assert f"it is entry {forged.index}" in await findings(scene)


@pytest.mark.parametrize("place", [-1, -(1 << 63), HUGE])
async def test_a_recording_outside_the_log_is_a_finding(scene: Scene, place: int) -> None:
    """A row that names no entry that could have sealed it is compared nevertheless."""
    sealed = await scene.upload(scene.acme.source, b"sound")
    state, stranger = scene.parts.database.state, RecordingId("stranger")
    state.recordings[stranger] = replace(scene.recording(sealed.recording), id=stranger, log_index=place)
    state.uploads[stranger] = state.uploads[sealed.recording]

    assert f"recording {stranger}: it is in the database, but no entry sealed it" in await findings(scene)


@pytest.mark.parametrize("tile", [(-1, 0), (64, 0), (1 << 40, 0)])
async def test_a_level_that_no_tile_has_is_an_error(scene: Scene, tile: tuple[int, int]) -> None:
    """Nothing is computed by its numbers."""
    scene.parts.database.state.tiles[tile] = bytes(8192)

    with pytest.raises(LogCorrupt, match=f"no log has a tile {tile[0]}/{tile[1]}"):
        await verify_log(scene.vault)
