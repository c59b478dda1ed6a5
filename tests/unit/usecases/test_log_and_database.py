"""`audit verify`: the log recomputed, and held against the database both ways."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest

from tests.fakes.scene import OPERATOR, Scene, digest
from tests.fakes.state import State
from vault.audit.entry import Entry
from vault.audit.tree import Frontier, leaf_hash
from vault.comparing.recordings import RecordingComparison
from vault.domain.event import SERVICE, Action, AuditEvent
from vault.domain.names import RecordingId
from vault.domain.recording import RecordingState
from vault.errors import LogCorrupt, NotFound
from vault.ports.log import EventFilter
from vault.usecases.confirm_receipt import confirm_receipt
from vault.usecases.open_recording import open_recording
from vault.usecases.prove_entry import prove_entry, sign_checkpoint
from vault.usecases.read_log import follow_events, list_events, show_event, show_proof
from vault.usecases.verify_log import verify_log

WAITING, SHREDDED = b"waiting", b"shredded"


async def busy(scene: Scene) -> tuple[RecordingId, RecordingId]:
    """Let things happen; return a recording that waits and one that is shredded."""
    waiting = await scene.upload(scene.acme.source, WAITING)
    ended = await scene.upload(scene.acme.source, SHREDDED)
    visitor = await scene.visitor(scene.acme)
    await open_recording(scene.vault, visitor, waiting.recording)
    await confirm_receipt(scene.vault, visitor, ended.recording, ended.sha256)
    return waiting.recording, ended.recording


async def append(scene: Scene, count: int) -> None:
    """Append so many entries at once."""
    async with scene.vault.unit_of_work() as work:
        for number in range(count):
            await work.log.append(AuditEvent(Action.SESSION_ENDED, SERVICE, facts={"number": number}))
        await work.commit()


async def findings(scene: Scene) -> str:
    """Return everything that is wrong, in one text."""
    return "\n".join((await verify_log(scene.vault)).findings)


async def test_an_honest_log_agrees(scene: Scene) -> None:
    """A vault in which things happened, several tiles long, verifies without a finding."""
    await busy(scene)
    kept = await sign_checkpoint(scene.vault)
    await append(scene, 600)
    heard: list[tuple[int, int]] = []

    verification = await verify_log(
        scene.vault, since=kept, progress=lambda done, of: heard.append((done, of))
    )

    assert verification.findings == []
    assert verification.size == len(await scene.log())
    assert verification.root == scene.parts.database.state.frontier.root()
    assert heard[-1] == (verification.size, verification.size)


async def test_pending_and_retained_recordings_agree(scene: Scene) -> None:
    """A recording that is collected while a mirror is away contradicts nothing."""
    sealed = await scene.upload(scene.acme.source, WAITING)
    scene.parts.slots.away = {1}
    await confirm_receipt(scene.vault, await scene.visitor(scene.acme), sealed.recording, sealed.sha256)

    assert await findings(scene) == ""


def edit_name(state: State, _: RecordingId, __: RecordingId) -> None:
    """Say in a detail row that somebody else did it."""
    state.entries[1] = replace(state.entries[1], detail={"staff": "dana", "name": "somebody else"})


def cut_salt(state: State, _: RecordingId, __: RecordingId) -> None:
    """Leave a detail row without its salt."""
    state.entries[1] = replace(state.entries[1], salt=None)


def put_nonsense(state: State, _: RecordingId, __: RecordingId) -> None:
    """Put what canonical JSON can't express into a detail row."""
    state.entries[1] = replace(state.entries[1], detail={"number": 1 << 60})


def change_digest(state: State, waiting: RecordingId, _: RecordingId) -> None:
    """Make the row speak of other bytes."""
    state.recordings[waiting] = replace(state.recordings[waiting], sha256=digest(b"other"))


def move_entry(state: State, waiting: RecordingId, _: RecordingId) -> None:
    """Point a row to another entry."""
    state.recordings[waiting] = replace(state.recordings[waiting], log_index=0)


