"""Who lost passphrase or file comes back by recovery or another DPO; people may keep an identity file."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keys.age import HybridIdentity
from keys.identities import parse_identity
from tests.fakes.scene import DPO, OPERATOR, Scene, read_all
from tests.harness.staff import add_person, custodian, dana
from vault.domain.event import Action
from vault.domain.names import StaffName
from vault.domain.staff import Role
from vault.errors import AccessDenied, Closed, NotFound
from vault.usecases.add_staff import add_staff
from vault.usecases.open_as_staff import open_as_staff
from vault.usecases.recover_staff import Rescuer, another_dpo, by_recovery, recover_staff
from vault.usecases.reissue_passphrase import reissue_passphrase
from vault.usecases.remove_staff import remove_staff
from vault.usecases.renew_seals import renew_seals
from vault.usecases.unlock_staff import Custodian, unlock_staff
from vault.usecases.verify_log import verify_log

DORA, TOM, MIA = StaffName("dora"), StaffName("tom"), StaffName("mia")
SOUND = b"RIFF sound"


@pytest.fixture
async def dpo(scene: Scene) -> Custodian:
    """Return Dana, unlocked."""
    return await dana(scene.vault, scene.founding.passphrase)


async def rescuer(scene: Scene) -> Rescuer:
    """Return whoever holds the recovery identity."""
    recovery = parse_identity(scene.founding.recovery.reveal().decode())
    assert isinstance(recovery, HybridIdentity)
    return await by_recovery(scene.vault, recovery, by=OPERATOR)


async def test_the_last_dpo_comes_back_by_recovery(scene: Scene) -> None:
    """The new passphrase opens every recording; the old one opens nothing, in yesterday's copy either."""
    sealed = await scene.upload(scene.own, SOUND)
    yesterday = scene.copy()
    _, passphrase = await recover_staff(scene.vault, await rescuer(scene), DPO)
    assert passphrase is not None

    again = await unlock_staff(scene.vault, DPO, passphrase, by=OPERATOR)
    assert await read_all(await open_as_staff(scene.vault, again, sealed.recording, reason="x")) == SOUND
    mixed = yesterday.over(yesterday.parts.beside(scene.parts.slots))
    for vault in (scene.vault, mixed.vault):
        with pytest.raises(AccessDenied):
            await unlock_staff(vault, DPO, scene.founding.passphrase, by=OPERATOR)
    assert (await verify_log(scene.vault)).findings == []


@pytest.mark.parametrize("role", Role)
async def test_a_dpo_brings_others_back(scene: Scene, dpo: Custodian, role: Role) -> None:
    """Of every role, recovered people open what they did; nobody else loses anything."""
    sealed = await scene.upload(scene.acme.source, SOUND)
    old = await add_person(scene.vault, dpo, DORA, role)
    _, new = await recover_staff(scene.vault, another_dpo(dpo), DORA)
    assert new is not None

    dora = await unlock_staff(scene.vault, DORA, new, by=OPERATOR)
    with pytest.raises(AccessDenied):
        await unlock_staff(scene.vault, DORA, old, by=OPERATOR)
    await unlock_staff(scene.vault, DPO, scene.founding.passphrase, by=OPERATOR)
    if role is Role.MANAGER:
        assert dora.identities == ()
    else:
        assert await read_all(await open_as_staff(scene.vault, dora, sealed.recording, reason="x")) == SOUND


async def test_recovery_is_on_record(scene: Scene, dpo: Custodian) -> None:
    """Who brought whom back by what is on the log, with the new generation; a wrong identity is, too."""
    await add_person(scene.vault, dpo, TOM, Role.TECH_MANAGER)
    await recover_staff(scene.vault, await rescuer(scene), TOM)
    with pytest.raises(AccessDenied):
        await by_recovery(scene.vault, HybridIdentity.generate(), by=OPERATOR)

    (recovered,) = await scene.log(Action.STAFF_RECOVERED)
    member = scene.parts.database.state.staff[TOM]
    assert recovered.entry.actor == OPERATOR.id
    assert recovered.entry.facts == {
        "staff": member.id, "owner": "staff", "of": member.id, "generation": 2, "by": "recovery",
    }  # fmt: skip
    assert (await scene.log(Action.PASSWORD_REFUSED))[-1].entry.facts["staff"] == "recovery"


async def test_who_may_not_recover_or_be_recovered(scene: Scene, dpo: Custodian) -> None:
    """A tech manager recovers nobody; nobody brings back who left, or who never was."""
    tom = await custodian(scene.vault, dpo, TOM, Role.TECH_MANAGER)
    await add_person(scene.vault, dpo, MIA, Role.MANAGER)
    await remove_staff(scene.vault, dpo, MIA)

    with pytest.raises(AccessDenied):
        another_dpo(tom)
    for name, error in ((MIA, Closed), (StaffName("nobody"), NotFound)):
        with pytest.raises(error):
            await recover_staff(scene.vault, another_dpo(dpo), name)


