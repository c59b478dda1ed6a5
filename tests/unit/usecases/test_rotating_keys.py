"""Keys are rotated without anybody's leaving: what lies comes to the new ones, the old ones end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import cast

import pytest

from keys.errors import NoMatchingIdentity
from keys.identities import unlock
from keys.secret import Secret
from tests.fakes.keyring import keyring, locked_bytes
from tests.fakes.scene import DPO, OPERATOR, VISITOR, Scene, digest, read_all
from tests.harness.staff import add_person, custodian, dana
from vault.domain.event import Action
from vault.domain.names import CustomerName, RecordingId, StaffName
from vault.domain.staff import Group, Owner, Role
from vault.errors import AccessDenied, Conflict, LogUnavailable, NotFound, Unavailable
from vault.ports.slots import Slots
from vault.usecases.add_customer import add_customer
from vault.usecases.authenticate import Visitor, authenticate
from vault.usecases.confirm_receipt import ReceiptState, confirm_receipt
from vault.usecases.open_as_staff import open_as_staff
from vault.usecases.open_recording import open_recording
from vault.usecases.reissue_password import reissue_password
from vault.usecases.renew_headers import BATCH
from vault.usecases.renew_seals import renew_seals
from vault.usecases.rotate_customer import rotate_customer
from vault.usecases.rotate_keys import rotate_keys
from vault.usecases.sign_in import sign_in
from vault.usecases.unlock_staff import Custodian, unlock_staff
from vault.usecases.verify_log import verify_log

ACME, TOM = CustomerName("acme"), StaffName("tom")
SOUND = b"RIFF sound"


@pytest.fixture
async def dpo(scene: Scene) -> Custodian:
    """Return Dana, unlocked."""
    return await dana(scene.vault, scene.founding.passphrase)


async def signed_in(scene: Scene, password: Secret) -> Visitor:
    """Return acme, signed in by name."""
    session = await sign_in(scene.vault, customer=ACME, password=password.reveal().decode(), by=VISITOR)
    return await authenticate(scene.vault, session.token.reveal().decode(), by=VISITOR)


async def heard(scene: Scene, who: Custodian, recording: RecordingId) -> bytes:
    """Return what somebody of the staff hears."""
    return await read_all(await open_as_staff(scene.vault, who, recording, reason="a test"))


async def test_the_tech_managers_key_is_rotated(scene: Scene, dpo: Custodian) -> None:
    """The old key opens no header and no customer's lock; own recordings, which it never opened, stay."""
    tom = await add_person(scene.vault, dpo, TOM, Role.TECH_MANAGER)
    ring = await keyring(scene)
    theirs = (await scene.upload(scene.acme.source, SOUND)).recording
    own = (await scene.upload(scene.own, SOUND)).recording
    slot = scene.recording(own).slot
    await rotate_keys(scene.vault, dpo, Group.TECH_MANAGERS)
    (renewal,) = await renew_seals(scene.vault, dpo)

    manager = await unlock_staff(scene.vault, TOM, tom, by=OPERATOR)
    assert await heard(scene, manager, theirs) == SOUND
    with pytest.raises(AccessDenied):
        await heard(scene, replace(manager, identities=(ring.tech,)), theirs)
    with pytest.raises(NoMatchingIdentity):
        unlock(await locked_bytes(scene, Owner.CUSTOMER, scene.acme.customer.id), [ring.tech])
    assert scene.recording(own).slot == slot
    assert (renewal.locks_done, renewal.recordings_done) == (3, 2)
    assert (await verify_log(scene.vault)).findings == []


async def test_a_customers_key_is_rotated(scene: Scene, dpo: Custodian) -> None:
    """The new password opens what waits; the old one, its sessions and the old key open nothing."""
    ring = await keyring(scene)
    mine = (await scene.upload(scene.acme.source, SOUND)).recording
    zeniths = (await scene.upload(scene.zenith.source, SOUND)).recording
    slot = scene.recording(zeniths).slot
    password = await rotate_customer(scene.vault, dpo, ACME)
    await renew_seals(scene.vault, dpo)

    visitor = await signed_in(scene, password)
    assert await read_all(await open_recording(scene.vault, visitor, mine)) == SOUND
    for dead in (scene.visitor(scene.acme), signed_in(scene, scene.acme.password)):
        with pytest.raises(AccessDenied):
            await dead
    with pytest.raises(NoMatchingIdentity):
        await open_recording(scene.vault, replace(visitor, identity=ring.acme), mine)
    assert scene.recording(zeniths).slot == slot
    answer = await confirm_receipt(scene.vault, visitor, mine, digest(SOUND))
    assert answer.state is ReceiptState.SHREDDED
    assert (await verify_log(scene.vault)).findings == []


async def test_a_customer_is_told_to_come_again(scene: Scene, dpo: Custodian) -> None:
    """Until its recordings are sealed anew a customer with a new key hears «later», and loses nothing."""
    mine = (await scene.upload(scene.acme.source, SOUND)).recording
    visitor = await signed_in(scene, await rotate_customer(scene.vault, dpo, ACME))

    with pytest.raises(Unavailable):
        await open_recording(scene.vault, visitor, mine)
    with pytest.raises(Unavailable):
        await confirm_receipt(scene.vault, visitor, mine, digest(SOUND))
    await renew_seals(scene.vault, dpo)
    assert await read_all(await open_recording(scene.vault, visitor, mine)) == SOUND


