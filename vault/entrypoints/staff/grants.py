"""Grants: a DPO issues and revokes them, a manager sees those of their own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated

from msgspec import Meta, Struct

from keys.secret import Secret
from vault.domain.event import Action
from vault.domain.grant import Grant, GrantState
from vault.domain.names import StaffName, parse_id_prefix, parse_name
from vault.domain.staff import Role
from vault.entrypoints.staff.operation import (
    DPO_ALONE,
    EVERYBODY,
    Acting,
    IdText,
    LineText,
    NameText,
    Operation,
    Rows,
    Seconds,
)
from vault.entrypoints.staff.row import Row
from vault.errors import AccessDenied
from vault.ports.vault import Vault
from vault.usecases.approve_grant import approve_grant
from vault.usecases.issue_grant import issue_grant
from vault.usecases.list_grants import list_grants
from vault.usecases.look_up import staff_names
from vault.usecases.revoke_grant import revoke_grant
from vault.usecases.stated_reasons import stated_reasons


class IssueGrant(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A recording, whom it is granted to and why; for how long and how often."""

    recording: IdText
    manager: NameText
    reason: LineText
    expires_seconds: Seconds | None = None
    uses: int = 1


class OneGrant(Struct, frozen=True, forbid_unknown_fields=True):
    """A grant, by its id or the beginning of it."""

    grant: IdText


class ApproveGrant(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A grant, and what an identity that is not at the vault answers to its question."""

    grant: IdText
    answer: Annotated[str, Meta(max_length=256)] | None = None


class ListGrants(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which grants: a recording's, a person's, those that still open something, or wait for a second DPO."""

    recording: IdText | None = None
    manager: NameText | None = None
    live: bool = False
    pending: bool = False


class Issued(Struct, frozen=True):
    """What is sure of a grant that was issued."""

    id: str
    state: str


async def _issue(vault: Vault, acting: Acting, asked: IssueGrant) -> Row:
    """Grant a recording to a person; the grant's password is told once."""
    lifetime = None if asked.expires_seconds is None else timedelta(seconds=asked.expires_seconds)
    grant, password = await issue_grant(
        vault,
        acting.custodian,
        parse_id_prefix(asked.recording),
        StaffName(parse_name(asked.manager)),
        reason=asked.reason,
        lifetime=lifetime,
        uses=asked.uses,
    )
    (row,) = await _rows(vault, grant)
    return {**row, "password": password.reveal().decode()}


async def _approve(vault: Vault, acting: Acting, asked: ApproveGrant) -> Row:
    """Approve a grant that another DPO issued."""
    answer = None if asked.answer is None else Secret(asked.answer.encode("utf-8", "surrogatepass"))
    prefix = parse_id_prefix(asked.grant)
    (row,) = await _rows(vault, await approve_grant(vault, acting.proven, prefix, answer=answer))
    return row


async def _list(vault: Vault, acting: Acting, asked: ListGrants) -> Rows:
    """List grants, newest first; to a manager their own, to a tech manager those to them.

    Those that wait for approval are told with the reason that their issuer stated.
    """
    person = StaffName(parse_name(asked.manager)) if asked.manager is not None else None
    if acting.role not in (None, Role.DPO):
        if person not in (None, acting.proven.member.name):
            raise AccessDenied("this is not for your role")
        person = acting.proven.member.name
    recording = parse_id_prefix(asked.recording) if asked.recording is not None else None
    found = await list_grants(
        vault,
        recording=recording,
        manager=person,
        live=asked.live,
        pending=asked.pending,
        by=acting.actor,
    )
    rows = await _rows(vault, *found)
    if not asked.pending:
        return rows
    reasons = await stated_reasons(vault, Action.GRANT_ISSUED, {each.id: each.recording for each in found})
    return [{**row, "reason": reasons.get(str(row["id"]))} for row in rows]


async def _revoke(vault: Vault, acting: Acting, asked: OneGrant) -> Row:
    """Revoke a grant: it opens nothing from now on."""
    (row,) = await _rows(vault, await revoke_grant(vault, parse_id_prefix(asked.grant), by=acting.actor))
    return row


async def _rows(vault: Vault, *grants: Grant) -> list[Row]:
    people = {person for each in grants for person in (each.manager, each.issued_by, each.approved_by)}
    names, now = await staff_names(vault, people), vault.clock.now()
    return [_row(each, names, now) for each in grants]


def _row(grant: Grant, names: Mapping[str, str], now: datetime) -> Row:
    over = grant.expired(now) and not grant.ended
    return {
        "id": grant.id,
        "recording": grant.recording,
        "manager": names.get(grant.manager, grant.manager),
        "state": (GrantState.EXPIRED if over else grant.state).value,
        "uses": grant.uses,
        "used": grant.used,
        "issued_by": names.get(grant.issued_by, grant.issued_by),
        "issued_at": grant.issued_at,
        "expires_at": grant.expires_at,
        "approved_by": names.get(grant.approved_by) if grant.approved_by else None,
        "ended_at": grant.ended_at,
    }


ISSUE = Operation("grants issue", IssueGrant, _issue, EVERYBODY, many=False, proof=True, sure=Issued)
APPROVE = Operation("grants approve", ApproveGrant, _approve, EVERYBODY, many=False, proof=True)
LIST = Operation("grants list", ListGrants, _list, EVERYBODY, many=True)
REVOKE = Operation("grants revoke", OneGrant, _revoke, DPO_ALONE, many=False)
OPERATIONS = (ISSUE, APPROVE, LIST, REVOKE)
