"""Signing in, and the guess limit that is asked before Argon2."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from keys.age import FileKey, HybridIdentity
from keys.secret import Secret
from tests.fakes.passwords import CountedPasswords
from tests.fakes.scene import OPERATOR, VISITOR, Known, Scene
from tests.harness.staff import dana
from vault.domain.event import Action, Actor, Channel
from vault.domain.guesses import GUESSES_PER_WINDOW, WINDOW
from vault.domain.names import CustomerName
from vault.domain.staff import Owner
from vault.errors import AccessDenied, LogUnavailable, Overloaded, TooManyGuesses
from vault.usecases.create_link import create_link, revoke_link
from vault.usecases.reissue_password import reissue_password
from vault.usecases.sign_in import SignedIn, sign_in
from vault.usecases.sum_up_guesses import count_stopped_guesses, sum_up_guesses

ACME = CustomerName("acme")
STRANGER = Actor("visitor", "somebody", Channel.HTTP, "203.0.113.9")


@dataclass(slots=True)
class Interrupted:
    """`PasswordChecks` between whose check and answer something happens."""

    checks: CountedPasswords
    meanwhile: Callable[[], Awaitable[object]]

    async def unlock(self, locked: bytes, password: Secret, *, trusted: bool) -> HybridIdentity:
        """Check, let it happen, and answer."""
        identity = await self.checks.unlock(locked, password, trusted=trusted)
        await self.meanwhile()
        return identity

    async def open_header(self, sealed: bytes, password: Secret) -> FileKey:
        """Check without an interruption: nobody signs in by a header."""
        return await self.checks.open_header(sealed, password)


async def enter(scene: Scene, known: Known, by: Actor = VISITOR) -> SignedIn:
    """Sign in by name with the right password."""
    password = known.password.reveal().decode()
    return await sign_in(scene.vault, customer=known.customer.name, password=password, by=by)


async def guess(scene: Scene, name: str = "acme", by: Actor = STRANGER) -> None:
    """Try a wrong password; pass if it is refused as such."""
    with pytest.raises(AccessDenied):
        await sign_in(scene.vault, customer=name, password="wrong", by=by)


async def fill(scene: Scene, name: str = "acme", by: Actor = STRANGER) -> None:
    """Use up a bucket."""
    for _ in range(GUESSES_PER_WINDOW):
        await guess(scene, name, by)


async def test_the_right_pair_opens(scene: Scene) -> None:
    """Name and password begin a session that ends on time, with one entry; case and spaces do not matter."""
    password = scene.acme.password.reveal().decode().upper().replace("-", " ")
    signed_in = await sign_in(scene.vault, customer=" ACME ", password=password, by=STRANGER)

    assert signed_in.expires_at == scene.parts.clock.now() + scene.parts.policy.session_lifetime
    visitor = await scene.visitor(scene.acme, signed_in.token)
    assert visitor.customer == scene.acme.customer
    newest = (await scene.log())[-1]
    assert newest.entry.action == Action.PASSWORD_ACCEPTED
    assert newest.entry.actor == f"customer:{scene.acme.customer.id}"


@pytest.mark.parametrize("name", ["acme", "nobody", "", "no such name!", "\ud800", "a\0b", "x" * 100_000])
async def test_wrong_pairs_are_alike(scene: Scene, name: str) -> None:
    """Known, unknown and impossible names answer alike, cost one Argon2 run alike, and log nothing."""
    entries = len(await scene.log())
    with pytest.raises(AccessDenied) as refused:
        await sign_in(scene.vault, customer=name, password="wrong", by=STRANGER)

    assert str(refused.value) == "access denied"
    assert scene.parts.passwords.lanes == [False]
    assert len(await scene.log()) == entries


async def test_neither_link_nor_name_is_nobody(scene: Scene) -> None:
    """A request that says nothing about who it is is refused as every other."""
    with pytest.raises(AccessDenied):
        await sign_in(scene.vault, password="wrong", by=STRANGER)


async def test_ten_guesses_reach_argon2(scene: Scene) -> None:
    """The eleventh guess at a name is turned away unchecked, right or wrong, and told for how long."""
    await fill(scene)
    scene.parts.clock.advance(timedelta(minutes=20))
    turns = scene.parts.database.turns

    for _ in range(3):
        with pytest.raises(TooManyGuesses) as stopped:
            await enter(scene, scene.acme, STRANGER)
        assert stopped.value.retry_after_seconds == 40 * 60
    assert scene.parts.passwords.runs == GUESSES_PER_WINDOW
    assert sum(scene.parts.stopped.counts.values()) == 3
    assert scene.parts.database.turns == turns  # a flood of them keeps nobody from writing


async def test_twenty_guesses_at_once(scene: Scene) -> None:
    """Guesses that come at the same moment are counted as one after the other."""
    tries = [
        sign_in(scene.vault, customer="acme", password="wrong", by=STRANGER)
        for _ in range(2 * GUESSES_PER_WINDOW)
    ]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)

    assert scene.parts.passwords.runs == GUESSES_PER_WINDOW
    assert sum(isinstance(each, TooManyGuesses) for each in outcomes) == GUESSES_PER_WINDOW
    assert sum(scene.parts.stopped.counts.values()) == GUESSES_PER_WINDOW


async def test_other_addresses_gain_nothing(scene: Scene) -> None:
    """Guesses from ever new addresses, IPv6 networks included, count in one bucket of the name."""
    for number in range(GUESSES_PER_WINDOW):
        await guess(scene, by=replace(STRANGER, address=f"2001:db8:{number}::1"))

    with pytest.raises(TooManyGuesses):
        await enter(scene, scene.acme, replace(STRANGER, address="2001:db8:ffff::1"))


async def test_unknown_names_are_limited_too(scene: Scene) -> None:
    """A name nobody has fills its bucket as a real one does."""
    await fill(scene, "nobody")

    with pytest.raises(TooManyGuesses):
        await sign_in(scene.vault, customer="nobody", password="wrong", by=STRANGER)
    assert len(scene.parts.database.state.buckets) == 3  # the other two are from making the scene


async def test_nobody_locks_the_customer_out(scene: Scene) -> None:
    """While its name is guessed at, the customer gets in from where it was before, and by its link."""
    _, link = await create_link(scene.vault, ACME, by=OPERATOR)
    await fill(scene)

    await enter(scene, scene.acme, VISITOR)
    await sign_in(
        scene.vault,
        link=link.reveal().decode(),
        password=scene.acme.password.reveal().decode(),
        by=STRANGER,
    )

    assert scene.parts.passwords.lanes == [False] * GUESSES_PER_WINDOW + [True, True]


async def test_known_networks_are_limited_by_themselves(scene: Scene) -> None:
    """Guesses from a network that signed in before are logged one by one, and use up their own tries only."""
    await fill(scene, by=VISITOR)

    with pytest.raises(TooManyGuesses):
        await enter(scene, scene.acme, VISITOR)
    await enter(scene, scene.acme, STRANGER)
    await enter(scene, scene.zenith, VISITOR)
    refused = await scene.log(Action.PASSWORD_REFUSED)
    assert len(refused) == GUESSES_PER_WINDOW
    assert {each.entry.facts["customer"] for each in refused} == {scene.acme.customer.id}


async def test_a_success_makes_a_network_known(scene: Scene) -> None:
    """Where a customer got in once, it is in the trusted lane next time, for itself alone."""
    await enter(scene, scene.acme, STRANGER)
    await enter(scene, scene.acme, STRANGER)
    await guess(scene, "zenith", STRANGER)

    assert scene.parts.passwords.lanes == [False, True, False]
    assert STRANGER.address not in {network for _, network in scene.parts.database.state.networks}


async def test_success_gives_the_try_back(scene: Scene) -> None:
    """A customer may come as often as it likes; nine wrong tries before leave it one."""
    for _ in range(2 * GUESSES_PER_WINDOW):
        await enter(scene, scene.acme)
    for _ in range(GUESSES_PER_WINDOW - 1):
        await guess(scene, by=VISITOR)
    await enter(scene, scene.acme)
    await guess(scene, by=VISITOR)

    with pytest.raises(TooManyGuesses):
        await enter(scene, scene.acme)


async def test_restarts_forget_no_guess(scene: Scene) -> None:
    """The bucket is full after a power cut as it was before."""
    await fill(scene)
    again = scene.restarted()

    with pytest.raises(TooManyGuesses):
        await enter(again, scene.acme, STRANGER)
    assert again.parts.passwords.runs == 0


async def test_a_new_window_sums_the_old_one_up(scene: Scene) -> None:
    """After the hour tries are admitted again, and what the last window saw is on the log, once."""
    await fill(scene)
    with pytest.raises(TooManyGuesses):
        await enter(scene, scene.acme, STRANGER)
    await count_stopped_guesses(scene.vault)
    began = scene.parts.clock.now()
    scene.parts.clock.advance(WINDOW)

    await guess(scene)
    await enter(scene, scene.acme, STRANGER)

    (summary,) = await scene.log(Action.PASSWORD_REFUSED)
    assert (summary.entry.facts["wrong"], summary.entry.facts["stopped"]) == (10, 1)
    assert summary.entry.facts["since"] == began.isoformat(timespec="seconds")
    scene.parts.clock.advance(2 * WINDOW)
    await sum_up_guesses(scene.vault)
    assert [each.entry.facts["wrong"] for each in await scene.log(Action.PASSWORD_REFUSED)] == [10, 1]


async def test_nothing_is_checked_that_could_not_be_counted(scene: Scene) -> None:
    """While tries can't be written down, no password is checked."""
    scene.parts.database.fail_commit_with(Overloaded("no disk"))

    with pytest.raises(Overloaded):
        await enter(scene, scene.acme)
    assert scene.parts.passwords.runs == 0