async def test_more_than_a_batch(scene: Scene, dpo: Custodian) -> None:
    """Every recording of several batches is sealed anew once, and progress is told after each."""
    sealed = [
        (await scene.upload(scene.own, SOUND + str(number).encode())).recording for number in range(BATCH + 5)
    ]
    slots = {scene.recording(each).slot for each in sealed}
    await rotate_keys(scene.vault, dpo, Group.DPO_OFFICE)
    left: list[int] = []
    await renew_seals(scene.vault, dpo, lambda renewal: left.append(renewal.left))

    assert left == sorted(left, reverse=True)
    assert {BATCH + 5, 5, 0} <= set(left)
    assert not any(scene.parts.slots.alive(slot) for slot in slots)
    again = await unlock_staff(scene.vault, DPO, scene.founding.passphrase, by=OPERATOR)
    for recording in sealed:
        assert (await heard(scene, again, recording)).startswith(SOUND)


async def test_two_who_go_on_at_once_do_no_harm(scene: Scene, dpo: Custodian) -> None:
    """Two processes that finish the same rotation leave each recording with one living header."""
    sealed = [(await scene.upload(scene.own, SOUND + bytes([number]))).recording for number in range(5)]
    await rotate_keys(scene.vault, dpo, Group.DPO_OFFICE)
    beside = scene.over(scene.parts)
    await asyncio.gather(renew_seals(scene.vault, dpo), renew_seals(beside.vault, dpo))

    assert len(await scene.log(Action.KEYS_RENEWED)) == 1
    again = await unlock_staff(scene.vault, DPO, scene.founding.passphrase, by=OPERATOR)
    for recording in sealed:
        assert (await heard(scene, again, recording)).startswith(SOUND)
    claimed = scene.parts.database.state.slots_claimed
    living = [
        number for number in claimed if claimed[number][0] == "recording" and scene.parts.slots.alive(number)
    ]
    assert len(living) == len(sealed)


async def test_readers_and_receipts_meanwhile(scene: Scene, dpo: Custodian) -> None:
    """Who read a header before it was sealed anew opens the recording all the same; nobody is told «gone»."""
    mine = (await scene.upload(scene.acme.source, SOUND)).recording
    visitor = await scene.visitor(scene.acme)
    await rotate_keys(scene.vault, dpo, Group.DPO_OFFICE)
    read = scene.parts.slots.read_many
    slot = scene.recording(mine).slot

    async def late(numbers: Iterable[int]) -> Mapping[int, Secret]:
        """Let the header be sealed anew between its reading and its slot's."""
        wanted = list(numbers)
        if slot in wanted and scene.recording(mine).slot == slot:
            await renew_seals(scene.vault, dpo)
        return await read(wanted)

    vault = replace(scene.vault, slots=cast("Slots", _Late(scene.parts.slots, late)))
    assert await read_all(await open_recording(vault, visitor, mine)) == SOUND
    assert scene.recording(mine).slot != slot


class _Late:
    """Slots whose reading a test delays."""

    def __init__(self, slots: object, read_many: object) -> None:
        self._slots = slots
        self.read_many = read_many

    def __getattr__(self, name: str) -> object:
        return getattr(self._slots, name)


async def test_passwords_of_that_moment_are_tried_again(scene: Scene, dpo: Custodian) -> None:
    """A customer added, or a password issued, while keys change is locked to the new ones or not at all."""
    ring = await keyring(scene)

    async def add() -> object:
        return await add_customer(scene.vault, CustomerName("new"), agreement="CT-9", by=OPERATOR)

    async def reissue() -> object:
        return await reissue_password(scene.vault, await dana(scene.vault, scene.founding.passphrase), ACME)

    done = await asyncio.gather(
        add(), reissue(), rotate_keys(scene.vault, dpo, Group.DPO_OFFICE), return_exceptions=True
    )
    assert all(isinstance(each, Conflict) for each in done if isinstance(each, BaseException)), done
    await renew_seals(scene.vault, dpo)
    for owner, owner_id, _ in list(scene.parts.database.state.identities):
        if owner is Owner.CUSTOMER:
            with pytest.raises(NoMatchingIdentity):
                unlock(await locked_bytes(scene, owner, owner_id), [ring.office])


async def test_who_may_not_rotate(scene: Scene, dpo: Custodian) -> None:
    """A tech manager rotates nothing; no customer of that name; and without its entry nothing is rotated."""
    tom = await custodian(scene.vault, dpo, "tom", Role.TECH_MANAGER)
    for tried in (
        rotate_keys(scene.vault, tom, Group.TECH_MANAGERS),
        rotate_customer(scene.vault, tom, ACME),
        renew_seals(scene.vault, tom),
    ):
        with pytest.raises(AccessDenied):
            await tried
    with pytest.raises(NotFound):
        await rotate_customer(scene.vault, dpo, CustomerName("nobody"))
    before = dict(scene.parts.database.state.identities)
    scene.parts.database.fail_commit_with(LogUnavailable("no disk"))
    with pytest.raises(LogUnavailable):
        await rotate_keys(scene.vault, dpo, Group.DPO_OFFICE)
    scene.parts.database.fail_commit_with(None)
    assert scene.parts.database.state.identities == before


async def test_nothing_to_do_is_soon_done(scene: Scene, dpo: Custodian) -> None:
    """Going on when nothing is left changes nothing and logs nothing."""
    size = len(scene.parts.database.state.entries)

    assert await renew_seals(scene.vault, dpo) == []
    assert len(scene.parts.database.state.entries) == size
