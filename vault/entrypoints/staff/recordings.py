"""What staff asks of recordings, but for their content: a tech manager sees processor-side ones alone."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from vault.domain.event import Action
from vault.domain.names import parse_id_prefix, parse_name
from vault.domain.opening_request import OpeningRequest
from vault.domain.recording import RecordingState
from vault.domain.staff import Role
from vault.entrypoints.staff.hold_rows import hold_row
from vault.entrypoints.staff.log_rows import event_row
from vault.entrypoints.staff.operation import (
    OFFICE,
    Acting,
    IdText,
    Index,
    Limit,
    LineText,
    Moment,
    NameText,
    Operation,
    Rows,
)
from vault.entrypoints.staff.recording_rows import recording_row
from vault.entrypoints.staff.row import Row
from vault.ports.repositories import RecordingFilter
from vault.ports.vault import Vault
from vault.usecases.approve_opening import approve_opening
from vault.usecases.list_recordings import list_recordings, show_recording
from vault.usecases.list_requests import list_requests
from vault.usecases.list_waiting import Listed
from vault.usecases.look_up import OwnerNames, look_up, owner_names, staff_names
from vault.usecases.request_opening import request_opening
from vault.usecases.shred_by_instruction import shred_by_instruction
from vault.usecases.stated_reasons import stated_reasons

_DEFAULT_REGION = "GB"


class ListRecordings(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which recordings: those that fit every field that is given; `since` and `until` of the call's begin."""

    customer: NameText | None = None
    source: NameText | None = None
    states: list[RecordingState] = []
    since: Moment | None = None
    until: Moment | None = None
    number: NameText | None = None
    call_id: LineText | None = None
    limit: Limit = 100
    before: Index | None = None


class OneRecording(Struct, frozen=True, forbid_unknown_fields=True):
    """A recording, by its id or the beginning of it."""

    recording: IdText


class ShredRecording(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A recording that is to end, why, and who instructed it."""

    recording: IdText
    reason: LineText
    instructed_by: LineText | None = None


class RequestOpening(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A recording that a second DPO is asked to approve the opening of, or the export, and why."""

    recording: IdText
    reason: LineText
    export: bool = False


class ListRequests(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How many requests at most."""

    limit: Limit = 100


class OneRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A request, by its id or the beginning of it."""

    request: IdText


class HeldFor(Struct, frozen=True):
    """What is sure of a hold on a recording."""

    case: str
    state: str


class Shown(Struct, frozen=True):
    """What is sure of a recording with its history."""

    held_for: list[HeldFor]
    events: list[dict[str, object]]


class Ended(Struct, frozen=True):
    """What is sure of a recording that was destroyed."""

    id: str
    certificate: str | None


class Requested(Struct, frozen=True):
    """What is sure of a request."""

    id: str


async def _list(vault: Vault, acting: Acting, asked: ListRecordings) -> Rows:
    """List recordings, newest first."""
    found = await look_up(
        vault,
        customer=parse_name(asked.customer) if asked.customer else None,
        source=parse_name(asked.source) if asked.source else None,
    )
    which = RecordingFilter(
        customer=found.customer,
        customers_only=acting.role is Role.TECH_MANAGER,
        source=found.source.id if found.source else None,
        states=tuple(asked.states),
        since=asked.since,
        until=asked.until,
    )
    listed = await list_recordings(
        vault,
        which,
        by=acting.actor,
        number=asked.number,
        region=found.source.region if found.source else _DEFAULT_REGION,
        call_id=asked.call_id,
        before=asked.before,
        limit=asked.limit,
    )
    owners = await _owners(vault, listed)
    return [recording_row(each, owners) for each in listed]


async def _show(vault: Vault, acting: Acting, asked: OneRecording) -> Row:
    """Show one recording, its holds, and what happened to it, oldest first."""
    customers_only = acting.role is Role.TECH_MANAGER
    shown = await show_recording(
        vault, parse_id_prefix(asked.recording), by=acting.actor, customers_only=customers_only
    )
    owners = await _owners(vault, [shown.listed])
    return {
        **recording_row(shown.listed, owners),
        "held_for": [hold_row(hold) for hold in shown.holds],
        "events": [event_row(event) for event in reversed(shown.events)],
    }


async def _shred(vault: Vault, acting: Acting, asked: ShredRecording) -> Row:
    """Destroy a recording by instruction; a hold wins."""
    ended = await shred_by_instruction(
        vault,
        acting.proven,
        parse_id_prefix(asked.recording),
        reason=asked.reason,
        instructed_by=asked.instructed_by,
    )
    state = "shredded" if ended.certificate else "pending"
    return {"id": ended.recording, "state": state, "certificate": ended.certificate}


async def _request(vault: Vault, acting: Acting, asked: RequestOpening) -> Row:
    """Ask a second DPO to approve an opening, or an export."""
    made = await request_opening(
        vault, acting.proven, parse_id_prefix(asked.recording), reason=asked.reason, export=asked.export
    )
    return _request_row(vault, made)


async def _requests(vault: Vault, acting: Acting, asked: ListRequests) -> Rows:
    """List what waits for a second DPO or is approved and not used yet; to a tech manager their own."""
    own = acting.proven.member.id if acting.role is Role.TECH_MANAGER else None
    found = await list_requests(vault, requested_by=own, limit=asked.limit, by=acting.actor)
    people = {person for each in found for person in (each.requested_by, each.approved_by)}
    names = await staff_names(vault, people)
    reasons = await stated_reasons(
        vault, Action.OPENING_REQUESTED, {each.id: each.recording for each in found}
    )
    return [
        {
            **_request_row(vault, each),
            "state": "pending" if each.approved_at is None else "approved",
            "requested_by": names.get(each.requested_by, each.requested_by),
            "approved_by": names.get(each.approved_by, each.approved_by) if each.approved_by else None,
            "reason": reasons.get(each.id),
        }
        for each in found
    ]


async def _approve(vault: Vault, acting: Acting, asked: OneRequest) -> Row:
    """Approve another person's request: it is good for once, within 24 hours."""
    approved = await approve_opening(vault, acting.proven, parse_id_prefix(asked.request))
    return _request_row(vault, approved)


def _request_row(vault: Vault, request: OpeningRequest) -> Row:
    return {
        "id": request.id,
        "recording": request.recording,
        "for": "export" if request.action is Action.RECORDING_EXPORTED else "open",
        "requested_at": request.requested_at,
        "approved_at": request.approved_at,
        "expires_at": request.expires_at(vault.policy.request_patience),
    }


async def _owners(vault: Vault, listed: Sequence[Listed]) -> OwnerNames:
    recordings = [each.recording for each in listed]
    return await owner_names(
        vault, [each.customer for each in recordings], [each.source for each in recordings]
    )


LIST = Operation("recordings list", ListRecordings, _list, OFFICE, many=True, paged_by="log_index")
SHOW = Operation("recordings show", OneRecording, _show, OFFICE, many=False, sure=Shown)
SHRED = Operation("recordings shred", ShredRecording, _shred, tuple(Role), many=False, proof=True, sure=Ended)
REQUEST = Operation(
    "recordings request", RequestOpening, _request, tuple(Role), many=False, proof=True, sure=Requested
)
REQUESTS = Operation("recordings requests", ListRequests, _requests, OFFICE, many=True)
APPROVE = Operation("recordings approve", OneRequest, _approve, tuple(Role), many=False, proof=True)
OPERATIONS = (LIST, SHOW, SHRED, REQUEST, REQUESTS, APPROVE)
