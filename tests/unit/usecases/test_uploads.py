"""Uploads: sealed as they come, all or nothing, the same again once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from keys.age import HybridIdentity
from keys.errors import NoMatchingIdentity
from tests.fakes.keyring import keyring
from tests.fakes.scene import OPERATOR, Scene, body_of, digest, read_all
from vault.domain.call import CallDetails, Direction
from vault.domain.event import Action
from vault.domain.names import RecordingId
from vault.domain.recording import payload_digest
from vault.ports.repositories import Period
from vault.sealing import header
from vault.usecases.confirm_receipt import confirm_receipt
from vault.usecases.list_waiting import list_waiting
from vault.usecases.open_recording import open_recording
from vault.usecases.seal_recording import Upload, seal_recording

SOUND = bytes(range(256)) * 700  # three chunks, the last one short
CALL = CallDetails(call_id="1795305066.3", file_name="a.wav")


async def openers(scene: Scene, recording: RecordingId) -> set[str]:
    """Return who can open the recording, tried with every identity there is."""
    found = scene.recording(recording)
    sealed = scene.parts.database.state.headers[recording]
    named = (await keyring(scene)).named()
    return {name for name, identity in named.items() if await _opens(scene, found.id, sealed, identity)}


async def _opens(scene: Scene, recording: RecordingId, sealed: bytes, identity: HybridIdentity) -> bool:
    try:
        await header.open_file_key(scene.vault, scene.recording(recording), sealed, identity)
    except NoMatchingIdentity:
        return False
    return True


async def test_the_receipt_is_true(scene: Scene) -> None:
    """The receipt names size, digest and place in the log; the recording can be collected and is the same."""
    receipt = await scene.upload(scene.acme.source, SOUND)

    assert (receipt.sha256, receipt.bytes, receipt.created) == (digest(SOUND), len(SOUND), True)
    entry, row = (await scene.log())[receipt.log_index].entry, scene.recording(receipt.recording)
    assert (entry.action, entry.recording, entry.time) == (
        Action.RECORDING_SEALED,
        receipt.recording,
        receipt.sealed_at,
    )
    assert entry.facts == {
        "source": scene.acme.source.id,
        "customer": scene.acme.customer.id,
        "sha256": receipt.sha256,
        "bytes": receipt.bytes,
        "payload": payload_digest(row.blob, row.nonce),
    }
    opened = await open_recording(scene.vault, await scene.visitor(scene.acme), receipt.recording)
    assert await read_all(opened) == SOUND


async def test_a_customers_call_opens_for_three(scene: Scene) -> None:
    """Processor-side: the customer, the DPO office and the tech managers, tried with every identity."""
    receipt = await scene.upload(scene.acme.source, SOUND)

    assert await openers(scene, receipt.recording) == {"acme", "office", "tech"}


async def test_the_companys_own_call_opens_for_the_office(scene: Scene) -> None:
    """Controller-side: the DPO office alone, and the log says whose call it is."""
    receipt = await scene.upload(scene.own, SOUND)

    assert await openers(scene, receipt.recording) == {"office"}
    assert (await scene.log())[receipt.log_index].entry.facts["own"] is True


async def test_nothing_lies_open(scene: Scene) -> None:
    """Neither sound nor file name nor numbers are found in store, database or log."""
    sound = b"a sentence that was spoken " * 10_000
    details = CallDetails(file_name="secret-name.wav", call_id="1795305066.3", calling=("+442079460000",))
    await scene.upload(scene.acme.source, sound, details)

    state = scene.parts.database.state
    kept = repr(state).encode() + b"".join(scene.parts.blobs.blobs.values())
    for secret in (b"a sentence that was spoken", b"secret-name", b"1795305066", b"2079460000"):
        assert secret not in kept


async def test_headers_are_not_to_be_swapped(scene: Scene) -> None:
    """Another recording's header under this one's slot, or this one's row changed, opens nothing."""
    first, second = [await scene.upload(scene.acme.source, sound) for sound in (b"one", b"two")]
    state = scene.parts.database.state
    visitor = await scene.visitor(scene.acme)
    state.headers[first.recording], state.headers[second.recording] = (
        state.headers[second.recording],
        state.headers[first.recording],
    )

    with pytest.raises(Exception, match="does not authenticate"):
        await open_recording(scene.vault, visitor, first.recording)
    state.recordings[second.recording] = replace(scene.recording(second.recording), sha256=digest(b"x"))
    with pytest.raises(Exception, match="does not authenticate"):
        await open_recording(scene.vault, visitor, second.recording)


@pytest.mark.parametrize("details", [CALL, CallDetails(call_id="7"), CallDetails(file_name="a.wav")])
async def test_the_same_again_is_one_recording(scene: Scene, details: CallDetails) -> None:
    """By call id or else by name, the same content gets the same receipt, and is stored once."""
    first = await scene.upload(scene.acme.source, SOUND, details)
    scene.parts.clock.advance(scene.parts.policy.link_lifetime)
    again = await scene.upload(scene.acme.source, SOUND, details)

    assert again == replace(first, created=False)
    assert len(scene.parts.blobs.blobs) == 1
    assert len(await scene.log(Action.RECORDING_SEALED)) == 1


async def test_the_same_again_after_collection(scene: Scene) -> None:
    """A PBX that sends again what was collected gets its receipt, and nothing comes back."""
    first = await scene.upload(scene.acme.source, SOUND, CALL)
    visitor = await scene.visitor(scene.acme)
    await confirm_receipt(scene.vault, visitor, first.recording, first.sha256)
    blobs = dict(scene.parts.blobs.blobs)

    assert await scene.upload(scene.acme.source, SOUND, CALL) == replace(first, created=False)
    assert scene.parts.blobs.blobs == blobs
    assert not await list_waiting(scene.vault, visitor)


