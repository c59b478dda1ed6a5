"""The JSON that goes in and out: one struct per body, from which `GET /openapi.json` is drawn too."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import UNSET, Meta, Struct, UnsetType

from vault.domain.call import CallDetails, Direction
from vault.domain.recording import RecordingState
from vault.domain.source import Source
from vault.usecases.confirm_receipt import ReceiptAnswer, ReceiptState
from vault.usecases.list_waiting import Listed
from vault.usecases.seal_recording import UploadReceipt
from vault.usecases.sign_in import SignedIn

SERVER = "callvault"
"""What every answer says of its server: a name and no version."""

_PASSWORD_CHARACTERS = 512
_TOKEN_CHARACTERS = 128
_NAME_CHARACTERS = 256


class Problem(Struct, frozen=True, omit_defaults=True):
    """A problem (RFC 9457). `code` is stable; `field` names what was wrong, `reference` a line of the log."""

    title: str
    status: int
    detail: str
    code: str
    field: str | UnsetType = UNSET
    reference: str | UnsetType = UNSET

    @classmethod
    def of(
        cls,
        status: HTTPStatus,
        code: str,
        detail: str,
        *,
        field: str | None = None,
        reference: str | None = None,
    ) -> Problem:
        """Return a problem titled after its status, as RFC 9457 (4.2.1) asks where no `type` is given."""
        return cls(status.phrase, status.value, detail, code, field or UNSET, reference or UNSET)


class Receipt(Struct, frozen=True):
    """The receipt of an upload: from here the recording survives a power cut."""

    recording: str
    sha256: str
    bytes: int
    sealed_at: datetime
    log_index: int

    @classmethod
    def of(cls, receipt: UploadReceipt) -> Receipt:
        """Return the receipt as the contract spells it."""
        return cls(receipt.recording, receipt.sha256, receipt.bytes, receipt.sealed_at, receipt.log_index)


class SourceAnswer(Struct, frozen=True):
    """Who a source is. `own` sources bring the company's own calls; `zone` reads local times."""

    id: str
    source: str
    own: bool
    zone: str
    region: str
    may_upload: bool = True

    @classmethod
    def of(cls, source: Source) -> SourceAnswer:
        """Return what a source may know of itself."""
        return cls(source.id, source.name, source.customer is None, source.zone, source.region)


class SignInRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A link's token or a customer's short name, and the retrieval password."""

    password: Annotated[str, Meta(max_length=_PASSWORD_CHARACTERS)]
    link: Annotated[str, Meta(max_length=_TOKEN_CHARACTERS)] | None = None
    customer: Annotated[str, Meta(max_length=_NAME_CHARACTERS)] | None = None


class SessionAnswer(Struct, frozen=True):
    """A session: its token goes into `Authorization: Bearer` and nowhere else."""

    token: str
    expires_at: datetime

    @classmethod
    def of(cls, signed_in: SignedIn) -> SessionAnswer:
        """Return the session, its token shown this once."""
        return cls(signed_in.token.reveal().decode(), signed_in.expires_at)


class CallAnswer(Struct, frozen=True):
    """Call details as the source sent them; what it did not tell is null or empty."""

    call_id: str | None
    calling: tuple[str, ...]
    called: str | None
    diverted_by: tuple[str, ...]
    started_at: datetime | None
    duration_seconds: float | None
    direction: Direction | None
    carrier: str | None
    agent: str | None

    @classmethod
    def of(cls, details: CallDetails) -> CallAnswer:
        """Return the details without what belongs to the file."""
        return cls(*(getattr(details, name) for name in cls.__struct_fields__))


class WaitingRecording(Struct, frozen=True):
    """A recording that can be collected. Its digest is told to nobody before its receipt."""

    id: str
    file_name: str | None
    bytes: int
    sealed_at: datetime
    state: RecordingState
    header_incomplete: bool
    call: CallAnswer

    @classmethod
    def of(cls, listed: Listed) -> WaitingRecording:
        """Return what a customer may know of a recording."""
        recording, details = listed.recording, listed.details
        return cls(
            recording.id,
            details.file_name,
            recording.bytes,
            recording.sealed_at,
            recording.state,
            details.header_incomplete,
            CallAnswer.of(details),
        )


class WaitingList(Struct, frozen=True):
    """A page of what waits, newest first; `next` is the cursor of the page after it, or null."""

    items: list[WaitingRecording]
    next: str | None


class ReceiptRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """The customer's proof that it holds a recording: the SHA-256 of what it holds, in hexadecimal."""

    sha256: Annotated[str, Meta(max_length=64)]


class Collection(Struct, frozen=True):
    """What became of a recording that its customer holds; the certificate is a C2SP tlog-proof."""

    state: ReceiptState
    certificate: str | None

    @classmethod
    def of(cls, answer: ReceiptAnswer) -> Collection:
        """Return the answer to a receipt."""
        return cls(answer.state, answer.certificate)


class Readiness(Struct, frozen=True):
    """Whether the vault can serve, and each part: «ok» or an error code."""

    ready: bool
    parts: dict[str, str]


class Health(Struct, frozen=True):
    """The process runs."""

    status: str = "ok"


def render_json(
    answer: Struct, status: HTTPStatus = HTTPStatus.OK, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Return a body as JSON."""
    return web.Response(
        status=status, body=msgspec.json.encode(answer), content_type="application/json", headers=headers
    )
