"""Opening for a customer: on the log first, then the bytes, and nobody else's."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace

import pytest

from keys.errors import SlotMismatch, SlotsUnavailable
from tests.fakes.scene import VISITOR, Scene, read_all
from vault.domain.event import Action
from vault.domain.names import RecordingId
from vault.errors import Collected, LogUnavailable, NotFound, StoreUnavailable
from vault.usecases.authenticate import Visitor
from vault.usecases.confirm_receipt import confirm_receipt
from vault.usecases.list_waiting import list_waiting
from vault.usecases.open_recording import describe_recording, open_recording
from vault.usecases.sign_in import sign_in

SOUND = bytes(range(256)) * 1000


async def second_session(scene: Scene) -> Visitor:
    """Sign acme in once more."""
    password = scene.acme.password.reveal().decode()
    signed_in = await sign_in(scene.vault, customer="acme", password=password, by=VISITOR)
    return await scene.visitor(scene.acme, signed_in.token)


async def test_one_entry_for_each_session(scene: Scene) -> None:
    """Ranges, resumes and parallel readers of a session are one opening; another session is another."""
    receipt = await scene.upload(scene.acme.source, SOUND)
    visitor = await scene.visitor(scene.acme)
    for _ in range(2):
        await asyncio.gather(*(open_recording(scene.vault, visitor, receipt.recording) for _ in range(8)))
    await open_recording(scene.vault, await second_session(scene), receipt.recording)

    opened = await scene.log(Action.RECORDING_OPENED)

    assert len(opened) == 2
    assert {each.entry.actor for each in opened} == {f"customer:{scene.acme.customer.id}"}
    assert {each.entry.recording for each in opened} == {receipt.recording}
    assert opened[0].detail == {"name": "acme", "address": VISITOR.address}


async def test_no_log_no_bytes(scene: Scene) -> None:
    """While the log can't be written nothing opens, and once it can the opening is logged."""
    receipt = await scene.upload(scene.acme.source, SOUND)
    visitor = await scene.visitor(scene.acme)
    scene.parts.database.fail_commit_with(LogUnavailable("no disk"))
    with pytest.raises(LogUnavailable):
        await open_recording(scene.vault, visitor, receipt.recording)
    scene.parts.database.fail_commit_with(None)
    assert not await scene.log(Action.RECORDING_OPENED)

    await open_recording(scene.vault, visitor, receipt.recording)

    assert len(await scene.log(Action.RECORDING_OPENED)) == 1