def lose_row(state: State, waiting: RecordingId, _: RecordingId) -> None:
    """Let a sealed recording vanish."""
    del state.recordings[waiting]


def slip_in(state: State, waiting: RecordingId, _: RecordingId) -> None:
    """Add a recording that no entry sealed."""
    stranger = RecordingId("stranger")
    state.recordings[stranger] = replace(state.recordings[waiting], id=stranger, log_index=1)
    state.uploads[stranger] = state.uploads[waiting]


def pretend_destruction(state: State, waiting: RecordingId, _: RecordingId) -> None:
    """Call a recording shredded that never was."""
    state.recordings[waiting] = replace(state.recordings[waiting], state=RecordingState.SHREDDED)


def pretend_entry(state: State, waiting: RecordingId, _: RecordingId) -> None:
    """Name an entry that destroyed it, where there is none."""
    state.recordings[waiting] = replace(
        state.recordings[waiting], state=RecordingState.SHREDDED, shred_log_index=3
    )


def revive(state: State, _: RecordingId, ended: RecordingId) -> None:
    """Let a shredded recording wait again."""
    state.recordings[ended] = replace(state.recordings[ended], state=RecordingState.WAITING)


def give_away(state: State, waiting: RecordingId, _: RecordingId) -> None:
    """Make a recording another customer's."""
    zenith = next(each for each in state.customers.values() if each.name == "zenith")
    state.recordings[waiting] = replace(state.recordings[waiting], customer=zenith.id)


def pretend_collection(state: State, waiting: RecordingId, _: RecordingId) -> None:
    """Call a recording collected, so that the next start destroys it."""
    state.recordings[waiting] = replace(state.recordings[waiting], state=RecordingState.COLLECTED)


def pretend_receipt(state: State, waiting: RecordingId, _: RecordingId) -> None:
    """Call a recording received that nobody proved to hold."""
    state.recordings[waiting] = replace(state.recordings[waiting], state=RecordingState.RETAINED)


def erase_silently(state: State, _: RecordingId, __: RecordingId) -> None:
    """Drop a detail row."""
    state.entries[1] = replace(state.entries[1], salt=None, detail=None)


def revive_wholly(state: State, _: RecordingId, ended: RecordingId) -> None:
    """Let it wait again, and forget its entry too."""
    state.recordings[ended] = replace(
        state.recordings[ended], state=RecordingState.WAITING, shred_log_index=None
    )


@pytest.mark.parametrize(
    ("forge", "finding"),
    [
        (edit_name, "entry 1: its detail row was changed"),
        (cut_salt, "entry 1: its detail row was changed"),
        (put_nonsense, "entry 1: its detail row was changed"),
        (change_digest, "place or digest differ"),
        (move_entry, "place or digest differ"),
        (lose_row, "sealed by an entry, but not in the database"),
        (slip_in, "recording stranger: it is in the database, but no entry sealed it"),
        (pretend_destruction, "which its entries contradict"),
        (pretend_entry, "disagree on its destruction"),
        (revive, "which its entries contradict"),
        (revive_wholly, "disagree on its destruction"),
        (give_away, "customer, source or size differ"),
        (pretend_collection, "which its entries contradict"),
        (pretend_receipt, "which its entries contradict"),
        (erase_silently, "entry 1: its detail row is gone, and no entry says that it was erased"),
    ],
)
async def test_disagreements_are_found(
    scene: Scene, forge: Callable[[State, RecordingId, RecordingId], None], finding: str
) -> None:
    """Whatever a writer to the database changes beside the log is named, and nothing else is."""
    waiting, ended = await busy(scene)
    forge(scene.parts.database.state, waiting, ended)

    found = (await verify_log(scene.vault)).findings

    assert len(found) == 1
    assert finding in found[0]


async def test_a_revived_collection_is_found(scene: Scene) -> None:
    """What is on record as collected, its slot alive on some mirror, is not made to wait again unseen."""
    sealed = await scene.upload(scene.acme.source, WAITING)
    scene.parts.slots.away = {1}
    await confirm_receipt(scene.vault, await scene.visitor(scene.acme), sealed.recording, sealed.sha256)
    rows = scene.parts.database.state.recordings
    rows[sealed.recording] = replace(rows[sealed.recording], state=RecordingState.WAITING)

    assert "which its entries contradict" in await findings(scene)


