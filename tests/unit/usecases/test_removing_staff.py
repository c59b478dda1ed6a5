"""Whoever leaves opens nothing more; whoever stays loses nothing, however the work is cut off."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import count

import pytest

from keys.age import HybridIdentity
from keys.errors import NoMatchingIdentity, SlotDestroyed
from keys.identities import unlock
from tests.fakes.keyring import by_password, keyring, locked_bytes, locked_identity
from tests.fakes.power import PowerCut
from tests.fakes.scene import DPO, OPERATOR, PBX, Scene, digest, read_all
from tests.harness.staff import add_person, custodian, dana
from vault.domain.event import Action
from vault.domain.names import RecordingId, StaffName
from vault.domain.recording import RecordingState
from vault.domain.renewal import Renewal
from vault.domain.staff import Group, Owner, Role
from vault.errors import AccessDenied, Closed, Conflict, LogCorrupt, NotFound
from vault.usecases.confirm_receipt import confirm_receipt
from vault.usecases.list_renewals import list_renewals
from vault.usecases.open_as_staff import open_as_staff
from vault.usecases.open_recording import open_recording
from vault.usecases.remove_staff import remove_staff
from vault.usecases.renew_seals import renew_seals
from vault.usecases.seal_recording import Upload, seal_recording
from vault.usecases.unlock_staff import Custodian, unlock_staff
from vault.usecases.verify_log import verify_log

DORA, TOM, MIA = StaffName("dora"), StaffName("tom"), StaffName("mia")
MANY = 15
"""Durable steps that somebody's leaving takes at least: else the cutting was not in earnest."""
SOUND = b"RIFF" + bytes(range(256)) * 3


@pytest.fixture
async def dpo(scene: Scene) -> Custodian:
    """Return Dana, unlocked."""
    return await dana(scene.vault, scene.founding.passphrase)


@pytest.fixture
async def recordings(scene: Scene) -> list[RecordingId]:
    """Return two of acme's and one of the company's own."""
    sources = (scene.acme.source, scene.acme.source, scene.own)
    return [
        (await scene.upload(source, SOUND + bytes([number]))).recording
        for number, source in enumerate(sources)
    ]


async def left(scene: Scene, dpo: Custodian, name: StaffName) -> None:
    """Let somebody leave, and do all that it takes."""
    await remove_staff(scene.vault, dpo, name)
    await renew_seals(scene.vault, dpo)


async def opened(scene: Scene, who: Custodian, recording: RecordingId) -> bytes:
    """Return what somebody of the staff hears."""
    return await read_all(await open_as_staff(scene.vault, who, recording, reason="a test"))


@pytest.mark.parametrize("role", Role)
async def test_who_left_does_not_come_in(scene: Scene, dpo: Custodian, role: Role) -> None:
    """The passphrase is refused, and with yesterday's database beside today's slots it unlocks nothing."""
    passphrase = await add_person(scene.vault, dpo, DORA, role)
    yesterday = scene.copy()
    member = scene.parts.database.state.staff[DORA]
    await left(scene, dpo, DORA)
    mixed = yesterday.over(yesterday.parts.beside(scene.parts.slots))

    for each in (scene, mixed):
        with pytest.raises(AccessDenied):
            await unlock_staff(each.vault, DORA, passphrase, by=OPERATOR)
    with pytest.raises(SlotDestroyed):
        await by_password(mixed, Owner.STAFF, member.id, passphrase)
    assert scene.parts.database.state.staff[DORA].removed_at is not None
    assert (await verify_log(scene.vault)).findings == []


async def test_an_identity_at_hand_opens_nothing_of_today(
    scene: Scene, dpo: Custodian, recordings: list[RecordingId]
) -> None:
    """A DPO who kept their own identity finds no lock, neither of today nor of yesterday, that it opens."""
    dora = await custodian(scene.vault, dpo, DORA, Role.DPO)
    yesterday = scene.copy()
    await left(scene, dpo, DORA)
    mixed = yesterday.over(yesterday.parts.beside(scene.parts.slots))

    with pytest.raises(NoMatchingIdentity):
        unlock(await locked_bytes(scene, Owner.GROUP, Group.DPO_OFFICE), [dora.own])
    for owner, owner_id, _ in yesterday.parts.database.state.identities:
        if owner in {Owner.GROUP, Owner.CUSTOMER}:
            with pytest.raises(SlotDestroyed):
                await locked_bytes(mixed, owner, owner_id)
    for recording in recordings:
        assert not scene.parts.slots.alive(yesterday.recording(recording).slot)