async def test_no_reader_overtakes_the_entry(scene: Scene) -> None:
    """Of two readers at once both wait for the one entry's disk; if it fails, neither has a byte."""
    receipt = await scene.upload(scene.acme.source, SOUND)
    visitor = await scene.visitor(scene.acme)
    scene.parts.database.hold_commits()
    readers = [asyncio.create_task(open_recording(scene.vault, visitor, receipt.recording)) for _ in range(2)]
    await scene.parts.database.until_stuck(*readers)
    assert not any(reader.done() for reader in readers)
    scene.parts.database.release_commits(LogUnavailable("no disk"))

    outcomes = await asyncio.gather(*readers, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [LogUnavailable] * 2


async def test_others_recordings_do_not_exist(scene: Scene) -> None:
    """Another customer's, the company's own, and unknown recordings are not found, alike and unlogged."""
    foreign = await scene.upload(scene.zenith.source, SOUND)
    own = await scene.upload(scene.own, SOUND)
    visitor = await scene.visitor(scene.acme)
    entries = len(await scene.log())

    messages = set()
    for recording in (foreign.recording, own.recording, RecordingId("unknown"), RecordingId("")):
        for use_case in (open_recording, describe_recording):
            with pytest.raises(NotFound) as missing:
                await use_case(scene.vault, visitor, recording)
            messages.add(str(missing.value))
    assert len(messages) == 1
    assert len(await scene.log()) == entries
    assert await list_waiting(scene.vault, visitor) == []


async def test_describing_opens_nothing(scene: Scene) -> None:
    """A HEAD, by a link scanner or anybody, is no opening, changes nothing and needs no key."""
    receipt = await scene.upload(scene.acme.source, SOUND)
    before = scene.parts.database.state
    recording, _ = await describe_recording(scene.vault, await scene.visitor(scene.acme), receipt.recording)

    assert recording.bytes == len(SOUND)
    assert scene.parts.database.state is before


async def test_what_was_collected_is_gone(scene: Scene) -> None:
    """A collected recording opens in no session, is described to nobody, and waits no more."""
    receipt = await scene.upload(scene.acme.source, SOUND)
    visitor = await scene.visitor(scene.acme)
    other = await second_session(scene)
    await confirm_receipt(scene.vault, visitor, receipt.recording, receipt.sha256)

    for who in (visitor, other):
        for use_case in (open_recording, describe_recording):
            with pytest.raises(Collected):
                await use_case(scene.vault, who, receipt.recording)
        assert not await list_waiting(scene.vault, who)


async def test_a_row_whose_slot_is_zero_is_gone(scene: Scene) -> None:
    """Whatever the row says, without its slot a recording counts as destroyed, and no opening is logged."""
    receipt = await scene.upload(scene.acme.source, SOUND)
    await scene.vault.slots.destroy([scene.recording(receipt.recording).slot])

    with pytest.raises(Collected):
        await open_recording(scene.vault, await scene.visitor(scene.acme), receipt.recording)
    assert not await scene.log(Action.RECORDING_OPENED)


async def test_a_row_without_header_is_gone(scene: Scene) -> None:
    """A recording whose header is missing counts as destroyed."""
    receipt = await scene.upload(scene.acme.source, SOUND)
    scene.parts.database.state.headers.clear()

    with pytest.raises(Collected):
        await open_recording(scene.vault, await scene.visitor(scene.acme), receipt.recording)


async def test_a_recording_given_to_another_customer_stays_shut(scene: Scene) -> None:
    """Whoever writes another customer into the row gives it a recording that does not open."""
    receipt = await scene.upload(scene.zenith.source, SOUND)
    rows = scene.parts.database.state.recordings
    rows[receipt.recording] = replace(rows[receipt.recording], customer=scene.acme.customer.id)

    with pytest.raises(SlotMismatch):
        await open_recording(scene.vault, await scene.visitor(scene.acme), receipt.recording)
    assert not await scene.log(Action.RECORDING_OPENED)


async def test_collected_between_key_and_entry(scene: Scene) -> None:
    """A recording collected while it was being opened is not opened any more."""
    receipt = await scene.upload(scene.acme.source, SOUND)
    reader, collector = await scene.visitor(scene.acme), await second_session(scene)
    scene.parts.database.hold_commits()
    collecting = asyncio.create_task(
        confirm_receipt(scene.vault, collector, receipt.recording, receipt.sha256)
    )
    await scene.parts.database.until_stuck(collecting)

    with pytest.raises(Collected):
        await open_recording(scene.vault, reader, receipt.recording)

    scene.parts.database.release_commits()
    await collecting


async def test_readers_of_what_is_read_go_on(scene: Scene) -> None:
    """Reading in pieces or leaving early changes nothing; the store's trouble is told as such."""
    receipt = await scene.upload(scene.acme.source, SOUND)
    opened = await open_recording(scene.vault, await scene.visitor(scene.acme), receipt.recording)
    async with aclosing(opened.plaintext(10, len(SOUND))) as pieces:
        first = await anext(pieces)
    assert SOUND[10:].startswith(first)
    assert await read_all(opened) == SOUND

    scene.parts.blobs.down = True
    with pytest.raises(StoreUnavailable):
        await read_all(opened)


async def test_absent_slots_are_no_destruction(scene: Scene) -> None:
    """While the slots can't be reached a recording is unavailable, not gone."""
    receipt = await scene.upload(scene.acme.source, SOUND)
    visitor = await scene.visitor(scene.acme)
    scene.parts.slots.down = True

    with pytest.raises(SlotsUnavailable):
        await open_recording(scene.vault, visitor, receipt.recording)


async def test_what_waits_comes_in_pages(scene: Scene) -> None:
    """Pages follow each other without gap or repetition, newest first."""
    sealed = [(await scene.upload(scene.acme.source, bytes([n]))).recording for n in range(7)]
    visitor = await scene.visitor(scene.acme)
    seen: list[RecordingId] = []
    before = None
    while page := await list_waiting(scene.vault, visitor, before=before, limit=3):
        seen += [each.recording.id for each in page]
        before = page[-1].recording.log_index

    assert seen == sealed[::-1]
