"""A layer that one of several people takes off, without showing the identity that does it.

What the layer keeps is encrypted under the answer to a question, and the question is sealed to those people.
It names what it is about, and nothing but a question about that very thing is answered: so whoever asks can
pass off neither another thing's question, nor a sign-in's, nor anything else that is to be opened.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from keys.age import HybridIdentity, HybridRecipient, open_file, seal_file
from keys.derive import derive, open_small, seal_small
from keys.errors import MalformedIdentity, NoMatchingIdentity, SlotMismatch
from keys.passwords import issue_token
from keys.secret import Secret

_MARK = b"callvault approval v1 "
_QUESTION_BYTES = 32
_ANSWER = re.compile(rb"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Layer:
    """A question, as an age file to those who may answer, and what is `sealed` under the answer."""

    question: bytes
    sealed: bytes


def close(content: bytes, recipients: Sequence[HybridRecipient], about: str) -> Layer:
    """Return the content under a layer that any of the recipients takes off; `about` is one line."""
    question = Secret(_beginning(about) + issue_token(_QUESTION_BYTES).reveal())
    sealed = seal_small(_key(_answer(question)), content, about.encode())
    return Layer(seal_file(question.reveal(), recipients), sealed)


def answer(question: bytes, identity: HybridIdentity, about: str) -> Secret:
    """Return the answer, 64 hexadecimal digits, to a question about this very thing.

    Raises `NoMatchingIdentity` for a question to others, `MalformedHeader` or `PayloadCorrupt` for a damaged
    one, and `MalformedIdentity` for what is no question, or about something else.
    """
    opened = Secret(open_file(question, [identity]))
    if not opened.reveal().startswith(_beginning(about)):
        raise MalformedIdentity("what was to be opened is no question about this; it stays closed")
    return _answer(opened)


def uncover(layer: Layer, given: Secret, about: str) -> bytes:
    """Return what the layer keeps; raise `NoMatchingIdentity` for what is not its answer."""
    try:
        return open_small(_key(given), layer.sealed, about.encode())
    except SlotMismatch:
        raise NoMatchingIdentity("that is not the answer") from None


def _beginning(about: str) -> bytes:
    return _MARK + about.encode() + b"\n"


def _answer(question: Secret) -> Secret:
    return Secret(derive(question, "approval answer").reveal().hex().encode())


def _key(given: Secret) -> Secret:
    if not _ANSWER.fullmatch(given.reveal()):
        raise NoMatchingIdentity("an answer is 64 hexadecimal digits")
    return derive(given, "approval layer")
