"""Who holds which key from the first moment on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keys.age import HybridIdentity
from keys.errors import NoMatchingIdentity
from keys.identities import unlock
from keys.secret import Secret
from tests.fakes.keyring import by_password, keyring, locked_bytes
from tests.fakes.scene import DPO, OPERATOR, Scene
from tests.fakes.vault import Parts, fake_vault
from vault.domain.event import Action
from vault.domain.names import CustomerName
from vault.domain.staff import Group, Owner
from vault.errors import Conflict, LogCorrupt
from vault.sealing.identities import DECOY
from vault.usecases.add_customer import add_customer
from vault.usecases.found_vault import found_vault


async def test_each_lock_opens_for_its_owners_only(scene: Scene) -> None:
    """Every identity is tried on every lock; those open that the table of keys names, and no other."""
    named = (await keyring(scene)).named()
    member = scene.parts.database.state.staff[DPO]
    expected = {
        (Owner.STAFF, member.id): set[str](),
        (Owner.GROUP, Group.DPO_OFFICE): {"dana", "recovery"},
        (Owner.GROUP, Group.TECH_MANAGERS): {"office"},
        (Owner.CUSTOMER, scene.acme.customer.id): {"office", "tech"},
        (Owner.CUSTOMER, scene.zenith.customer.id): {"office", "tech"},
        (Owner.CUSTOMER, DECOY): {"office"},
    }
    openers = {}
    for owner, owner_id in expected:
        locked = await locked_bytes(scene, owner, owner_id)
        openers[owner, owner_id] = {name for name, identity in named.items() if _opens(locked, identity)}

    assert openers == expected


async def test_passwords_open_their_own_lock_only(scene: Scene) -> None:
    """A customer's password opens neither another customer's identity nor a person's."""
    member = scene.parts.database.state.staff[DPO]
    for owner, owner_id in [
        (Owner.CUSTOMER, scene.zenith.customer.id),
        (Owner.CUSTOMER, DECOY),
        (Owner.STAFF, member.id),
    ]:
        with pytest.raises(NoMatchingIdentity):
            await by_password(scene, owner, owner_id, scene.acme.password)


async def test_a_given_passphrase_is_taken() -> None:
    """Founding takes a passphrase instead of issuing one, logs both steps, and can't be done twice."""
    vault = fake_vault(Parts())
    founding = await found_vault(vault, b"wrapped", DPO, by=OPERATOR, passphrase=Secret(b"given"))

    assert founding.passphrase == Secret(b"given")
    async with vault.reading() as rows:
        record, size = await rows.vault.get(), await rows.events.size()
    assert record is not None
    assert (record.id, record.log_name, record.wrapped_secret) == (vault.id, vault.keys.log_name, b"wrapped")
    assert size == 2
    with pytest.raises(Conflict):
        await found_vault(vault, b"wrapped", DPO, by=OPERATOR, passphrase=Secret(b"given"))


async def test_the_founding_is_the_beginning_of_the_log(scene: Scene) -> None:
    """The log begins with the vault and its first DPO, whose name lies beside it."""
    log = await scene.log()

    assert [event.entry.action for event in log[:2]] == [Action.VAULT_CREATED, Action.STAFF_ADDED]
    assert log[1].detail == {"staff": DPO, "name": OPERATOR.name}
    assert DPO.encode() not in scene.parts.database.state.entries[1].record


async def test_nothing_is_sealed_to_a_recipient_slipped_in(scene: Scene) -> None:
    """Whoever writes another recipient into the database is found out before anything is sealed to it."""
    identities = scene.parts.database.state.identities
    office = identities[Owner.GROUP, Group.DPO_OFFICE, 1]
    tech = identities[Owner.GROUP, Group.TECH_MANAGERS, 1]
    identities[Owner.GROUP, Group.DPO_OFFICE, 1] = replace(office, recipient=tech.recipient)

    with pytest.raises(LogCorrupt):
        await add_customer(scene.vault, CustomerName("newco"), agreement="7", by=OPERATOR)
    with pytest.raises(LogCorrupt):
        await scene.upload(scene.own, b"sound")
    assert not scene.parts.blobs.blobs


def _opens(locked: bytes, identity: HybridIdentity) -> bool:
    try:
        unlock(locked, [identity])
    except NoMatchingIdentity:
        return False
    return True
