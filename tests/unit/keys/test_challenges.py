"""Promises of the proof that somebody holds an identity."""

from __future__ import annotations

import pytest

from keys import challenge
from keys.age import HybridIdentity, seal_file
from keys.errors import KeysError, MalformedIdentity, NoMatchingIdentity
from keys.identities import lock


def test_only_the_identity_answers() -> None:
    """Its owner's answer is the one expected; to another the question stays closed."""
    identity = HybridIdentity.generate()

    sealed, expected = challenge.pose(identity.recipient)

    assert challenge.answer(sealed, identity).reveal() == expected.reveal()
    with pytest.raises(NoMatchingIdentity):
        challenge.answer(sealed, HybridIdentity.generate())


def test_no_two_questions_are_alike() -> None:
    """An answer is good for its own question."""
    recipient = HybridIdentity.generate().recipient

    answers = {challenge.pose(recipient)[1].reveal() for _ in range(20)}

    assert len(answers) == 20


@pytest.mark.parametrize("content", [b"", b"anything", b"callvault challenge v2 x"])
def test_nothing_but_a_question_is_answered(content: bytes) -> None:
    """A server that sends something else to open learns nothing of it."""
    identity = HybridIdentity.generate()

    with pytest.raises(MalformedIdentity):
        challenge.answer(seal_file(content, [identity.recipient]), identity)


def test_a_locked_identity_is_no_question() -> None:
    """The group's identity, which is locked to the person's, can't be had by passing it off as a question."""
    own, group = HybridIdentity.generate(), HybridIdentity.generate()

    with pytest.raises(KeysError) as refused:
        challenge.answer(lock(group, [own.recipient]), own)

    assert group.encode().reveal().decode() not in str(refused.value)


def test_an_answer_does_not_show_what_was_sealed() -> None:
    """What goes back is derived: the plaintext of a question is not in it."""
    identity = HybridIdentity.generate()
    sealed = seal_file(b"callvault challenge v1 secret", [identity.recipient])

    assert b"secret" not in challenge.answer(sealed, identity).reveal()
