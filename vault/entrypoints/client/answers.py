"""What the client relies on in the vault's answers. Whatever else is in them is passed over.

An answer is read as one of these or as nothing: a server that says something else is no vault, and what it
says reaches no code of ours.
"""

from __future__ import annotations

from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct

from vault.entrypoints.client.failures import NotUnderstood

Answer = TypeVar("Answer")

Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Token = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9._~+/-]{1,512}=*\Z")]
"""A token that fits a header: RFC 6750, 2.1."""

Plain = str | int | float | bool | None
_Once = Plain | list[Plain] | dict[str, Plain]
_Twice = Plain | list[_Once] | dict[str, _Once]
_Thrice = Plain | list[_Twice] | dict[str, _Twice]
Item = dict[str, Plain | list[_Thrice] | dict[str, _Thrice]]
"""What is shown of one thing, nested no deeper than anything that a vault shows."""


class Problem(Struct, frozen=True):
    """Why something was refused (RFC 9457)."""

    code: str = ""
    detail: str = ""
    reference: str | None = None


class About(Struct, frozen=True):
    """What a description says of the service."""

    title: str
    version: str


class Description(Struct, frozen=True):
    """The description at `/openapi.json`."""

    info: About


class SignedIn(Struct, frozen=True):
    """A session of a customer's or of the staff's."""

    token: Token


class Challenge(Struct, frozen=True):
    """A question to the owner of an identity file; `sealed` came as base64, and so it does in the others."""

    sealed: bytes
    ticket: str


class StaffSession(Struct, frozen=True):
    """Who is signed in, and their group's identities, locked to them."""

    role: str
    identities: list[bytes] = []


class GrantQuestion(Struct, frozen=True):
    """What the password of a grant is to be hashed with."""

    salt: bytes


class ApprovalQuestion(Struct, frozen=True):
    """What a grant asks who may approve it."""

    grant: str
    sealed: bytes


class One(Struct, frozen=True):
    """What an operation of the staff answers about one thing."""

    item: Item


class Many(Struct, frozen=True):
    """What it answers about many, and what the next page begins before."""

    items: list[Item]
    next: int | None = None


class WaitingItem(Struct, frozen=True):
    """A recording that can be collected."""

    id: str
    bytes: Count
    file_name: str | None = None
    state: str = "waiting"


class WaitingPage(Struct, frozen=True):
    """A page of them."""

    items: list[WaitingItem]
    next: str | None = None


class Collection(Struct, frozen=True):
    """What became of a recording that the customer holds."""

    state: str
    certificate: str | None = None


class Introduced(Struct, frozen=True):
    """Who a source is."""

    source: str


class UploadReceipt(Struct, frozen=True):
    """The receipt of an upload."""

    recording: Annotated[str, Meta(min_length=1)]
    sha256: str
    bytes: Count
    sealed_at: str = ""
    log_index: int = -1


def decoded(body: bytes, kind: type[Answer]) -> Answer:
    """Return JSON as what it must be; raise `NotUnderstood`."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (ValueError, RecursionError):  # no JSON, nested without end, or something else than that
        raise not_understood() from None


def relied_on(item: object, kind: type[Struct]) -> None:
    """Raise `NotUnderstood` unless an item has every field that its reader relies on."""
    try:
        msgspec.convert(item, kind)
    except ValueError:
        raise not_understood() from None


def not_understood() -> NotUnderstood:
    """Return what is raised where no vault answers."""
    return NotUnderstood("the answer is not what a vault would say; is the address right?")
