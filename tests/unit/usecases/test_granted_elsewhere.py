"""A grant used from elsewhere: the vault hears no password, and gives nothing before the use counts."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pytest

from keys import password_proof
from keys.age import PasswordIdentity, open_file, open_header, open_stream
from keys.errors import SlotMismatch
from keys.secret import Secret
from keys.slots.sealing import open_under, seal_under
from tests.fakes.staffed import REASON, SOUND, Staffed, staffed, why_refused
from vault.domain.event import Action
from vault.domain.grant import Grant
from vault.domain.guesses import GUESSES_PER_WINDOW
from vault.errors import AccessDenied, KeyElsewhere, LogUnavailable, NotFound, TooManyGuesses
from vault.sealing.grant import GrantHeader
from vault.usecases.approve_grant import approve_grant
from vault.usecases.hand_over_granted import ask_for_grant_password, hand_over_granted
from vault.usecases.revoke_grant import revoke_grant
from vault.usecases.unlock_staff import Custodian, Person

WRONG = Secret(b"0" * 64)
"""What is sent for a wrong password: the vault can't tell it from one that somebody hashed."""


@pytest.fixture
def office() -> Staffed:
    """Return an office of this test's own."""
    made = staffed()
    return made.over(made.scene.copy())


def away(custodian: Custodian) -> Person:
    """Return the person with their keys left at home."""
    return Person(custodian.member, custodian.actor)


async def answered(office: Staffed, password: Secret, by: Custodian | None = None) -> Secret:
    """Return what the person's machine answers to the question for acme's recording."""
    salt = await ask_for_grant_password(office.scene.vault, away(by or office.mia), office.theirs[:12])
    return await asyncio.to_thread(password_proof.answer, password, salt)


async def handed(office: Staffed, answer: Secret, by: Custodian | None = None) -> bytes:
    """Use the grant by an answer; return everything that is handed over."""
    sealed = await hand_over_granted(
        office.scene.vault, away(by or office.mia), office.theirs, answer=answer, reason=REASON
    )
    return b"".join([piece async for piece in sealed.age_file()])


async def test_what_is_handed_over_opens_by_identity_and_password(office: Staffed) -> None:
    """Both are used at home; the use is on record as one at the vault, and says that it was sealed."""
    grant, password = await office.grant(uses=2)
    answer = await answered(office, password)
    sealed = await hand_over_granted(
        office.scene.vault, away(office.mia), office.theirs, answer=answer, reason=REASON
    )
    file = b"".join([piece async for piece in sealed.age_file()])
    layers, payload = file[: len(sealed.header)], BytesIO(file[len(sealed.header) :])
    file_key = open_header(open_file(layers, [office.mia.own]), [PasswordIdentity(password)])

    assert sealed.file_bytes == len(file)
    assert b"".join(open_stream(file_key, payload.read)) == SOUND
    (used,) = await office.scene.log(Action.GRANT_USED)
    (opened,) = await office.scene.log(Action.RECORDING_OPENED)
    assert used.entry.facts == {
        "role": "manager", "grant": grant.id, "customer": office.scene.acme.customer.id,
        "sealed": True, "use": 1, "uses": 2,
    }  # fmt: skip
    assert opened.entry.facts["sealed"] is True
    assert opened.detail == {"name": "mia", "reason": REASON}
    assert not office.scene.parts.slots.alive(grant.slot), "the use moved it"
    assert await office.use(password) == SOUND, "the second use, at the vault"
    with pytest.raises(AccessDenied):
        await handed(office, answer)


async def test_the_last_use_is_made_once(office: Staffed) -> None:
    """Of several at once with the right answer, as many are given something as there are uses."""
    _, password = await office.grant(uses=2)
    answer = await answered(office, password)

    ended = await asyncio.gather(*(handed(office, answer) for _ in range(5)), return_exceptions=True)

    assert sum(isinstance(each, bytes) for each in ended) == 2
    assert [type(each) for each in ended if not isinstance(each, bytes)] == [AccessDenied] * 3
    assert len(await office.scene.log(Action.RECORDING_OPENED)) == 2


async def test_a_wrong_answer_spends_no_use(office: Staffed) -> None:
    """A mistyped password is refused, on record with why; the right one still opens."""
    _, password = await office.grant()
    for wrong in (WRONG, Secret(b""), await answered(office, Secret(b"not-this-one"))):
        with pytest.raises(AccessDenied):
            await handed(office, wrong)

    assert await why_refused(office) == ["grant_password"] * 3
    assert await handed(office, await answered(office, password))


