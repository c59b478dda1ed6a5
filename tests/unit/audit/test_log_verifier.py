"""The log recomputed: whatever was done to it is found, and nothing is found in a log that is whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vault.audit.checkpoint import Checkpoint
from vault.audit.entry import Entry
from vault.audit.tiles import TILE_BYTES, Tile, tile_root
from vault.audit.tree import Frontier, leaf_hash
from vault.audit.verify import Finding, FindingKind, LogVerifier

NOON = datetime(2026, 11, 22, 12, 0, 0, 0, UTC)
SIZE = 600


def entry(index: int, *, second: int | None = None, actor: str = "k3") -> bytes:
    """Return the bytes of an entry, a second after the one before."""
    time = NOON + timedelta(seconds=index if second is None else second)
    return Entry(
        index=index, time=time, actor=actor, action="recording.opened", outcome="done", channel="http"
    ).encode()


LOG = [entry(index) for index in range(SIZE)]
LEAVES = [leaf_hash(data) for data in LOG]
FRONTIER = Frontier().extend(LEAVES)
CHECKPOINTS = {
    size: Checkpoint("callvault/k3", size, Frontier().extend(LEAVES[:size]).root())
    for size in (0, 1, 255, 256, 257, 400, SIZE)
}
TILES = {Tile(0, index): b"".join(LEAVES[index * 256 : index * 256 + 256]) for index in range(2)}

Rows = list[tuple[int, bytes]]
ROWS: Rows = list(enumerate(LOG))


def verify(
    rows: Rows,
    *,
    run: int = 1,
    checkpoints: dict[int, Checkpoint] | None = None,
    kept: Frontier | None = FRONTIER,
) -> tuple[Finding, ...]:
    """Verify rows against the example's checkpoints and tiles, in runs of that many."""
    verifier = LogVerifier(CHECKPOINTS if checkpoints is None else checkpoints)
    for tile, data in TILES.items():
        verifier.expect_tile(tile, data)
    for start in range(0, len(rows), run):
        if run == 1:
            verifier.feed(*rows[start])
        else:
            verifier.feed_run(rows[start][0], [data for _, data in rows[start : start + run]])
    return verifier.finish(kept)


def kinds(findings: Sequence[Finding]) -> set[tuple[FindingKind, int]]:
    """Return what was found and where, without the words."""
    return {(each.kind, each.index) for each in findings}


@pytest.mark.parametrize("run", [1, 7, 256, 1000])
def test_a_whole_log_is_whole(run: int) -> None:
    """Nothing is found in a log that nobody touched, however it is fed."""
    assert verify(ROWS, run=run) == ()


def test_the_recomputed_edge_is_handed_out() -> None:
    """The right edge comes from the entries, so that it can replace or check the kept one."""
    verifier = LogVerifier()
    verifier.feed_run(0, LOG)

    assert (verifier.size, verifier.frontier()) == (SIZE, FRONTIER)


@pytest.mark.parametrize("run", [1, 100])
@settings(max_examples=30, deadline=None)
@given(index=st.integers(0, 599))
def test_an_edited_entry_is_found(run: int, index: int) -> None:
    """An entry that was replaced by another valid one is found, by its index where a tile is kept."""
    rows = [*ROWS[:index], (index, entry(index, actor="k4")), *ROWS[index + 1 :]]

    found = kinds(verify(rows, run=run))

    assert (FindingKind.CHECKPOINT, SIZE) in found
    assert (FindingKind.FRONTIER, SIZE) in found
    assert ((FindingKind.TILE, index) in found) == (index < 512)
    assert all(size > index for kind, size in found if kind is FindingKind.CHECKPOINT)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 599), st.integers(1, 30))
def test_dropped_entries_are_found(index: int, count: int) -> None:
    """Entries that are gone from the middle or the end are found at the place where they were."""
    rows = ROWS[:index] + ROWS[index + count :]

    found = kinds(verify(rows))

    end = index + count >= SIZE
    assert ((FindingKind.TRUNCATED if end else FindingKind.MISSING), index) in found