async def test_the_same_again_without_its_payload(scene: Scene) -> None:
    """Where the payload is gone, the same upload is sealed anew: the old receipt would promise nothing."""
    first = await scene.upload(scene.acme.source, SOUND, CALL)
    scene.parts.blobs.blobs.clear()

    second = await scene.upload(scene.acme.source, SOUND, CALL)

    assert second.created
    assert second.recording != first.recording
    visitor = await scene.visitor(scene.acme)
    assert await read_all(await open_recording(scene.vault, visitor, second.recording)) == SOUND
    assert await scene.upload(scene.acme.source, SOUND, CALL) == replace(second, created=False)


@pytest.mark.parametrize("period", [Period.DAY_DETAILS, Period.MONTH_INDEX])
async def test_an_upload_for_a_period_that_was_erased(scene: Scene, period: Period) -> None:
    """A late call of an erased day or month is taken; what was erased stays so, and lists go on."""
    began = datetime(2026, 3, 4, tzinfo=UTC)
    details = replace(CALL, calling=("+442079460000",), started_at=began)
    first = await scene.upload(scene.acme.source, SOUND, details)
    day = began.date() if period is Period.DAY_DETAILS else began.date().replace(day=1)
    slot = scene.parts.database.state.periods[period, day]
    await scene.vault.slots.destroy([slot])

    second = await scene.upload(scene.acme.source, SOUND[:-1], details)

    listed = await list_waiting(scene.vault, await scene.visitor(scene.acme))
    known = {item.recording.id: item.details for item in listed}
    assert known.keys() == {first.recording, second.recording}
    assert known[second.recording].calling == details.calling
    assert (known[first.recording] == CallDetails()) is (period is Period.DAY_DETAILS)
    assert slot in scene.parts.database.state.slots_destroyed


async def test_the_same_again_at_once(scene: Scene) -> None:
    """The same upload eight times in parallel is one recording and one receipt."""
    receipts = await asyncio.gather(*(scene.upload(scene.acme.source, SOUND, CALL) for _ in range(8)))

    assert len({receipt.recording for receipt in receipts}) == 1
    assert sum(receipt.created for receipt in receipts) == 1
    assert len(scene.parts.blobs.blobs) == 1


async def test_what_is_not_the_same(scene: Scene) -> None:
    """Other content, another call, another source, or nothing to tell by: each is a recording of its own."""
    uploads = [
        (scene.acme.source, SOUND, CALL),
        (scene.acme.source, SOUND + b"!", CALL),
        (scene.acme.source, SOUND, replace(CALL, call_id="8")),
        (scene.zenith.source, SOUND, CALL),
        (scene.acme.source, SOUND, CallDetails(file_name="a.wav")),
        (scene.acme.source, SOUND, CallDetails(file_name="b.wav")),
        (scene.acme.source, SOUND, CallDetails()),
        (scene.acme.source, SOUND, CallDetails()),
    ]
    receipts = [await scene.upload(*upload) for upload in uploads]

    assert len({receipt.recording for receipt in receipts}) == len(uploads)
    assert len({receipt.log_index for receipt in receipts}) == len(uploads)


async def test_call_details_come_back(scene: Scene) -> None:
    """Whatever the source told is shown to the customer as it was, with the length the file itself tells."""
    details = CallDetails(
        file_name="caf\u00e9.wav",
        call_id="7",
        calling=("+44 20 7946 0000", "101"),
        called="020 7946 0001",
        diverted_by=("anonymous",),
        started_at=datetime(2026, 11, 19, 23, 59, 59, 500, tzinfo=UTC),
        direction=Direction.INBOUND,
        carrier="BT",
        agent="=1+1",
        content_type="audio/wav",
    )
    content = (
        Path(__file__).parents[2] / "fixtures" / "recordings" / "asterisk16-killed-header0.wav"
    ).read_bytes()
    receipt = await scene.upload(scene.acme.source, content, details)

    (listed,) = await list_waiting(scene.vault, await scene.visitor(scene.acme))

    assert listed.recording.id == receipt.recording
    assert listed.details == replace(details, duration_seconds=2.048, header_incomplete=True)


async def test_a_told_duration_counts(scene: Scene) -> None:
    """The duration that the source announced is kept over the one of the file."""
    await scene.upload(scene.acme.source, bytes(8000), CallDetails(file_name="a.ulaw", duration_seconds=7.5))

    (listed,) = await list_waiting(scene.vault, await scene.visitor(scene.acme))
    assert listed.details.duration_seconds == 7.5


async def test_a_day_shares_a_slot(scene: Scene) -> None:
    """Details of one day lie under one slot; destroying it erases what was known of that day's calls only."""
    days = [datetime(2026, 11, day, 12, tzinfo=UTC) for day in (18, 18, 19)]
    receipts = [
        await scene.upload(scene.acme.source, bytes([n]), CallDetails(call_id=str(n), started_at=day))
        for n, day in enumerate(days)
    ]
    periods = scene.parts.database.state.periods
    (slot,) = [number for (_, day), number in periods.items() if day == days[0].date()]
    await scene.vault.slots.destroy([slot])

    listed = await list_waiting(scene.vault, await scene.visitor(scene.acme))

    assert [each.recording.id for each in listed] == [each.recording for each in reversed(receipts)]
    assert [each.details.call_id for each in listed] == ["2", None, None]


async def test_operators_are_no_sources(scene: Scene) -> None:
    """The entry names whoever brought the recording."""
    receipt = await seal_recording(scene.vault, scene.own, Upload(), body_of(b"sound"), by=OPERATOR)

    assert (await scene.log())[receipt.log_index].entry.actor == OPERATOR.id
