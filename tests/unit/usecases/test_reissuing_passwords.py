"""A new retrieval password: the old one and its sessions are dead, in every copy."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from keys.age import HybridIdentity, PasswordRecipient
from keys.errors import NoMatchingIdentity, SlotDestroyed
from keys.secret import Secret
from tests.fakes.keyring import by_password, keyring, locked_identity
from tests.fakes.scene import DPO, OPERATOR, VISITOR, Scene, read_all
from vault.domain.event import Action, Outcome
from vault.domain.names import CustomerName, StaffId, StaffName
from vault.domain.staff import Group, Owner, Role, StaffMember
from vault.errors import AccessDenied, LogUnavailable, NotFound
from vault.sealing import identities
from vault.usecases.authenticate import authenticate
from vault.usecases.open_recording import open_recording
from vault.usecases.reissue_password import reissue_password
from vault.usecases.sign_in import sign_in
from vault.usecases.unlock_staff import unlock_staff

ACME = CustomerName("acme")
NAME_OF_TOM = StaffName("tom")
PASSPHRASE = Secret(b"a passphrase of tom's")
TOM = HybridIdentity.generate()


async def reissue(
    scene: Scene, staff: StaffName = DPO, passphrase: Secret | None = None, name: CustomerName = ACME
) -> Secret:
    """Issue a new password by the DPO, or by whoever is named."""
    proof, may = passphrase or scene.founding.passphrase, (Role.DPO, Role.TECH_MANAGER)
    who = await unlock_staff(scene.vault, staff, proof, by=OPERATOR, roles=may)
    return await reissue_password(scene.vault, who, name)


async def test_the_new_password_opens_what_waits(scene: Scene) -> None:
    """Recordings sealed before stay the customer's: the new password opens them, the old one nothing."""
    receipt = await scene.upload(scene.acme.source, b"sound")
    new = await reissue(scene)

    signed_in = await sign_in(scene.vault, customer="acme", password=new.reveal().decode(), by=VISITOR)
    visitor = await scene.visitor(scene.acme, signed_in.token)
    assert await read_all(await open_recording(scene.vault, visitor, receipt.recording)) == b"sound"
    with pytest.raises(AccessDenied):
        await sign_in(
            scene.vault, customer="acme", password=scene.acme.password.reveal().decode(), by=VISITOR
        )


async def test_sessions_end_with_their_password(scene: Scene) -> None:
    """Sessions of the old password are gone with their slots; another customer's go on."""
    await scene.visitor(scene.acme)
    await reissue(scene)

    with pytest.raises(AccessDenied):
        await scene.visitor(scene.acme)
    await scene.visitor(scene.zenith)


async def test_a_backup_does_not_revive_the_old_password(scene: Scene) -> None:
    """Yesterday's database beside today's slots: the old password and the old session open nothing."""
    yesterday = scene.copy()
    await reissue(scene)

    mixed = yesterday.over(yesterday.parts.beside(scene.parts.slots))

    with pytest.raises(SlotDestroyed):
        await by_password(mixed, Owner.CUSTOMER, scene.acme.customer.id, scene.acme.password)
    with pytest.raises(AccessDenied):
        await authenticate(mixed.vault, scene.acme.session.reveal().decode(), by=VISITOR)


async def test_the_office_keeps_its_way_in(scene: Scene) -> None:
    """The new lock opens for the DPO office and the tech managers as the old one did."""
    ring = await keyring(scene)
    await reissue(scene)
    lock = await locked_identity(scene, Owner.CUSTOMER, scene.acme.customer.id)

    for identity in (ring.office, ring.tech):
        assert await identities.unlock(scene.vault, lock, [identity]) == ring.acme
    for identity in (ring.dana, ring.recovery, ring.zenith):
        with pytest.raises(NoMatchingIdentity):
            await identities.unlock(scene.vault, lock, [identity])


async def test_two_at_once_leave_one_password(scene: Scene) -> None:
    """Of two passwords issued at the same moment, the first one's lock is destroyed with the old one's."""
    await asyncio.gather(reissue(scene), reissue(scene))

    state = scene.parts.database.state
    claimed = {number for number, (purpose, _) in state.slots_claimed.items() if purpose == "identity"}
    in_use = {identity.slot for identity in state.identities.values()} - {None}
    assert {number for number in claimed if scene.parts.slots.alive(number)} == in_use
    assert claimed - in_use == claimed & set(state.slots_destroyed)