async def test_a_full_lane_says_so(scene: Scene) -> None:
    """When too many passwords are being checked, the answer is to come again."""
    scene.parts.passwords.full = True

    with pytest.raises(Overloaded):
        await enter(scene, scene.acme)


async def test_a_session_needs_its_entry(scene: Scene) -> None:
    """If the log can't be written, nobody is signed in, and no session stays."""
    sessions = set(scene.parts.database.state.sessions)

    async def lose_the_disk() -> None:
        scene.parts.database.fail_commit_with(LogUnavailable("no disk"))

    vault = replace(scene.vault, passwords=Interrupted(scene.parts.passwords, lose_the_disk))
    with pytest.raises(LogUnavailable):
        await sign_in(vault, customer="acme", password=scene.acme.password.reveal().decode(), by=VISITOR)

    assert set(scene.parts.database.state.sessions) == sessions


async def test_a_password_reissued_meanwhile_is_dead(scene: Scene) -> None:
    """An old password that was being checked while a new one was issued begins no session."""

    async def reissue() -> None:
        await reissue_password(scene.vault, await dana(scene.vault, scene.founding.passphrase), ACME)

    vault = replace(scene.vault, passwords=Interrupted(scene.parts.passwords, reissue))
    with pytest.raises(AccessDenied):
        await sign_in(vault, customer="acme", password=scene.acme.password.reveal().decode(), by=VISITOR)

    left = scene.parts.database.state.sessions.values()
    assert not [each for each in left if each.customer == scene.acme.customer.id]


