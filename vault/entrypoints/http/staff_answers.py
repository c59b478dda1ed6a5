"""The JSON of staff who work from a machine of their own: sessions, questions, and what operations answer."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta, Struct

from vault.domain.staff import Role
from vault.domain.staff_session import ProofKind
from vault.usecases.challenge_staff import Challenge

_NAME = Meta(max_length=256)


class StaffSignIn(Struct, frozen=True, forbid_unknown_fields=True):
    """A person's short name with the passphrase, or with the ticket and the answer of a challenge."""

    staff: Annotated[str, _NAME]
    passphrase: Annotated[str, Meta(max_length=512)] | None = None
    ticket: Annotated[str, Meta(max_length=256)] | None = None
    answer: Annotated[str, Meta(max_length=256)] | None = None


class ChallengeRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Who is to be asked."""

    staff: Annotated[str, _NAME]


class ChallengeAnswer(Struct, frozen=True):
    """A question: `sealed` is an age file in base64; `ticket` goes back with the answer.

    The answer is, in hexadecimal, HKDF-SHA-256 of the file's plaintext, without salt, with the info
    `callvault/challenge answer v1`, 32 bytes. A plaintext that does not begin with `callvault challenge v1 `
    is no question and must not be answered.
    """

    sealed: str
    ticket: str
    expires_at: datetime

    @classmethod
    def of(cls, challenge: Challenge) -> ChallengeAnswer:
        """Return the question as JSON carries it."""
        return cls(base64.b64encode(challenge.sealed).decode(), challenge.ticket, challenge.expires_at)


class StaffSessionAnswer(Struct, frozen=True):
    """Who is signed in.

    `identities` are age files in base64 that the person's own identity opens: the group's identities. They
    come where that one is not here, the newest first.
    """

    staff: str
    role: Role
    proof: ProofKind
    expires_at: datetime
    identities: list[str]


class OpenRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Which recording, by id or the unique beginning of one, and why; how one knows a grant's password.

    Who signed in by passphrase sends the password itself, the owner of an identity file the answer to the
    grant's question.
    """

    recording: Annotated[str, Meta(max_length=64)]
    reason: Annotated[str, Meta(max_length=600)]
    grant_password: Annotated[str, Meta(max_length=512)] | None = None
    grant_answer: Annotated[str, Meta(max_length=256)] | None = None


class GrantQuestionRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Of which recording one has a grant, by its id or the beginning of it."""

    recording: Annotated[str, Meta(max_length=64)]


class GrantQuestion(Struct, frozen=True):
    """A question that the grant's password answers: `salt` is 16 bytes in base64.

    The answer is, in hexadecimal, HKDF-SHA-256, without salt, with the info `callvault/password proof v1`,
    32 bytes, of Argon2id(password, `callvault/password proof` ‖ salt, m = 65536, t = 3, p = 4, 32 bytes).
    """

    salt: str


class ApprovalQuestionRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Which grant is to be approved, by its id or the beginning of it."""

    grant: Annotated[str, Meta(max_length=64)]


class ApprovalQuestion(Struct, frozen=True):
    """A question that the identity of a DPO answers who may approve: `sealed` is an age file in base64.

    The answer is, in hexadecimal, HKDF-SHA-256 of the file's plaintext, without salt, with the info
    `callvault/approval answer v1`, 32 bytes. A plaintext that does not begin with `callvault approval v1 `,
    the id of the grant and a line feed is no question about it and must not be answered.
    """

    grant: str
    sealed: str


class ExportRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Which recording, by its id or the beginning of it, and why; an age recipient, or the DPO office."""

    recording: Annotated[str, Meta(max_length=64)]
    reason: Annotated[str, Meta(max_length=600)]
    to: Annotated[str, Meta(max_length=4096)] | None = None


class StaffItem(Struct, frozen=True):
    """What an operation answers: `item` is an object whose fields are those of the command's JSON."""

    item: dict[str, Any]


class StaffList(Struct, frozen=True):
    """What a listing answers, as the command's JSON has it. `next` goes into `before`, or is null."""

    items: list[dict[str, Any]]
    next: int | None = None
