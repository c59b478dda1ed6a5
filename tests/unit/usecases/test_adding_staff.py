"""People join with an identity of their own; a group's identity is locked anew, to them and to the others."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from keys.errors import NoMatchingIdentity, SlotDestroyed
from keys.identities import unlock
from keys.secret import Secret
from tests.fakes.keyring import Keyring, keyring, locked_bytes, locked_identity
from tests.fakes.scene import DPO, OPERATOR, Scene
from tests.harness.staff import add_person, custodian, dana
from vault.domain.event import Action
from vault.domain.names import StaffName
from vault.domain.staff import Group, Owner, Role
from vault.errors import AccessDenied, Conflict, LogCorrupt, LogUnavailable, NameTaken
from vault.sealing.terms import terms_fact
from vault.usecases.add_staff import add_staff
from vault.usecases.reissue_passphrase import reissue_passphrase
from vault.usecases.unlock_staff import Custodian, unlock_staff

TOM, DORA = StaffName("tom"), StaffName("dora")


@pytest.fixture
async def dpo(scene: Scene) -> Custodian:
    """Return Dana, unlocked."""
    return await dana(scene.vault, scene.founding.passphrase)


async def openers(scene: Scene, ring: Keyring, group: Group, **others: Custodian) -> set[str]:
    """Name those whose identity opens the group's."""
    locked = await locked_bytes(scene, Owner.GROUP, group)
    found = set()
    for name, identity in {**ring.named(), **{name: each.own for name, each in others.items()}}.items():
        try:
            unlock(locked, [identity])
        except NoMatchingIdentity:
            continue
        found.add(name)
    return found


async def test_everybody_in_a_group_keeps_their_way_in(scene: Scene, dpo: Custodian) -> None:
    """With each who joins, the group's identity opens for all of the group, those above, and nobody else."""
    ring = await keyring(scene)
    people = {
        name: await custodian(scene.vault, dpo, name, role)
        for name, role in (
            ("tom", Role.TECH_MANAGER),
            ("dora", Role.DPO),
            ("tina", Role.TECH_MANAGER),
            ("mia", Role.MANAGER),
        )
    }

    assert await openers(scene, ring, Group.TECH_MANAGERS, **people) == {"tom", "tina", "office"}
    assert await openers(scene, ring, Group.DPO_OFFICE, **people) == {"dana", "dora", "recovery"}
    assert people["dora"].identities == (ring.office,)
    assert people["tina"].identities == (ring.tech,)


async def test_the_second_dpo_may_what_the_first_may(scene: Scene, dpo: Custodian) -> None:
    """Whom a DPO added as a DPO adds others in turn."""
    dora = await custodian(scene.vault, dpo, DORA, Role.DPO)
    tom = await custodian(scene.vault, dora, TOM, Role.TECH_MANAGER)

    assert tom.identities == (await custodian(scene.vault, dpo, "tina", Role.TECH_MANAGER)).identities


async def test_the_old_lock_is_destroyed(scene: Scene, dpo: Custodian) -> None:
    """The lock that a newcomer's replaced opens for nobody, in any copy of the database."""
    yesterday = scene.copy()
    await add_person(scene.vault, dpo, DORA, Role.DPO)
    mixed = yesterday.over(yesterday.parts.beside(scene.parts.slots))

    with pytest.raises(SlotDestroyed):
        await locked_bytes(mixed, Owner.GROUP, Group.DPO_OFFICE)
    old = await locked_identity(yesterday, Owner.GROUP, Group.DPO_OFFICE)
    assert old.slot in scene.parts.database.state.slots_destroyed


async def test_joining_is_on_record(scene: Scene, dpo: Custodian) -> None:
    """Who added whom in which role is on the log, the name in the detail row."""
    await add_person(scene.vault, dpo, TOM, Role.TECH_MANAGER)

    added = (await scene.log(Action.STAFF_ADDED))[-1]
    member = scene.parts.database.state.staff[TOM]
    assert added.entry.actor == dpo.actor.id
    terms = terms_fact(scene.vault.keys, member)
    assert added.entry.facts == {"staff": member.id, "role": "tech-manager", **terms}
    assert added.detail == {"name": "dana", "staff": "tom"}
    assert (await scene.log(Action.PASSWORD_ISSUED))[-1].entry.facts == {"staff": member.id}