async def test_guesses_count_for_both_doors(office: Staffed) -> None:
    """Ten wrong answers close the grant elsewhere and at the vault; a right one is given back."""
    _, password = await office.grant(uses=20)
    answer = await answered(office, password)
    for _ in range(GUESSES_PER_WINDOW + 2):
        await handed(office, answer)
    for _ in range(GUESSES_PER_WINDOW):
        with pytest.raises(AccessDenied):
            await handed(office, WRONG)

    with pytest.raises(TooManyGuesses):
        await handed(office, answer)
    with pytest.raises(TooManyGuesses):
        await office.use(password)


async def test_whoever_has_none_is_asked_like_others(office: Staffed) -> None:
    """No grant, another's, one that is over: a salt that stays the same, the same words; the log has why."""
    vault = office.scene.vault
    grant, password = await office.grant(lifetime=timedelta(hours=1))
    right = await answered(office, password)
    salts = {await ask_for_grant_password(vault, away(office.max), office.theirs) for _ in range(2)}
    assert [len(salt) for salt in salts] == [16]
    told = set()
    for person, ended in (
        (office.max, None),
        (office.tom, None),
        (office.mia, "time"),
        (office.mia, "revoked"),
    ):
        if ended == "time":
            office.scene.parts.clock.advance(timedelta(hours=1))
        with pytest.raises(AccessDenied) as refused:
            await handed(office, right, by=person)
        told.add(str(refused.value).replace(person.member.name, "NAME"))
    with pytest.raises(NotFound):
        await ask_for_grant_password(vault, away(office.mia), "zzzz")
    again, _ = await office.grant()
    await revoke_grant(vault, again.id, by=office.dana.actor)
    with pytest.raises(AccessDenied):
        await handed(office, right)

    assert len(told) == 1
    assert await why_refused(office) == ["no_grant"] * 2 + ["grant_expired"] * 2 + ["grant_revoked"]
    assert not await office.scene.log(Action.RECORDING_OPENED)
    assert not office.scene.parts.slots.alive(grant.slot)


async def test_no_log_nothing_leaves(office: Staffed) -> None:
    """While the log can't be written nothing is handed over, and no use is lost."""
    _, password = await office.grant()
    answer = await answered(office, password)
    office.scene.parts.database.fail_commit_with(LogUnavailable("no disk"))
    with pytest.raises(LogUnavailable):
        await handed(office, answer)
    office.scene.parts.database.fail_commit_with(None)

    assert await handed(office, answer)


async def test_a_grant_that_waits_is_handed_to_nobody(office: Staffed) -> None:
    """Four eyes hold: before the approval the right answer is refused; after it the same answer is right."""
    parts = office.scene.parts
    strict = office.over(office.scene.over(parts.but(policy=replace(parts.policy, approve_grants=True))))
    grant, password = await strict.grant()
    answer = await answered(strict, password)
    with pytest.raises(AccessDenied):
        await handed(strict, answer)
    await approve_grant(strict.scene.vault, strict.dora, grant.id)

    assert await handed(strict, answer)
    assert await why_refused(strict) == ["grant_pending"]


async def test_a_row_that_was_changed_gives_nothing(office: Staffed) -> None:
    """Whoever writes to the database has the layers handed to nobody else, no longer and no more often."""
    grant, password = await office.grant()
    answer = await answered(office, password)
    for changed in (
        replace(grant, manager=office.max.member.id),
        replace(grant, uses=9),
        replace(grant, expires_at=grant.expires_at + timedelta(days=9)),
    ):
        office.scene.parts.database.state.grants[grant.id] = changed
        person = office.max if changed.manager != grant.manager else office.mia
        with pytest.raises(SlotMismatch):
            await handed(office, answer, by=person)
    assert not await office.scene.log(Action.RECORDING_OPENED)


async def test_a_grant_of_before_opens_where_its_key_is(office: Staffed) -> None:
    """What was issued without a question is told to be issued anew, and opens at the vault as it did."""
    grant, password = await office.grant()
    older = await _without_question(office, grant)
    office.scene.parts.database.state.grants[grant.id] = older

    with pytest.raises(KeyElsewhere):
        await ask_for_grant_password(office.scene.vault, away(office.mia), office.theirs)
    with pytest.raises(AccessDenied):
        await handed(office, WRONG)
    assert await office.use(password) == SOUND


async def _without_question(office: Staffed, grant: Grant) -> Grant:
    slot = await office.scene.parts.slots.read(grant.slot)
    binding = grant.binding(office.scene.recording(office.theirs))
    header = GrantHeader.decode(open_under(slot, grant.sealed or b"", bound_to=binding))
    assert header.encode() != header.layers
    return replace(grant, sealed=seal_under(slot, header.layers, bound_to=binding))