async def test_slots_that_contradict_are_found(scene: Scene) -> None:
    """A slot destroyed under a waiting recording is named, and one that lives under a shredded one."""
    waiting, ended = await busy(scene)
    await scene.vault.slots.destroy([scene.recording(waiting).slot])
    for mirror in scene.parts.slots.mirrors:
        mirror[scene.recording(ended).slot] = bytes([1]) * 32

    assert sorted((await verify_log(scene.vault)).findings) == sorted(
        (
            f"recording {waiting}: it is waiting, but its slot is destroyed",
            f"recording {ended}: it is shredded, but its slot is not destroyed",
        )
    )


async def test_a_collection_meanwhile_is_no_finding(scene: Scene) -> None:
    """What is collected after the verification's snapshot has no slot any more, and contradicts nothing."""
    sealed = await scene.upload(scene.acme.source, WAITING)
    async with scene.vault.reading() as rows:
        size = await rows.events.size()
        entries = [Entry.decode(stored.record) async for stored in rows.events.scan(0, size)]
        visitor = await scene.visitor(scene.acme)
        await confirm_receipt(scene.vault, visitor, sealed.recording, sealed.sha256)
        comparison = RecordingComparison()
        await comparison.take(rows, entries, size)

        assert await comparison.finish(scene.vault, rows) == []


async def test_edited_entries_are_found(scene: Scene) -> None:
    """An entry that says something else, one that is missing, and one that is no entry are all named."""
    await append(scene, 300)
    entries = scene.parts.database.state.entries
    honest = Entry.decode(entries[5].record)
    entries[5] = replace(entries[5], record=replace(honest, actor="somebody").encode())
    assert "hash" in await findings(scene)

    entries[5] = replace(entries[5], record=b"no entry")
    assert await findings(scene)
    del entries[5]
    assert "missing" in await findings(scene)


async def test_kept_tiles_are_held_against_the_entries(scene: Scene) -> None:
    """A tile that is gone, one that was changed, and one that no entry fills are named, and no others."""
    await append(scene, 600)
    tiles = scene.parts.database.state.tiles
    assert await findings(scene) == ""

    first = tiles.pop((0, 0))
    assert await findings(scene) == "tile/0/000 is missing or cut short"
    tiles[0, 0] = first[:-1] + bytes([first[-1] ^ 1])
    assert await findings(scene) == "tile/0/000 differs from the entries at hash 255"
    tiles[0, 0] = first
    tiles[0, 7] = tiles[9, 0] = first
    assert [each.split()[0] for each in (await findings(scene)).splitlines()] == ["tile/0/007", "tile/9/000"]


async def test_a_shortened_log_is_found(scene: Scene) -> None:
    """A log cut back, its right edge made to fit, is shorter than what was signed."""
    await append(scene, 3)
    state = scene.parts.database.state
    newest = max(state.entries)
    del state.entries[newest]
    leaves = [leaf_hash(state.entries[index].record) for index in sorted(state.entries)]
    state.frontier = Frontier().extend(leaves)

    assert "was signed" in await findings(scene)


async def test_a_fork_is_found(scene: Scene) -> None:
    """A checkpoint kept by somebody from another course of the same log proves the fork."""
    fork = scene.copy()
    await append(scene, 2)
    await append(fork, 2)

    verification = await verify_log(scene.vault, since=await sign_checkpoint(fork.vault))

    assert any("two different logs" in finding for finding in verification.findings)