async def test_recovery_while_headers_wait(scene: Scene, dpo: Custodian) -> None:
    """Brought back in the middle of a rotation, a DPO opens what waits for the new key as well."""
    sealed = await scene.upload(scene.own, SOUND)
    await add_person(scene.vault, dpo, DORA, Role.DPO)
    await add_person(scene.vault, dpo, TOM, Role.DPO)
    await remove_staff(scene.vault, dpo, DORA)
    _, passphrase = await recover_staff(scene.vault, await rescuer(scene), TOM)
    assert passphrase is not None

    tom = await unlock_staff(scene.vault, TOM, passphrase, by=OPERATOR)
    assert await read_all(await open_as_staff(scene.vault, tom, sealed.recording, reason="x")) == SOUND
    (renewal,) = await renew_seals(scene.vault, tom)
    assert renewal.unopened == 0


@pytest.mark.parametrize("role", Role)
async def test_an_identity_file_proves_as_a_passphrase_does(scene: Scene, dpo: Custodian, role: Role) -> None:
    """Who keeps a file comes in with it alone; the vault has no lock of it, and issued nothing."""
    identity = HybridIdentity.generate()
    member, passphrase = await add_staff(scene.vault, dpo, DORA, role, recipient=identity.recipient)
    sealed = await scene.upload(scene.acme.source, SOUND)

    assert passphrase is None
    dora = await unlock_staff(scene.vault, DORA, identity, by=OPERATOR)
    assert dora.own == identity
    for wrong in (HybridIdentity.generate(), scene.founding.passphrase):
        with pytest.raises(AccessDenied):
            await unlock_staff(scene.vault, DORA, wrong, by=OPERATOR)
    if role is not Role.MANAGER:
        assert await read_all(await open_as_staff(scene.vault, dora, sealed.recording, reason="x")) == SOUND
    refused = [each.entry.facts for each in await scene.log(Action.PASSWORD_REFUSED)]
    assert refused == [
        {"staff": member.id, "why": "identity"},
        {"staff": member.id, "why": "passphrase"},
    ]
    assert await scene.log(Action.PASSWORD_ISSUED) == [
        each for each in await scene.log(Action.PASSWORD_ISSUED) if each.entry.facts.get("staff") != member.id
    ]


async def test_a_file_opens_nothing_once_its_owner_left(scene: Scene, dpo: Custodian) -> None:
    """The file is out of reach, its slot is not: it proves nothing today, nor with yesterday's database."""
    identity = HybridIdentity.generate()
    await add_staff(scene.vault, dpo, DORA, Role.DPO, recipient=identity.recipient)
    yesterday = scene.copy()
    await remove_staff(scene.vault, dpo, DORA)
    mixed = yesterday.over(yesterday.parts.beside(scene.parts.slots))

    for vault in (scene.vault, mixed.vault):
        with pytest.raises(AccessDenied):
            await unlock_staff(vault, DORA, identity, by=OPERATOR)


async def test_a_lost_file_is_replaced_by_another(scene: Scene, dpo: Custodian) -> None:
    """Recovered with a new recipient, the old file proves nothing any more, and the new one does."""
    old, new = HybridIdentity.generate(), HybridIdentity.generate()
    await add_staff(scene.vault, dpo, DORA, Role.DPO, recipient=old.recipient)
    _, passphrase = await recover_staff(scene.vault, another_dpo(dpo), DORA, recipient=new.recipient)

    assert passphrase is None
    assert (await unlock_staff(scene.vault, DORA, new, by=OPERATOR)).identities == dpo.identities
    with pytest.raises(AccessDenied):
        await unlock_staff(scene.vault, DORA, old, by=OPERATOR)


async def test_nobody_comes_in_by_a_recipient_of_their_own(scene: Scene, dpo: Custodian) -> None:
    """A writer to the database who puts another recipient into a person's row is found out."""
    mine = HybridIdentity.generate()
    member, _ = await add_staff(
        scene.vault, dpo, DORA, Role.DPO, recipient=HybridIdentity.generate().recipient
    )
    rows = scene.parts.database.state.identities
    (key,) = [key for key in rows if key[1] == member.id]
    rows[key] = replace(rows[key], recipient=str(mine.recipient))

    with pytest.raises(Exception, match="vouched"):
        await unlock_staff(scene.vault, DORA, mine, by=OPERATOR)


async def test_a_passphrase_issued_to_a_file_owner_works_besides(scene: Scene, dpo: Custodian) -> None:
    """Whoever keeps a file may have a passphrase too: it opens the same identity, and the file still does."""
    identity = HybridIdentity.generate()
    await add_staff(scene.vault, dpo, TOM, Role.TECH_MANAGER, recipient=identity.recipient)
    tom = await unlock_staff(scene.vault, TOM, identity, by=OPERATOR)
    passphrase = await reissue_passphrase(scene.vault, tom)

    for proof in (passphrase, identity):
        assert (await unlock_staff(scene.vault, TOM, proof, by=OPERATOR)).own == identity