async def test_the_old_group_key_opens_nothing_of_today(
    scene: Scene, dpo: Custodian, recordings: list[RecordingId]
) -> None:
    """No header and no lock of today opens with the group's old identity, had somebody kept that."""
    ring = await keyring(scene)
    await add_person(scene.vault, dpo, DORA, Role.DPO)
    await left(scene, dpo, DORA)
    stale = replace(dpo, identities=(ring.office,))

    for recording in recordings:
        with pytest.raises(AccessDenied):
            await opened(scene, stale, recording)
    for owner, owner_id, generation in scene.parts.database.state.identities:
        lock = scene.parts.database.state.identities[owner, owner_id, generation]
        if lock.slot is not None and owner is not Owner.STAFF:
            with pytest.raises(NoMatchingIdentity):
                unlock(await locked_bytes(scene, owner, owner_id), [ring.office])


@pytest.mark.parametrize("role", [Role.DPO, Role.TECH_MANAGER])
async def test_who_stays_loses_nothing(
    scene: Scene, dpo: Custodian, recordings: list[RecordingId], role: Role
) -> None:
    """Customers by their old passwords, the staff by theirs, and recovery open what they opened before."""
    tom = await add_person(scene.vault, dpo, TOM, Role.TECH_MANAGER)
    await add_person(scene.vault, dpo, DORA, role)
    await left(scene, dpo, DORA)

    ring = await keyring(scene)
    again = await unlock_staff(scene.vault, DPO, scene.founding.passphrase, by=OPERATOR)
    manager = await unlock_staff(scene.vault, TOM, tom, by=OPERATOR)
    visitor = await scene.visitor(scene.acme)
    assert [len(await opened(scene, again, each)) for each in recordings] == [len(SOUND) + 1] * 3
    assert [len(await opened(scene, manager, each)) for each in recordings[:2]] == [len(SOUND) + 1] * 2
    with pytest.raises(AccessDenied):
        await opened(scene, manager, recordings[2])
    assert await read_all(await open_recording(scene.vault, visitor, recordings[0]))
    office = await locked_bytes(scene, Owner.GROUP, Group.DPO_OFFICE)
    assert unlock(office, [ring.recovery]) == again.identities[0] == ring.office
    assert len(again.identities) == 1


async def test_a_manager_who_leaves_costs_nothing_else(
    scene: Scene, dpo: Custodian, recordings: list[RecordingId]
) -> None:
    """No group knew a manager: no key is rotated and no header touched."""
    await add_person(scene.vault, dpo, MIA, Role.MANAGER)
    slots = [scene.recording(each).slot for each in recordings]
    await remove_staff(scene.vault, dpo, MIA)

    assert await list_renewals(scene.vault) == []
    assert [scene.recording(each).slot for each in recordings] == slots


async def test_payloads_stay_as_they_are(scene: Scene, dpo: Custodian, recordings: list[RecordingId]) -> None:
    """Sealing anew touches headers alone: every blob is what it was, under its name."""
    before = dict(scene.parts.blobs.blobs)
    await add_person(scene.vault, dpo, DORA, Role.DPO)
    await left(scene, dpo, DORA)

    assert scene.parts.blobs.blobs == before
    assert len(recordings) == len(before)


async def test_who_may_not_be_removed_or_remove(scene: Scene, dpo: Custodian) -> None:
    """The last DPO, oneself, nobody, somebody twice, and by a tech manager: nothing changes."""
    tom = await custodian(scene.vault, dpo, TOM, Role.TECH_MANAGER)
    await add_person(scene.vault, dpo, MIA, Role.MANAGER)
    await remove_staff(scene.vault, dpo, MIA)

    for name, error in ((DPO, Conflict), (StaffName("nobody"), NotFound), (MIA, Closed)):
        with pytest.raises(error):
            await remove_staff(scene.vault, dpo, name)
    with pytest.raises(AccessDenied):
        await remove_staff(scene.vault, tom, DPO)
    await add_person(scene.vault, dpo, DORA, Role.DPO)
    with pytest.raises(Conflict, match="themselves"):
        await remove_staff(scene.vault, dpo, DPO)
    assert scene.parts.database.state.staff[DPO].removed_at is None