async def test_reading_the_log(scene: Scene) -> None:
    """Entries are listed newest first in pages, found by what they are about, shown, and followed."""
    waiting, _ = await busy(scene)
    log = await scene.log()

    newest = await list_events(scene.vault, EventFilter(), by=OPERATOR, limit=2)
    assert [each.entry.index for each in newest] == [len(log) - 1, len(log) - 2]
    older = await list_events(scene.vault, EventFilter(), by=OPERATOR, before=newest[-1].entry.index, limit=1)
    assert older[0].entry.index == len(log) - 3
    about = await list_events(scene.vault, EventFilter(recording=waiting), by=OPERATOR)
    assert [each.entry.action for each in about] == [Action.RECORDING_OPENED, Action.RECORDING_SEALED]
    assert await show_event(scene.vault, 1, by=OPERATOR) == log[1]
    with pytest.raises(NotFound):
        await show_event(scene.vault, 1000, by=OPERATOR)


async def test_every_reading_of_the_log_is_an_entry_of_it(scene: Scene) -> None:
    """Listing, showing, following and proving leave one entry each, which says how; none shows its own."""
    shown = await list_events(scene.vault, EventFilter(), by=OPERATOR, limit=1)
    await show_event(scene.vault, 3, by=OPERATOR)
    await show_proof(scene.vault, 4, by=OPERATOR)
    tail = [each async for each in follow_events(scene.vault, by=OPERATOR, lines=2, follow=False)]

    read = await scene.log(Action.LOG_READ)
    assert [each.entry.facts["how"] for each in read] == ["list", "show", "prove", "tail"]
    assert shown[0].entry.index == read[0].entry.index - 1
    assert [each.entry.index for each in tail] == [read[-1].entry.index - 2, read[-1].entry.index - 1]


async def test_following_shows_what_comes(scene: Scene) -> None:
    """Who follows sees the entry that says so, then each new one once; a missing one is passed over."""
    waited: list[float] = []

    async def wait(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 3:
            raise TimeoutError
        await append(scene, 100)
        if len(waited) == 2:
            del scene.parts.database.state.entries[len(log) + 130]

    log = await scene.log()
    followed: list[int] = []
    with suppress(TimeoutError):
        async for event in follow_events(scene.vault, by=OPERATOR, lines=1, wait=wait):
            followed.append(event.entry.index)  # noqa: PERF401 - it ends by an error

    last = len(log) + 200
    assert followed == [index for index in range(len(log) - 1, last + 1) if index != len(log) + 130]


async def test_every_entry_can_be_proven(scene: Scene) -> None:
    """Each entry is proven now and at the size it ended; none that is not there yet."""
    await append(scene, 5)
    log = await scene.log()
    for index in range(len(log)):
        for size in (None, index + 1):
            proof = await prove_entry(scene.vault, index, size=size)
            entry, checkpoint = proof.verify(scene.vault.keys.verifier)
            assert entry == log[index].entry
            assert checkpoint.size == (size or len(log))

    for index, size in [(len(log), None), (3, 3)]:
        with pytest.raises(NotFound):
            await prove_entry(scene.vault, index, size=size)


async def test_time_never_goes_back(scene: Scene) -> None:
    """A clock that is put back leaves the log in order."""
    scene.parts.clock.moment = scene.parts.clock.moment.replace(year=2020)
    await append(scene, 2)

    assert await findings(scene) == ""
    times = [each.entry.time for each in await scene.log()]
    assert times == sorted(times)


async def test_a_rewritten_entry_is_never_signed(scene: Scene) -> None:
    """A log edited under a running service gets neither proof nor certificate nor checkpoint."""
    _, ended = await busy(scene)
    kept = await scene.vault.slots.read_head()
    state = scene.parts.database.state
    index = next(at for at, entry in state.entries.items() if b'"recording.opened"' in entry.record)
    forged = state.entries[index].record.replace(b"customer:", b"customer:0")
    state.entries[index] = replace(state.entries[index], record=forged)
    grown = Frontier().extend(leaf_hash(state.entries[each].record) for each in sorted(state.entries))
    state.frontier = grown

    for attempt in (prove_entry(scene.vault, index), sign_checkpoint(scene.vault)):
        with pytest.raises(LogCorrupt):
            await attempt
    with pytest.raises(LogCorrupt):
        await confirm_receipt(scene.vault, await scene.visitor(scene.acme), ended, digest(SHREDDED))
    assert await scene.vault.slots.read_head() == kept
