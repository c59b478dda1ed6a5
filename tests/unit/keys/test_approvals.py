"""Promises of the layer that one of several people takes off without showing a key."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keys import approval, challenge
from keys.age import HybridIdentity, seal_file
from keys.errors import KeysError, MalformedIdentity, NoMatchingIdentity
from keys.identities import lock
from keys.secret import Secret

CONTENT = b"what is inside"
PEOPLE = [HybridIdentity.generate() for _ in range(2)]
LAYER = approval.close(CONTENT, [each.recipient for each in PEOPLE], "grant1")


@pytest.mark.parametrize("person", PEOPLE)
def test_each_of_them_takes_it_off(person: HybridIdentity) -> None:
    """Everybody it was closed to answers alike; the answer alone is enough."""
    answer = approval.answer(LAYER.question, person, "grant1")

    assert approval.uncover(LAYER, answer, "grant1") == CONTENT


def test_nobody_else_does() -> None:
    """Neither who was not asked, nor a wrong answer, nor one to another question about the same."""
    other = approval.close(CONTENT, [PEOPLE[0].recipient], "grant1")
    with pytest.raises(NoMatchingIdentity):
        approval.answer(LAYER.question, HybridIdentity.generate(), "grant1")
    given = approval.answer(other.question, PEOPLE[0], "grant1")
    for wrong in (given, Secret(b""), Secret(b"0" * 64), Secret(b"\xff" * 64), Secret(b"0" * 64 + b"\n")):
        with pytest.raises(NoMatchingIdentity):
            approval.uncover(LAYER, wrong, "grant1")
    with pytest.raises(NoMatchingIdentity):
        approval.uncover(replace(other, sealed=LAYER.sealed), given, "grant1")


@pytest.mark.parametrize("about", ["grant", "grant2", "grant1\n", ""])
def test_a_question_is_about_one_thing(about: str) -> None:
    """It is not answered for another thing, nor opens the layer of one."""
    with pytest.raises(MalformedIdentity):
        approval.answer(LAYER.question, PEOPLE[0], about)
    with pytest.raises(NoMatchingIdentity):
        approval.uncover(LAYER, approval.answer(LAYER.question, PEOPLE[0], "grant1"), about)


def test_nothing_else_is_answered() -> None:
    """Not a sign-in's question, a locked identity or anything else; nor is this one a sign-in's."""
    own, group = PEOPLE[0], HybridIdentity.generate()
    for passed_off in (
        challenge.pose(own.recipient)[0],
        lock(group, [own.recipient]),
        seal_file(b"", [own.recipient]),
        seal_file(b"callvault approval v2 grant1\n", [own.recipient]),
    ):
        with pytest.raises(MalformedIdentity) as refused:
            approval.answer(passed_off, own, "grant1")
        assert group.encode().reveal().decode() not in str(refused.value)
    with pytest.raises(MalformedIdentity):
        challenge.answer(LAYER.question, own)


def test_a_changed_question_is_not_answered() -> None:
    """Each of its bytes is authenticated."""
    for place in range(0, len(LAYER.question), 97):
        changed = bytearray(LAYER.question)
        changed[place] ^= 1
        with pytest.raises(KeysError):
            approval.answer(bytes(changed), PEOPLE[0], "grant1")