async def test_leaving_is_on_record(scene: Scene, dpo: Custodian, recordings: list[RecordingId]) -> None:
    """Who removed whom, which key was rotated and what was sealed anew is on the log, names in the detail."""
    await add_person(scene.vault, dpo, TOM, Role.TECH_MANAGER)
    await left(scene, dpo, TOM)

    (removed,) = await scene.log(Action.STAFF_REMOVED)
    (rotated,) = await scene.log(Action.KEYS_ROTATED)
    (renewed,) = await scene.log(Action.KEYS_RENEWED)
    member = scene.parts.database.state.staff[TOM]
    assert removed.entry.facts == {"staff": member.id, "role": "tech-manager"}
    assert removed.detail == {"name": "dana", "staff": "tom"}
    assert rotated.entry.facts == {"owner": "group", "of": "tech-managers", "generation": 2}
    assert renewed.entry.facts["recordings"] == len(recordings)
    assert renewed.entry.facts["unopened"] == 0


async def test_an_upload_on_its_way_is_sealed_to_the_new_key(scene: Scene, dpo: Custodian) -> None:
    """What came in while somebody left is not sealed to the key that they had."""
    ring = await keyring(scene)
    await add_person(scene.vault, dpo, DORA, Role.DPO)

    async def body() -> AsyncIterator[bytes]:
        yield SOUND
        await left(scene, dpo, DORA)
        yield SOUND

    receipt = await seal_recording(scene.vault, scene.own, Upload(), body(), by=PBX)

    with pytest.raises(AccessDenied):
        await opened(scene, replace(dpo, identities=(ring.office,)), receipt.recording)
    again = await unlock_staff(scene.vault, DPO, scene.founding.passphrase, by=OPERATOR)
    assert await opened(scene, again, receipt.recording) == SOUND * 2


async def test_what_is_collected_meanwhile_stays_gone(
    scene: Scene, dpo: Custodian, recordings: list[RecordingId]
) -> None:
    """A recording that ends while headers are sealed anew has one certificate and comes back by nothing."""
    await add_person(scene.vault, dpo, DORA, Role.DPO)
    await remove_staff(scene.vault, dpo, DORA)
    visitor = await scene.visitor(scene.acme)
    target = recordings[0]
    answer = await confirm_receipt(scene.vault, visitor, target, digest(SOUND + b"\0"))
    await renew_seals(scene.vault, dpo)

    row = scene.recording(target)
    assert (row.state, answer.certificate is not None) == (RecordingState.SHREDDED, True)
    assert target not in scene.parts.database.state.headers
    assert not scene.parts.slots.alive(row.slot)
    assert (await verify_log(scene.vault)).findings == []


async def test_work_goes_on_where_power_went(
    scene: Scene, dpo: Custodian, recordings: list[RecordingId]
) -> None:
    """Cut off at any step, removal and sealing anew are finished by whoever goes on; nobody lost anything."""
    await add_person(scene.vault, dpo, DORA, Role.DPO)
    for step in count():
        trial = scene.copy()
        trial.parts.power.cut_at = step
        try:
            await left(trial, dpo, DORA)
        except PowerCut:
            after = trial.restarted()
        else:
            break
        again = await unlock_staff(after.vault, DPO, scene.founding.passphrase, by=OPERATOR)
        if after.parts.database.state.staff[DORA].removed_at is None:
            await remove_staff(after.vault, again, DORA)
        await renew_seals(after.vault, again)
        state = after.parts.database.state
        for number in state.slots_destroyed:
            assert not after.parts.slots.alive(number), step
        fresh = await unlock_staff(after.vault, DPO, scene.founding.passphrase, by=OPERATOR)
        assert len(fresh.identities) == 1
        for recording in recordings:
            assert await opened(after, fresh, recording)
        assert (await verify_log(after.vault)).findings == [], step
    assert step > MANY


async def test_others_go_on_and_newcomers_join_meanwhile(
    scene: Scene, dpo: Custodian, recordings: list[RecordingId]
) -> None:
    """While headers wait to be sealed anew, every DPO opens them all, and so does one who joins then."""
    await add_person(scene.vault, dpo, DORA, Role.DPO)
    tina = await add_person(scene.vault, dpo, "tina", Role.DPO)
    await remove_staff(scene.vault, dpo, DORA)

    other = await unlock_staff(scene.vault, StaffName("tina"), tina, by=OPERATOR)
    joined = await custodian(scene.vault, other, "nora", Role.DPO)
    for who in (other, joined):
        assert [bool(await opened(scene, who, each)) for each in recordings] == [True] * 3
    told: list[Renewal] = []
    await renew_seals(scene.vault, joined, told.append)
    assert told[0].left == told[0].total
    assert told[-1].left == 0
    assert await list_renewals(scene.vault) == []


