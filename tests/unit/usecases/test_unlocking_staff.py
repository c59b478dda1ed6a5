"""Who of the staff acts is proven by the passphrase; what a person opens is what the group opens."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest

from keys.errors import NoMatchingIdentity
from keys.secret import Secret
from tests.fakes.keyring import keyring, locked_identity
from tests.fakes.scene import DPO, OPERATOR, VISITOR, Scene
from tests.harness.staff import add_person, dana
from vault.domain.event import Action, Actor, Outcome
from vault.domain.guesses import GUESSES_PER_WINDOW, WINDOW
from vault.domain.names import StaffName
from vault.domain.staff import Group, Owner, Role
from vault.errors import AccessDenied, LogUnavailable, Overloaded, TooManyGuesses
from vault.sealing import identities
from vault.usecases.sum_up_guesses import count_stopped_guesses, sum_up_guesses
from vault.usecases.unlock_staff import unlock_staff

TOM, MIA = StaffName("tom"), StaffName("mia")


async def refused_facts(scene: Scene) -> list[dict[str, object]]:
    """Return the facts of every refusal, oldest first."""
    entries = [each.entry for each in await scene.log(Action.PASSWORD_REFUSED)]
    assert {entry.outcome for entry in entries} <= {Outcome.REFUSED.value}
    return [dict(entry.facts) for entry in entries]


async def test_a_dpo_opens_the_office(scene: Scene) -> None:
    """A DPO gets the office's identity, which opens the tech managers' and every customer's."""
    ring = await keyring(scene)

    custodian = await dana(scene.vault, scene.founding.passphrase)

    assert custodian.identities == (ring.office,)
    for owner, owner_id, identity in (
        (Owner.GROUP, Group.TECH_MANAGERS, ring.tech),
        (Owner.CUSTOMER, scene.acme.customer.id, ring.acme),
        (Owner.CUSTOMER, scene.zenith.customer.id, ring.zenith),
    ):
        locked = await locked_identity(scene, owner, owner_id)
        assert await identities.unlock(scene.vault, locked, custodian.identities) == identity


async def test_the_actor_is_the_person(scene: Scene) -> None:
    """Whoever sat there, what follows is logged as the person's, through the door that it came by."""
    custodian = await unlock_staff(scene.vault, DPO, scene.founding.passphrase, by=VISITOR)

    assert custodian.actor.id == f"staff:{custodian.member.id}"
    assert (custodian.actor.name, custodian.actor.channel) == (DPO, VISITOR.channel)
    assert custodian.actor.address == VISITOR.address


async def test_a_tech_manager_opens_the_group_and_no_office(scene: Scene) -> None:
    """A tech manager gets the tech managers' identity, which does not open the office's."""
    dpo, ring = await dana(scene.vault, scene.founding.passphrase), await keyring(scene)
    passphrase = await add_person(scene.vault, dpo, TOM, Role.TECH_MANAGER)

    tom = await unlock_staff(scene.vault, TOM, passphrase, by=OPERATOR)

    assert tom.identities == (ring.tech,)
    office = await locked_identity(scene, Owner.GROUP, Group.DPO_OFFICE)
    with pytest.raises(NoMatchingIdentity):
        await identities.unlock(scene.vault, office, tom.identities)


async def test_a_manager_opens_nothing(scene: Scene) -> None:
    """A manager's passphrase proves who it is, and opens no group."""
    dpo = await dana(scene.vault, scene.founding.passphrase)
    passphrase = await add_person(scene.vault, dpo, MIA, Role.MANAGER)

    assert (await unlock_staff(scene.vault, MIA, passphrase, by=OPERATOR)).identities == ()


async def test_refusals_are_alike_and_the_log_knows_why(scene: Scene) -> None:
    """A wrong name, passphrase, role and a person who left are told apart by the log alone."""
    dpo = await dana(scene.vault, scene.founding.passphrase)
    passphrases = {
        name: await add_person(scene.vault, dpo, name, role)
        for name, role in ((TOM, Role.TECH_MANAGER), (MIA, Role.MANAGER))
    }
    staff = scene.parts.database.state.staff
    staff[TOM] = replace(staff[TOM], removed_at=scene.parts.clock.now())
    tried = scene.parts.passwords.runs
    told = set()
    for name, passphrase in (
        (DPO, Secret(b"wrong")),
        (StaffName("nobody"), scene.founding.passphrase),
        (MIA, passphrases[MIA]),
        (TOM, passphrases[TOM]),
    ):
        with pytest.raises(AccessDenied) as refused:
            await unlock_staff(
                scene.vault, name, passphrase, by=OPERATOR, roles=(Role.DPO, Role.TECH_MANAGER)
            )
        told.add(str(refused.value))

    assert len(told) == 1
    assert scene.parts.passwords.runs == tried + 4, "each must cost the same"
    assert await refused_facts(scene) == [
        {"staff": dpo.member.id, "why": "passphrase"},
        {"staff": "unknown", "why": "unknown"},
        {"staff": staff[MIA].id, "why": "role"},
        {"staff": staff[TOM].id, "why": "removed"},
    ]


async def test_another_persons_passphrase_is_wrong(scene: Scene) -> None:
    """One person's passphrase opens nothing under another's name."""
    dpo = await dana(scene.vault, scene.founding.passphrase)
    passphrase = await add_person(scene.vault, dpo, TOM, Role.TECH_MANAGER)

    for name, wrong in ((DPO, passphrase), (TOM, scene.founding.passphrase)):
        with pytest.raises(AccessDenied):
            await unlock_staff(scene.vault, name, wrong, by=OPERATOR)