def test_a_gap_hides_nothing_behind_it() -> None:
    """Behind a missing entry, an edited one is still found by its tile, and only that one."""
    rows = [row for row in ROWS if row[0] != 5]
    rows[300 - 1] = (300, entry(300, actor="k4"))

    assert kinds(verify(rows)) == {(FindingKind.MISSING, 5), (FindingKind.TILE, 300)}


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 598))
def test_reordered_entries_are_found(index: int) -> None:
    """Two entries that changed places are found, whether with their indexes or without."""
    with_indexes = [*ROWS[:index], ROWS[index + 1], ROWS[index], *ROWS[index + 2 :]]
    without = [*ROWS[:index], (index, LOG[index + 1]), (index + 1, LOG[index]), *ROWS[index + 2 :]]

    assert {(FindingKind.MISSING, index), (FindingKind.ORDER, index)} <= kinds(verify(with_indexes))
    assert {
        (FindingKind.INDEX, index),
        (FindingKind.INDEX, index + 1),
        (FindingKind.TIME, index + 1),
    } <= kinds(verify(without))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 599))
def test_a_duplicated_entry_is_found(index: int) -> None:
    """An entry that came twice is found, whether under its own index or by moving the rest."""
    same_index = [*ROWS[: index + 1], *ROWS[index:]]
    moved = list(enumerate([*LOG[: index + 1], *LOG[index:]]))

    assert kinds(verify(same_index)) == {(FindingKind.ORDER, index)}
    assert (FindingKind.INDEX, index + 1) in kinds(verify(moved))


@pytest.mark.parametrize("damage", [lambda d: d + b" ", lambda d: d[:-1], lambda _: b"", lambda _: b"\n"])
@pytest.mark.parametrize("run", [1, 64])
def test_a_malformed_entry_is_found(damage: Callable[[bytes], bytes], run: int) -> None:
    """Bytes that are no entry are found, among many fed at once too."""
    rows = [*ROWS[:70], (70, damage(LOG[70])), *ROWS[71:]]

    found = kinds(verify(rows, run=run))

    assert {kind for kind in found if kind[0] is FindingKind.MALFORMED} == {(FindingKind.MALFORMED, 70)}
    assert (FindingKind.TILE, 70) in found


def test_time_going_back_is_found_in_a_log_that_is_otherwise_consistent() -> None:
    """A log whose hashes all agree is still wrong when time goes back in it; a standstill is right."""
    seconds = [0, 1, 1, 5, 3, 4]
    rows = [(index, entry(index, second=second)) for index, second in enumerate(seconds)]
    verifier = LogVerifier()

    for row in rows:
        verifier.feed(*row)

    assert kinds(verifier.finish()) == {(FindingKind.TIME, 4)}


def test_a_log_rolled_back_below_a_checkpoint_is_found() -> None:
    """An older state of the log, right in itself, does not pass where a later one was signed."""
    older = Frontier().extend(LEAVES[:300])
    verifier = LogVerifier(CHECKPOINTS)
    verifier.feed_run(0, LOG[:300])

    found = kinds(verifier.finish(older))

    assert found == {(FindingKind.TRUNCATED, 300)}
    assert kinds(LogVerifier(CHECKPOINTS).finish()) == {(FindingKind.TRUNCATED, 0)}


def test_a_rewritten_log_is_found() -> None:
    """A log rewritten from some entry on, with its edge and tiles, fails at the next kept checkpoint."""
    forged = [*LOG[:390], *(entry(index, actor="k4") for index in range(390, SIZE))]
    verifier = LogVerifier(CHECKPOINTS)
    verifier.feed_run(0, forged)

    found = verifier.finish(Frontier().extend(map(leaf_hash, forged)))

    assert kinds(found) == {(FindingKind.CHECKPOINT, 400), (FindingKind.CHECKPOINT, SIZE)}


def test_a_wrong_checkpoint_of_the_empty_log_is_found() -> None:
    """Even the checkpoint of an empty log is compared."""
    wrong = {0: Checkpoint("callvault/k3", 0, bytes(32))}

    assert (FindingKind.CHECKPOINT, 0) in kinds(verify(ROWS, checkpoints=wrong))


@pytest.mark.parametrize("kept", [None, b"", TILES[Tile(0, 1)][:-32], bytes(TILE_BYTES)])
def test_a_damaged_tile_is_found(kept: bytes | None) -> None:
    """A kept tile that is gone, cut or changed is found though every entry is right."""
    verifier = LogVerifier(CHECKPOINTS)
    verifier.expect_tile(Tile(0, 1), kept)
    verifier.feed_run(0, LOG)

    found = verifier.finish(FRONTIER)

    assert {each.kind for each in found} == {FindingKind.TILE}
    assert found[0].index == 256