async def test_two_who_leave_at_once_are_both_out(
    scene: Scene, dpo: Custodian, recordings: list[RecordingId]
) -> None:
    """Others leave before the first one's work is done: all are out, and all is finished in one go."""
    dora = await custodian(scene.vault, dpo, DORA, Role.DPO)
    tom = await custodian(scene.vault, dpo, TOM, Role.TECH_MANAGER)
    nora = await custodian(scene.vault, dpo, "nora", Role.DPO)
    for name in (DORA, TOM, StaffName("nora")):
        again = await unlock_staff(scene.vault, DPO, scene.founding.passphrase, by=OPERATOR)
        await remove_staff(scene.vault, again, name)
    finished = await renew_seals(scene.vault, again)

    assert [renewal.generation for renewal in finished] == [2, 2, 3]
    assert sum(renewal.unopened for renewal in finished) == 0
    for gone in (dora, tom, nora):
        for group in Group:
            with pytest.raises(NoMatchingIdentity):
                unlock(await locked_bytes(scene, Owner.GROUP, group), [gone.own])
    fresh = await unlock_staff(scene.vault, DPO, scene.founding.passphrase, by=OPERATOR)
    assert [bool(await opened(scene, fresh, each)) for each in recordings] == [True] * 3


async def test_a_header_that_does_not_open_stops_nobody(
    scene: Scene, dpo: Custodian, recordings: list[RecordingId]
) -> None:
    """A damaged header is counted and left as it is; the others are sealed anew."""
    await add_person(scene.vault, dpo, DORA, Role.DPO)
    await remove_staff(scene.vault, dpo, DORA)
    scene.parts.database.state.headers[recordings[1]] = b"not what it was"
    (renewal,) = await renew_seals(scene.vault, dpo)

    assert (renewal.unopened, renewal.recordings_done) == (1, 3)
    again = await unlock_staff(scene.vault, DPO, scene.founding.passphrase, by=OPERATOR)
    assert await opened(scene, again, recordings[2])


async def test_an_old_key_put_back_is_found_out(scene: Scene, dpo: Custodian) -> None:
    """Who writes yesterday's row over a rotation gets nothing sealed to it, and `audit verify` names it."""
    await add_person(scene.vault, dpo, DORA, Role.DPO)
    old = await locked_identity(scene, Owner.GROUP, Group.DPO_OFFICE)
    await left(scene, dpo, DORA)
    rows = scene.parts.database.state.identities
    del rows[Owner.GROUP, Group.DPO_OFFICE, 2]
    rows[Owner.GROUP, Group.DPO_OFFICE, 1] = old

    with pytest.raises(LogCorrupt):
        await scene.upload(scene.own, SOUND)
    findings = (await verify_log(scene.vault)).findings
    assert any("generation 2" in finding for finding in findings), findings


async def test_somebody_put_back_is_not_locked_to(scene: Scene, dpo: Custodian) -> None:
    """A writer to the database who undoes a removal brings the person into no lock."""
    await add_person(scene.vault, dpo, DORA, Role.DPO)
    member = scene.parts.database.state.staff[DORA]
    own = await locked_identity(scene, Owner.STAFF, member.id)
    await left(scene, dpo, DORA)
    scene.parts.database.state.staff[DORA] = replace(member, removed_at=None)
    scene.parts.database.state.identities[Owner.STAFF, member.id, 1] = own

    again = await unlock_staff(scene.vault, DPO, scene.founding.passphrase, by=OPERATOR)
    with pytest.raises(LogCorrupt):
        await add_person(scene.vault, again, "nora", Role.DPO)
    with pytest.raises(AccessDenied):
        await unlock_staff(scene.vault, DORA, HybridIdentity.generate(), by=OPERATOR)
    assert (await verify_log(scene.vault)).findings


async def test_a_removed_dpo_does_not_act_on(scene: Scene, dpo: Custodian) -> None:
    """Somebody who unlocked before they were removed can't remove or add anybody after it."""
    dora = await custodian(scene.vault, dpo, DORA, Role.DPO)
    await add_person(scene.vault, dpo, MIA, Role.MANAGER)
    await left(scene, dpo, DORA)

    with pytest.raises(Conflict):
        await remove_staff(scene.vault, dora, MIA)
    with pytest.raises(Conflict):
        await add_person(scene.vault, dora, "nora", Role.TECH_MANAGER)