async def test_a_destroyed_lock_opens_nothing(scene: Scene) -> None:
    """Once a person's slot is destroyed, the right passphrase is refused, and so on record."""
    dpo = await dana(scene.vault, scene.founding.passphrase)
    locked = await locked_identity(scene, Owner.STAFF, dpo.member.id)
    assert locked.slot is not None
    await scene.vault.slots.destroy([locked.slot])

    with pytest.raises(AccessDenied):
        await unlock_staff(scene.vault, DPO, scene.founding.passphrase, by=OPERATOR)
    assert len(await refused_facts(scene)) == 1


async def test_a_refusal_that_cannot_be_logged_says_so(scene: Scene) -> None:
    """While the log can't be written, a guess gets no answer from which to learn."""
    scene.parts.database.fail_commit_with(LogUnavailable("no disk"))
    with pytest.raises(LogUnavailable):
        await unlock_staff(scene.vault, DPO, Secret(b"wrong"), by=OPERATOR)


OTHER_USER = replace(OPERATOR, id="os:1001", name="mallory")


async def guess(scene: Scene, name: StaffName = DPO, by: Actor = OPERATOR) -> None:
    """Try a wrong passphrase."""
    await unlock_staff(scene.vault, name, Secret(b"wrong"), by=by)


async def guess_until_stopped(scene: Scene, name: StaffName = DPO, by: Actor = OPERATOR) -> int:
    """Guess on; return how many tries Argon2 was paid for."""
    before = scene.parts.passwords.runs
    for _ in range(GUESSES_PER_WINDOW):
        with pytest.raises(AccessDenied):
            await guess(scene, name, by)
    with pytest.raises(TooManyGuesses):
        await guess(scene, name, by)
    return scene.parts.passwords.runs - before


async def test_guesses_are_stopped_before_they_cost_anything(scene: Scene) -> None:
    """Ten tries an hour reach Argon2, for known names as for others, from here and outside."""
    for by in (OPERATOR, VISITOR):
        for name in (DPO, StaffName("nobody")):
            assert await guess_until_stopped(scene.copy(), name, by) == GUESSES_PER_WINDOW


async def test_nobody_locks_the_dpo_out(scene: Scene) -> None:
    """Another user and the network use up tries of their own; the right passphrase gets in."""
    await guess_until_stopped(scene, by=OTHER_USER)
    await guess_until_stopped(scene, by=VISITOR)

    for _ in range(GUESSES_PER_WINDOW + 1):  # and as often as she likes
        await dana(scene.vault, scene.founding.passphrase)
        await unlock_staff(scene.vault, DPO, scene.founding.passphrase, by=OPERATOR)


async def test_a_full_bucket_stays_full_after_a_restart(scene: Scene) -> None:
    """The count is durable, the right passphrase does not open a full bucket, and an hour later it does."""
    await guess_until_stopped(scene)
    scene = scene.restarted()

    with pytest.raises(TooManyGuesses):
        await unlock_staff(scene.vault, DPO, scene.founding.passphrase, by=OPERATOR)
    scene.parts.clock.advance(WINDOW)
    await unlock_staff(scene.vault, DPO, scene.founding.passphrase, by=OPERATOR)


async def test_beyond_the_limit_the_log_gets_summaries_only(scene: Scene) -> None:
    """Each checked try is an entry; one summary an hour tells of all that were stopped."""
    for _ in range(50):
        with suppress(AccessDenied, TooManyGuesses):
            await guess(scene)
    assert len(await refused_facts(scene)) == GUESSES_PER_WINDOW

    await count_stopped_guesses(scene.vault)
    scene.parts.clock.advance(2 * WINDOW)
    await sum_up_guesses(scene.vault)

    *tries, summary = await refused_facts(scene)
    assert len(tries) == GUESSES_PER_WINDOW
    assert (summary["wrong"], summary["stopped"]) == (GUESSES_PER_WINDOW, 50 - GUESSES_PER_WINDOW)


async def test_a_try_that_was_never_checked_is_given_back(scene: Scene) -> None:
    """A full lane uses up nobody's tries, and outsiders wait in the lane of outsiders."""
    scene.parts.passwords.full = True
    for _ in range(GUESSES_PER_WINDOW + 1):
        with pytest.raises(Overloaded):
            await guess(scene)
    scene.parts.passwords.full = False
    for by in (OPERATOR, VISITOR):
        await unlock_staff(scene.vault, DPO, scene.founding.passphrase, by=by)

    assert scene.parts.passwords.lanes[-2:] == [True, False]


async def test_made_up_names_and_networks_leave_little_behind(scene: Scene) -> None:
    """However many names are made up, and networks they come from, the buckets stay 1,024 at most."""
    scene.parts.passwords.full = True  # what is not checked is counted and given back alike
    for number in range(1500):
        by = replace(VISITOR, address=f"2001:db8:{number:x}::1") if number % 2 else OPERATOR
        with suppress(Overloaded):
            await guess(scene, StaffName(f"name{number}"), by)

    ours = [key for key in scene.parts.database.state.buckets if key.startswith("staff")]
    assert 100 < len(ours) <= 1024
    assert all(key.startswith("staff name ") for key in ours)
