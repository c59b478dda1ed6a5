"""A grant approved by an identity that is not at the vault: an answer comes, only a question leaves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keys import approval
from keys.age import seal_file
from keys.secret import Secret
from keys.slots.sealing import open_under, seal_under
from tests.fakes.staffed import SOUND, Staffed, staffed, why_refused
from vault.domain.event import Action
from vault.domain.grant import Grant, GrantState
from vault.errors import AccessDenied, Conflict, KeyElsewhere, LogUnavailable
from vault.sealing.grant import GrantHeader
from vault.usecases.approve_grant import approve_grant, ask_for_approval
from vault.usecases.issue_grant import issue_grant
from vault.usecases.unlock_staff import Custodian, Person


@pytest.fixture
def office() -> Staffed:
    """Return an office where a second DPO must approve grants."""
    made = staffed()
    parts = made.scene.parts.copy()
    return made.over(made.scene.over(parts.but(policy=replace(parts.policy, approve_grants=True))))


def away(custodian: Custodian) -> Person:
    """Return them as they sign in by an identity file: their key is at home."""
    return Person(custodian.member, custodian.actor)


async def answered(office: Staffed, grant: Grant, by: Custodian | None = None) -> Secret:
    """Ask what a grant asks, and answer as the client does."""
    who = by or office.dora
    asked = await ask_for_approval(office.scene.vault, away(who), grant.id)
    return approval.answer(asked.sealed, who.own, asked.grant)


async def test_an_answer_approves(office: Staffed) -> None:
    """By the answer alone the grant is live, its old slot destroyed, the approval on the log."""
    grant, password = await office.grant()
    answer = await answered(office, grant)
    approved = await approve_grant(office.scene.vault, away(office.dora), grant.id[:9], answer=answer)

    assert (approved.state, approved.approved_by) == (GrantState.LIVE, office.dora.member.id)
    assert not office.scene.parts.slots.alive(grant.slot)
    (entry,) = await office.scene.log(Action.GRANT_APPROVED)
    assert entry.entry.actor == office.dora.actor.id
    assert await office.use(password) == SOUND


async def test_only_a_second_dpo_is_asked(office: Staffed) -> None:
    """Neither issuer, tech manager nor manager hears the question or approves by anybody's answer."""
    vault = office.scene.vault
    grant, password = await office.grant()
    answer = await answered(office, grant)
    for person in (office.dana, office.tom, office.mia):
        with pytest.raises(AccessDenied):
            await ask_for_approval(vault, away(person), grant.id)
        with pytest.raises(AccessDenied):
            await approve_grant(vault, away(person), grant.id, answer=answer)
    with pytest.raises(AccessDenied):
        await office.use(password)

    assert await why_refused(office) == [
        "same_person", "same_person", *["access_denied"] * 4, "grant_pending",
    ]  # fmt: skip


async def test_a_wrong_answer_approves_nothing(office: Staffed) -> None:
    """Another grant's answer, and no answer at all; each wrong one is on the log."""
    vault, person = office.scene.vault, away(office.dora)
    grant, _ = await office.grant()
    other, _ = await office.grant(to=office.max)
    for wrong in (await answered(office, other), Secret(b"0" * 64), Secret(b"")):
        with pytest.raises(AccessDenied):
            await approve_grant(vault, person, grant.id, answer=wrong)
    with pytest.raises(KeyElsewhere):
        await approve_grant(vault, person, grant.id)

    assert await why_refused(office) == ["no_matching_identity"] * 3
    assert not await office.scene.log(Action.GRANT_APPROVED)


async def test_an_answer_comes_once(office: Staffed) -> None:
    """What was approved or is over asks nobody again, and the answer is worth nothing to its next grant."""
    vault = office.scene.vault
    grant, password = await office.grant()
    answer = await answered(office, grant)
    await approve_grant(vault, away(office.dora), grant.id, answer=answer)
    for trial in (
        ask_for_approval(vault, away(office.dora), grant.id),
        approve_grant(vault, away(office.dora), grant.id, answer=answer),
    ):
        with pytest.raises(Conflict):
            await trial
    assert await office.use(password) == SOUND
    again, _ = await office.grant()
    with pytest.raises(AccessDenied):
        await approve_grant(vault, away(office.dora), again.id, answer=answer)


async def test_no_log_no_approval(office: Staffed) -> None:
    """While the log can't be written the grant waits on, and the same answer is right after."""
    grant, password = await office.grant()
    answer = await answered(office, grant)
    office.scene.parts.database.fail_commit_with(LogUnavailable("no disk"))
    with pytest.raises(LogUnavailable):
        await approve_grant(office.scene.vault, away(office.dora), grant.id, answer=answer)
    office.scene.parts.database.fail_commit_with(None)
    await approve_grant(office.scene.vault, away(office.dora), grant.id, answer=answer)

    assert await office.use(password) == SOUND


async def test_a_grant_of_before_is_approved_where_the_key_is(office: Staffed) -> None:
    """What was issued without a question is to be issued anew, or approved at the vault as before."""
    grant, password = await office.grant()
    slot = await office.scene.parts.slots.read(grant.slot)
    binding = grant.binding(office.scene.recording(office.theirs))
    header = GrantHeader.decode(open_under(slot, grant.sealed or b"", bound_to=binding))
    layer = approval.Layer(header.question or b"", header.layers)
    inner = approval.uncover(layer, await answered(office, grant), grant.id)
    older = replace(header, layers=seal_file(inner, [office.dora.own.recipient]), question=None)
    sealed = seal_under(slot, older.encode(), bound_to=binding)
    office.scene.parts.database.state.grants[grant.id] = replace(grant, sealed=sealed)

    with pytest.raises(KeyElsewhere):
        await ask_for_approval(office.scene.vault, away(office.dora), grant.id)
    with pytest.raises(AccessDenied):
        await approve_grant(office.scene.vault, office.tom, grant.id)
    await approve_grant(office.scene.vault, office.dora, grant.id)
    assert await office.use(password) == SOUND


async def test_the_issuer_is_never_asked(office: Staffed) -> None:
    """The question is sealed to the others: who issues a grant could not answer it."""
    grant, _ = await issue_grant(
        office.scene.vault, office.dora, office.own, office.mia.member.name, reason="complaint 13"
    )
    asked = await ask_for_approval(office.scene.vault, away(office.dana), grant.id)

    with pytest.raises(Exception, match="none of the identities"):
        approval.answer(asked.sealed, office.dora.own, asked.grant)
