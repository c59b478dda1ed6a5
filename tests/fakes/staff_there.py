"""People of the staff who sign in from elsewhere, over a fake vault."""

from __future__ import annotations

from keys import challenge
from keys.age import HybridIdentity
from keys.secret import Secret
from tests.fakes.scene import DPO, VISITOR, Scene
from tests.harness.staff import dana
from vault.domain.names import StaffName
from vault.domain.staff import Role
from vault.usecases.add_staff import add_staff
from vault.usecases.authenticate_staff import StaffVisitor, authenticate_staff
from vault.usecases.challenge_staff import answer_challenge, challenge_staff
from vault.usecases.sign_in import SignedIn
from vault.usecases.sign_in_staff import sign_in_staff


async def owner(scene: Scene, name: str = "olga", role: Role = Role.DPO) -> HybridIdentity:
    """Add a person who keeps an identity file; return it."""
    identity = HybridIdentity.generate()
    boss = await dana(scene.vault, scene.founding.passphrase)
    await add_staff(scene.vault, boss, StaffName(name), role, recipient=identity.recipient)
    return identity


async def by_passphrase(scene: Scene, name: str = DPO, passphrase: Secret | None = None) -> SignedIn:
    """Sign in by the first DPO's passphrase."""
    return await sign_in_staff(scene.vault, name, passphrase or scene.founding.passphrase, by=VISITOR)


async def by_file(scene: Scene, identity: HybridIdentity, name: str = "olga") -> SignedIn:
    """Sign in by an identity file, as a client does."""
    asked = await challenge_staff(scene.vault, name)
    answer = challenge.answer(asked.sealed, identity)
    return await answer_challenge(scene.vault, name, ticket=asked.ticket, answer=answer, by=VISITOR)


async def visitor(scene: Scene, signed: SignedIn) -> StaffVisitor:
    """Return who holds the token."""
    return await authenticate_staff(scene.vault, signed.token.reveal().decode(), by=VISITOR)