async def test_a_tech_manager_may_too(scene: Scene) -> None:
    """A tech manager's passphrase opens the customer's identity for a new password."""
    await add_tech_manager(scene)

    new = await reissue(scene, NAME_OF_TOM, PASSPHRASE)

    await by_password(scene, Owner.CUSTOMER, scene.acme.customer.id, new)


async def test_a_removed_tech_manager_may_not(scene: Scene) -> None:
    """Whoever has left, by the row alone or by the group's lock alone, gets nothing."""
    member = await add_tech_manager(scene)
    staff = scene.parts.database.state.staff
    staff[NAME_OF_TOM] = replace(member, removed_at=scene.parts.clock.now())
    with pytest.raises(AccessDenied):
        await reissue(scene, NAME_OF_TOM, PASSPHRASE)

    staff[NAME_OF_TOM] = member
    await relock_tech_managers(scene, with_tom=False)
    with pytest.raises(AccessDenied):
        await reissue(scene, NAME_OF_TOM, PASSPHRASE)


async def test_who_is_refused(scene: Scene) -> None:
    """A wrong passphrase, somebody unknown and a manager are refused alike, and each is logged."""
    manager = StaffMember(StaffId("m1"), StaffName("mia"), Role.MANAGER, scene.parts.clock.now())
    scene.parts.database.state.staff[manager.name] = manager
    lock = await locked_identity(scene, Owner.CUSTOMER, scene.acme.customer.id)

    for staff, passphrase in [(DPO, Secret(b"wrong")), (manager.name, None), (StaffName("nobody"), None)]:
        with pytest.raises(AccessDenied):
            await reissue(scene, staff, passphrase)
    assert await locked_identity(scene, Owner.CUSTOMER, scene.acme.customer.id) == lock
    refused = await scene.log(Action.PASSWORD_REFUSED)
    assert [each.entry.outcome for each in refused] == [Outcome.REFUSED] * 3
    with pytest.raises(NotFound):
        await reissue(scene, name=CustomerName("nobody"))


async def test_a_password_that_was_not_written_changes_nothing(scene: Scene) -> None:
    """When the commit fails, the old password and its sessions work on."""
    scene.parts.database.fail_commit_with(LogUnavailable("no disk"))
    with pytest.raises(LogUnavailable):
        await reissue(scene)
    scene.parts.database.fail_commit_with(None)

    await scene.visitor(scene.acme)
    await by_password(scene, Owner.CUSTOMER, scene.acme.customer.id, scene.acme.password)


async def test_a_mirror_that_was_away_learns_of_it(scene: Scene) -> None:
    """The old lock's slot is known as destroyed, so a mirror that missed it is zeroed when it is back."""
    old = await locked_identity(scene, Owner.CUSTOMER, scene.acme.customer.id)
    assert old.slot is not None
    scene.parts.slots.away = {1}
    await reissue(scene)
    assert scene.parts.slots.alive(old.slot)
    scene.parts.slots.away = set()

    async with scene.vault.reading() as rows:
        await scene.vault.slots.reconcile(rows.slots.destroyed())

    assert not scene.parts.slots.alive(old.slot)


async def add_tech_manager(scene: Scene) -> StaffMember:
    """Add Tom, who shares the tech managers' identity."""
    member = StaffMember(StaffId("t1"), NAME_OF_TOM, Role.TECH_MANAGER, scene.parts.clock.now())
    new = await identities.lock(TOM, [PasswordRecipient(PASSPHRASE)], owner=Owner.STAFF, owner_id=member.id)
    async with scene.vault.unit_of_work() as work:
        await work.staff.add(member)
        await identities.keep(scene.vault, work, new, member.added_at)
        await work.commit()
    await relock_tech_managers(scene, with_tom=True)
    return member


async def relock_tech_managers(scene: Scene, *, with_tom: bool) -> None:
    """Lock the group's identity to the office, and to Tom while he is one of them."""
    ring = await keyring(scene)
    to = [ring.office.recipient, *([TOM.recipient] if with_tom else [])]
    new = await identities.lock(ring.tech, to, owner=Owner.GROUP, owner_id=Group.TECH_MANAGERS)
    old = await locked_identity(scene, Owner.GROUP, Group.TECH_MANAGERS)
    async with scene.vault.unit_of_work() as work:
        await identities.keep_again(scene.vault, work, new, old, scene.parts.clock.now())
        await work.commit()
