"""A hold beats every end; the last one lifted ends what its customer had collected meanwhile."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

import pytest

from keys.errors import SlotsUnavailable
from tests.fakes.scene import OPERATOR, Scene, read_all
from tests.fakes.slots import MemorySlots
from tests.harness.staff import custodian, dana
from vault.domain.event import Action
from vault.domain.hold import LegalHold
from vault.domain.names import CustomerName
from vault.domain.recording import RecordingState
from vault.domain.staff import Role
from vault.errors import (
    AccessDenied,
    Ambiguous,
    Closed,
    Collected,
    Conflict,
    Invalid,
    LogUnavailable,
    NotFound,
)
from vault.sealing.terms import terms_fact
from vault.usecases.change_customer import change_customer
from vault.usecases.confirm_receipt import ReceiptState, confirm_receipt
from vault.usecases.list_recordings import show_recording
from vault.usecases.open_recording import open_recording
from vault.usecases.place_hold import place_hold
from vault.usecases.recover import recover
from vault.usecases.release_hold import ReleasedHold, release_hold
from vault.usecases.seal_recording import UploadReceipt
from vault.usecases.unlock_staff import Custodian
from vault.usecases.verify_log import verify_log

CASE = "H-2026/7"


class Undestroyable(MemorySlots):
    """Slots whose disk can be written no more, but for the head."""

    async def destroy(self, numbers: Iterable[int]) -> bool:
        """Fail."""
        raise SlotsUnavailable(f"no disk for {list(numbers)}")


@pytest.fixture
async def sealed(scene: Scene) -> UploadReceipt:
    """Return a recording that waits for acme."""
    return await scene.upload(scene.acme.source, b"sound")


async def dpo(scene: Scene) -> Custodian:
    """Return Dana, unlocked."""
    return await dana(scene.vault, scene.founding.passphrase)


async def hold(scene: Scene, *recordings: str, case: str = CASE) -> LegalHold:
    """Place a hold; return the last one."""
    return (await place_hold(scene.vault, await dpo(scene), recordings, case=case))[-1]


async def release(scene: Scene, which: str) -> ReleasedHold:
    """Release what must be one hold."""
    (released,) = await release_hold(scene.vault, await dpo(scene), which)
    return released


async def collect(scene: Scene, sealed: UploadReceipt) -> ReceiptState:
    """Prove that acme holds it; return what became of it."""
    visitor = await scene.visitor(scene.acme)
    return (await confirm_receipt(scene.vault, visitor, sealed.recording, sealed.sha256)).state


def alive(scene: Scene, sealed: UploadReceipt) -> bool:
    """Say whether any mirror still has the recording's slot."""
    return scene.parts.slots.alive(scene.recording(sealed.recording).slot)


async def test_a_hold_is_on_record(scene: Scene, sealed: UploadReceipt) -> None:
    """Its entry names hold and review; the case lies in the detail row. `show` tells of it."""
    (placed,) = await place_hold(
        scene.vault,
        await dpo(scene),
        [sealed.recording[:9]],
        case=f" {CASE} ",
        review_on=date(2027, 3, 1),
    )

    (entry,) = await scene.log(Action.HOLD_PLACED)
    assert entry.entry.recording == sealed.recording
    assert entry.entry.facts == {
        "hold": placed.id,
        "customer": scene.acme.customer.id,
        "review_on": "2027-03-01",
        **terms_fact(scene.vault.keys, placed),
    }
    assert entry.detail == {"name": "dana", "case": CASE}
    assert list((await show_recording(scene.vault, sealed.recording, by=OPERATOR)).holds) == [placed]


async def test_the_last_hold_lifted_ends_what_was_collected(scene: Scene, sealed: UploadReceipt) -> None:
    """While one of two holds stands it is kept; with the second it is destroyed, certified, and verifies."""
    first, second = await hold(scene, sealed.recording), await hold(scene, sealed.recording, case="other")
    assert await collect(scene, sealed) is ReceiptState.HELD

    assert await release(scene, first.id) == ReleasedHold(first.release(scene.parts.clock.now()), ends=False)
    assert alive(scene, sealed)
    visitor = await scene.visitor(scene.acme)
    assert await read_all(await open_recording(scene.vault, visitor, sealed.recording)) == b"sound"
    ended = await release(scene, second.id[:8])

    assert (ended.ends, ended.certificate is not None) == (True, True)
    assert scene.recording(sealed.recording).state is RecordingState.SHREDDED
    assert not alive(scene, sealed)
    facts = [each.entry.facts for each in await scene.log(Action.HOLD_RELEASED)]
    assert ["collected" in each for each in facts] == [False, True]
    assert (await verify_log(scene.vault)).findings == []


async def test_lifting_ends_nothing_that_was_not_collected(scene: Scene, sealed: UploadReceipt) -> None:
    """What still waits, and the company's own, only lose their hold."""
    own = await scene.upload(scene.own, b"own")
    await hold(scene, sealed.recording, own.recording)

    released = await release_hold(scene.vault, await dpo(scene), CASE)

    assert [each.ends for each in released] == [False, False]
    assert alive(scene, sealed)
    assert alive(scene, own)
    assert await collect(scene, sealed) is ReceiptState.SHREDDED


