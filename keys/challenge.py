"""Prove that one holds an identity, without showing it: a random question sealed to its recipient.

The answer is derived from what was sealed, never the thing itself, and nothing but a question is answered: so
whoever asks can't have anything else opened, such as another identity that is locked to this one.
"""

from __future__ import annotations

from keys.age import HybridIdentity, HybridRecipient, open_file, seal_file
from keys.derive import derive
from keys.errors import MalformedIdentity
from keys.passwords import issue_token
from keys.secret import Secret

_MARK = b"callvault challenge v1 "
_QUESTION_BYTES = 32


def pose(recipient: HybridRecipient) -> tuple[bytes, Secret]:
    """Return an age file to send, and the answer to it: 64 hexadecimal digits."""
    question = Secret(_MARK + issue_token(_QUESTION_BYTES).reveal())
    return seal_file(question.reveal(), [recipient]), _answer(question)


def answer(sealed: bytes, identity: HybridIdentity) -> Secret:
    """Return the answer to a question.

    Raises `NoMatchingIdentity` for a question to somebody else, `MalformedHeader` or `PayloadCorrupt` for a
    damaged one, and `MalformedIdentity` for what is no question.
    """
    question = Secret(open_file(sealed, [identity]))
    if not question.reveal().startswith(_MARK):
        raise MalformedIdentity("what was to be opened is no challenge; it stays closed")
    return _answer(question)


def _answer(question: Secret) -> Secret:
    return Secret(derive(question, "challenge answer").reveal().hex().encode())