async def test_a_link_revoked_meanwhile_is_dead(scene: Scene) -> None:
    """A link that was revoked while its password was being checked begins no session."""
    link, token = await create_link(scene.vault, ACME, by=OPERATOR)
    before = len(scene.parts.database.state.sessions)

    async def revoke() -> None:
        await revoke_link(scene.vault, link.id, by=OPERATOR)

    vault = replace(scene.vault, passwords=Interrupted(scene.parts.passwords, revoke))
    password = scene.acme.password.reveal().decode()
    with pytest.raises(AccessDenied):
        await sign_in(vault, link=token.reveal().decode(), password=password, by=VISITOR)

    assert len(scene.parts.database.state.sessions) == before


async def test_a_password_reissued_just_before_is_dead_too(scene: Scene) -> None:
    """An old password whose lock was destroyed after it was looked up is refused as every wrong one."""
    _, link = await create_link(scene.vault, ACME, by=OPERATOR)
    locks = scene.parts.database.state.identities
    slot = locks[Owner.CUSTOMER, scene.acme.customer.id, 1].slot
    assert slot is not None
    await scene.vault.slots.destroy([slot])

    with pytest.raises(AccessDenied):
        await enter(scene, scene.acme)
    password = scene.acme.password.reveal().decode()
    with pytest.raises(AccessDenied):
        await sign_in(scene.vault, link=link.reveal().decode(), password=password, by=VISITOR)
