"""Every identity of a scene, unlocked as its owner would: what each really can open is then tried."""

from __future__ import annotations

from dataclasses import dataclass

from keys.age import HybridIdentity
from keys.identities import parse_identity, unlock
from keys.secret import Secret
from tests.fakes.scene import DPO, Scene
from vault.domain.staff import Group, LockedIdentity, Owner
from vault.sealing import identities


@dataclass(frozen=True, slots=True)
class Keyring:
    """The identities of everybody there is."""

    dana: HybridIdentity
    office: HybridIdentity
    tech: HybridIdentity
    recovery: HybridIdentity
    acme: HybridIdentity
    zenith: HybridIdentity

    def named(self) -> dict[str, HybridIdentity]:
        """Return them by name, and a stranger's."""
        known = {name: getattr(self, name) for name in self.__slots__}
        return {**known, "stranger": HybridIdentity.generate()}


async def locked_identity(scene: Scene, owner: Owner, owner_id: str) -> LockedIdentity:
    """Return an identity as it lies."""
    async with scene.vault.reading() as rows:
        return await identities.current(scene.vault, rows, owner, owner_id)


async def locked_bytes(scene: Scene, owner: Owner, owner_id: str) -> bytes:
    """Return an identity's age file from under its slot."""
    return await identities.locked_bytes(scene.vault, await locked_identity(scene, owner, owner_id))


async def keyring(scene: Scene) -> Keyring:
    """Unlock everything, each by whoever should be able to."""
    member = scene.parts.database.state.staff[DPO]
    dana = await by_password(scene, Owner.STAFF, member.id, scene.founding.passphrase)
    office = unlock(await locked_bytes(scene, Owner.GROUP, Group.DPO_OFFICE), [dana])
    recovery = parse_identity(scene.founding.recovery.reveal().decode())
    assert isinstance(recovery, HybridIdentity)
    return Keyring(
        dana=dana,
        office=office,
        tech=unlock(await locked_bytes(scene, Owner.GROUP, Group.TECH_MANAGERS), [office]),
        recovery=recovery,
        acme=await by_password(scene, Owner.CUSTOMER, scene.acme.customer.id, scene.acme.password),
        zenith=await by_password(scene, Owner.CUSTOMER, scene.zenith.customer.id, scene.zenith.password),
    )


async def by_password(scene: Scene, owner: Owner, owner_id: str, password: Secret) -> HybridIdentity:
    """Unlock an identity with a password; raise `NoMatchingIdentity`."""
    locked = await locked_bytes(scene, owner, owner_id)
    return await scene.vault.passwords.unlock(locked, password, trusted=True)