def test_a_tile_that_the_log_does_not_fill_is_found() -> None:
    """A kept tile beyond the end of the entries is evidence that there were more."""
    verifier = LogVerifier()
    verifier.expect_tile(Tile(0, 2), bytes(TILE_BYTES))
    verifier.feed_run(0, LOG)

    assert kinds(verifier.finish()) == {(FindingKind.TILE, 512)}


def test_tiles_of_higher_levels_are_compared() -> None:
    """A tile above the leaves is recomputed and compared too; a difference names the entries below it."""
    run = [entry(index) for index in range(65_536)]
    leaf_tiles = [b"".join(map(leaf_hash, run[start : start + 256])) for start in range(0, len(run), 256)]
    right = b"".join(tile_root(each) for each in leaf_tiles)
    wrong = right[: 32 * 9] + bytes(32) + right[32 * 10 :]

    verifier = LogVerifier()
    verifier.expect_tile(Tile(1, 0), wrong)
    verifier.feed_run(0, run)

    assert kinds(verifier.finish()) == {(FindingKind.TILE, 9 * 256)}


def test_an_absurd_index_ends_the_work_at_once() -> None:
    """A forged index far away is one finding, not hours of counting."""
    found = verify([*ROWS[:5], (2**60, LOG[5]), (2**60 + 1, LOG[6])])

    assert kinds(found) == {(FindingKind.MISSING, 5)}


def test_findings_are_bounded() -> None:
    """A log that is wrong throughout is summed up rather than filling the memory."""
    verifier = LogVerifier()
    for index in range(10_050):
        verifier.feed(index, b"")

    found = verifier.finish()

    assert len(found) == 10_001
    assert found[-1].kind is FindingKind.MORE
    assert "50 more" in found[-1].message


def cut(row: Rows, at: int) -> Rows:
    """Leave an entry out."""
    return row[:at] + row[at + 1 :]


def swap(row: Rows, at: int) -> Rows:
    """Let two entries change places, their indexes with them."""
    return [*row[:at], *reversed(row[at : at + 2]), *row[at + 2 :]]


def again(row: Rows, at: int) -> Rows:
    """Bring an entry twice."""
    return [*row[: at + 1], *row[at:]]


def put(data: Callable[[int], bytes]) -> Callable[[Rows, int], Rows]:
    """Put something else in an entry's place."""
    return lambda row, at: [*row[:at], (row[at][0], data(row[at][0])), *row[at + 1 :]]


TRICKS = (
    cut,
    swap,
    again,
    put(lambda index: entry(index, actor="k4")),
    put(lambda index: entry(index + 1)),
    put(lambda index: entry(index, second=index - 3)),
    put(lambda index: entry(index, second=index + 3)),
    put(lambda index: entry(index) + b"\n" + entry(index + 1)),
    put(lambda _: b""),
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(TRICKS), st.integers(0, 590)), max_size=3),
    st.integers(0, 300),
    st.sampled_from([2, 100, 256, 300, 1000]),
)
def test_a_run_hides_nothing(
    tricks: list[tuple[Callable[[Rows, int], Rows], int]], begun: int, most: int
) -> None:
    """Whatever was done to a log, and however it is cut into runs: the same is found as entry by entry."""
    rows = ROWS
    for trick, at in tricks:
        rows = trick(rows, at)
    one_by_one, in_runs = LogVerifier(CHECKPOINTS), LogVerifier(CHECKPOINTS)
    for verifier in (one_by_one, in_runs):
        for tile, data in TILES.items():
            verifier.expect_tile(tile, data)

    for index, data in rows:
        one_by_one.feed(index, data)
    for index, data in rows[:begun]:
        in_runs.feed(index, data)
    for first, run in runs_of(rows[begun:], most):
        in_runs.feed_run(first, run)

    found = one_by_one.finish(FRONTIER)
    assert in_runs.finish(FRONTIER) == found
    assert bool(found) == (rows != ROWS)


def runs_of(rows: Rows, most: int) -> list[tuple[int, list[bytes]]]:
    """Cut rows into runs of consecutive indexes."""
    runs: list[tuple[int, list[bytes]]] = []
    for index, data in rows:
        if not runs or index != runs[-1][0] + len(runs[-1][1]) or len(runs[-1][1]) == most:
            runs.append((index, []))
        runs[-1][1].append(data)
    return runs