async def test_who_may_not_be_added_or_add(scene: Scene, dpo: Custodian) -> None:
    """A name in use is refused, and a tech manager's or manager's wish; no lock changes."""
    tom = await custodian(scene.vault, dpo, TOM, Role.TECH_MANAGER)
    locks = dict(scene.parts.database.state.identities)
    with pytest.raises(NameTaken):
        await add_staff(scene.vault, dpo, TOM, Role.DPO)
    with pytest.raises(AccessDenied):
        await add_staff(scene.vault, tom, DORA, Role.TECH_MANAGER)
    scene.parts.database.fail_commit_with(LogUnavailable("no disk"))
    with pytest.raises(LogUnavailable):
        await add_staff(scene.vault, dpo, DORA, Role.DPO)
    scene.parts.database.fail_commit_with(None)

    assert scene.parts.database.state.identities == locks
    await unlock_staff(scene.vault, DPO, scene.founding.passphrase, by=OPERATOR)


async def test_two_at_once_lock_nobody_out(scene: Scene, dpo: Custodian) -> None:
    """Of two who join in the same moment one may be told to try again; whoever is in can open."""
    names = (StaffName("one"), StaffName("two"))
    done = await asyncio.gather(
        *(add_staff(scene.vault, dpo, name, Role.TECH_MANAGER) for name in names), return_exceptions=True
    )

    joined = [each for each in done if isinstance(each, tuple)]
    assert joined
    assert all(isinstance(each, Conflict) for each in done if not isinstance(each, tuple))
    assert len(scene.parts.database.state.staff) == 1 + len(joined)
    for member, passphrase in joined:
        assert passphrase is not None
        assert (await unlock_staff(scene.vault, member.name, passphrase, by=OPERATOR)).identities


async def test_a_role_changed_in_the_database_is_found_out(scene: Scene, dpo: Custodian) -> None:
    """A manager made a DPO by a writer to the database is not locked to with the next DPO."""
    await add_person(scene.vault, dpo, "mia", Role.MANAGER)
    staff = scene.parts.database.state.staff
    staff[StaffName("mia")] = replace(staff[StaffName("mia")], role=Role.DPO)
    locks = dict(scene.parts.database.state.identities)

    with pytest.raises(LogCorrupt):
        await add_person(scene.vault, dpo, DORA, Role.DPO)
    assert scene.parts.database.state.identities == locks


async def test_a_new_passphrase_replaces_the_old_one(scene: Scene, dpo: Custodian) -> None:
    """The new one opens what the old one did; the old one opens nothing, in yesterday's copy either."""
    yesterday = scene.copy()
    new = await reissue_passphrase(scene.vault, dpo)

    again = await unlock_staff(scene.vault, DPO, new, by=OPERATOR)
    assert again.identities == dpo.identities
    mixed = yesterday.over(yesterday.parts.beside(scene.parts.slots))
    for vault in (scene.vault, mixed.vault):
        with pytest.raises(AccessDenied):
            await unlock_staff(vault, DPO, scene.founding.passphrase, by=OPERATOR)
    assert (await scene.log(Action.PASSWORD_ISSUED))[-1].entry.facts == {"staff": dpo.member.id}


async def test_a_passphrase_that_was_not_written_changes_nothing(scene: Scene, dpo: Custodian) -> None:
    """When the commit fails the old passphrase works on."""
    scene.parts.database.fail_commit_with(LogUnavailable("no disk"))
    with pytest.raises(LogUnavailable):
        await reissue_passphrase(scene.vault, dpo)
    scene.parts.database.fail_commit_with(None)

    await unlock_staff(scene.vault, DPO, scene.founding.passphrase, by=OPERATOR)
    with pytest.raises(AccessDenied):
        await unlock_staff(scene.vault, DPO, Secret(b""), by=OPERATOR)