async def test_a_regime_keeps_what_a_hold_let_go(scene: Scene, sealed: UploadReceipt) -> None:
    """Where the customer's instruction keeps collected recordings, lifting the hold destroys nothing."""
    await change_customer(
        scene.vault, CustomerName("acme"), delete_on_collection=False, instructed_by="J. Smith", by=OPERATOR
    )
    await hold(scene, sealed.recording)
    assert await collect(scene, sealed) is ReceiptState.HELD

    assert not (await release(scene, CASE)).ends
    assert alive(scene, sealed)


async def test_all_are_held_or_none(scene: Scene, sealed: UploadReceipt) -> None:
    """One recording that can't be held, for whatever reason, leaves the others without a hold too."""
    ended = await scene.upload(scene.acme.source, b"ended")
    await collect(scene, ended)
    own = await scene.upload(scene.own, b"own")
    await hold(scene, own.recording)
    for bad, error in (
        (ended.recording, Collected), (own.recording, Conflict), ("zzzz", NotFound), ("", Ambiguous),
    ):  # fmt: skip
        with pytest.raises(error):
            await hold(scene, sealed.recording, bad)
    for case in ("", " ", "x" * 101, "a\nb"):
        with pytest.raises(Invalid):
            await hold(scene, sealed.recording, case=case)
    with pytest.raises(Invalid):
        await hold(scene)

    assert [each.recording for each in scene.parts.database.state.holds.values()] == [own.recording]
    assert len(await scene.log(Action.HOLD_PLACED)) == 1
    # Named twice it is held once.
    await hold(scene, sealed.recording, sealed.recording[:10])
    assert len(scene.parts.database.state.holds) == 2


async def test_what_is_not_in_force_is_not_released(scene: Scene, sealed: UploadReceipt) -> None:
    """A hold is released once; a case or id that nobody knows is not found."""
    placed = await hold(scene, sealed.recording)
    await release(scene, CASE)
    with pytest.raises(Closed):
        await release(scene, placed.id)
    for unknown in (CASE, "zzzz", "ÄÖÜ", ""):
        with pytest.raises(NotFound):
            await release(scene, unknown)


async def test_who_may_hold_and_who_may_let_go(scene: Scene, sealed: UploadReceipt) -> None:
    """A tech manager places holds; a DPO alone releases them, for that may destroy; a manager neither."""
    tom = await custodian(scene.vault, await dpo(scene), "tom", Role.TECH_MANAGER)
    mia = await custodian(scene.vault, await dpo(scene), "mia", Role.MANAGER)
    with pytest.raises(AccessDenied):
        await place_hold(scene.vault, mia, [sealed.recording], case=CASE)
    await place_hold(scene.vault, tom, [sealed.recording], case=CASE)
    for person in (tom, mia):
        with pytest.raises(AccessDenied):
            await release_hold(scene.vault, person, CASE)

    (placed,) = await scene.log(Action.HOLD_PLACED)
    assert placed.entry.actor == tom.actor.id
    assert not await scene.log(Action.HOLD_RELEASED)
    assert (await release(scene, CASE)).hold.case == CASE


async def test_no_log_no_hold_and_no_release(scene: Scene, sealed: UploadReceipt) -> None:
    """What can't be put on record does not happen."""
    scene.parts.database.fail_commit_with(LogUnavailable("no disk"))
    with pytest.raises(LogUnavailable):
        await hold(scene, sealed.recording)
    scene.parts.database.fail_commit_with(None)
    await hold(scene, sealed.recording)
    await collect(scene, sealed)
    scene.parts.database.fail_commit_with(LogUnavailable("no disk"))
    with pytest.raises(LogUnavailable):
        await release(scene, CASE)
    scene.parts.database.fail_commit_with(None)

    assert scene.recording(sealed.recording).state is RecordingState.RETAINED
    assert alive(scene, sealed)


async def test_a_shred_that_waits_is_finished_later(scene: Scene, sealed: UploadReceipt) -> None:
    """With a mirror away, or after a crash, the release stands and the service finishes the destruction."""
    await hold(scene, sealed.recording)
    await collect(scene, sealed)
    scene.parts.slots.away = {1}

    released = await release(scene, CASE)

    assert (released.ends, released.certificate) == (True, None)
    assert scene.recording(sealed.recording).state is RecordingState.COLLECTED
    scene.parts.slots.away = set()
    await recover(scene.vault)
    assert scene.recording(sealed.recording).state is RecordingState.SHREDDED


async def test_slots_that_fail_do_not_undo_a_release(scene: Scene, sealed: UploadReceipt) -> None:
    """An error of the slots leaves the recording collected, and the caller with an answer."""
    await hold(scene, sealed.recording)
    await collect(scene, sealed)
    good = scene.parts.slots
    broken = scene.over(scene.parts.beside(Undestroyable(good.mirrors, good.away, good.head, good.head_size)))

    assert (await release(broken, CASE)).certificate is None
    assert broken.recording(sealed.recording).state is RecordingState.COLLECTED


async def test_verify_finds_a_release_undone(scene: Scene, sealed: UploadReceipt) -> None:
    """A row set back from collected to retained contradicts the release that ended it."""
    await hold(scene, sealed.recording)
    await collect(scene, sealed)
    scene.parts.slots.away = {1}
    await release(scene, CASE)
    state = scene.parts.database.state
    recording = state.recordings[sealed.recording]
    state.recordings[sealed.recording] = replace(recording, state=RecordingState.RETAINED)

    (finding,) = (await verify_log(scene.vault)).findings
    assert sealed.recording in finding
