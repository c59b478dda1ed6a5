"""Issue a grant: a DPO gives one person one recording, for a time and a number of uses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from keys.age import HybridRecipient
from keys.passwords import issue_password
from keys.secret import Secret
from vault.domain.event import Action, AuditEvent, parse_reason
from vault.domain.grant import Grant, GrantState, parse_terms
from vault.domain.names import GrantId, StaffName, new_id
from vault.domain.recording import Recording
from vault.domain.staff import Group, Owner, Role, StaffMember
from vault.errors import Conflict, Invalid, NotFound
from vault.ports.database import Repositories, UnitOfWork
from vault.ports.grants import GrantFilter
from vault.ports.vault import Vault
from vault.sealing import grant as sealed_grant
from vault.sealing import groups, identities
from vault.usecases.open_as_staff import find_recording, living, unlock_recording
from vault.usecases.record_refusal import refusals_recorded
from vault.usecases.unlock_staff import Custodian


async def issue_grant(
    vault: Vault,
    custodian: Custodian,
    prefix: str,
    manager: StaffName,
    *,
    reason: str,
    lifetime: timedelta | None = None,
    uses: int = 1,
) -> tuple[Grant, Secret]:
    """Return the grant and its password, which is kept nowhere. A DPO's alone.

    It is pending where policy wants a second DPO. Raise `Invalid` for its terms or without a reason,
    `NotFound` or `Ambiguous` for recording or person, `Conflict` while an earlier grant of the two lives,
    and, on the log too, `AccessDenied` and `Collected`.
    """
    reason, terms, now = parse_reason(reason), parse_terms(lifetime, uses), vault.clock.now()
    recording = await find_recording(vault, prefix)
    tried = Action.GRANT_ISSUED
    async with refusals_recorded(vault, custodian, recording, tried=tried, reason=reason):
        custodian.must_be_dpo()
        async with vault.reading() as rows:
            member = await _grantee(rows, manager)
            person = await identities.recipient(vault, rows, Owner.STAFF, member.id)
            approvers = await _approvers(vault, rows, custodian)
        keyed = await unlock_recording(vault, custodian, recording)
        password = issue_password()
        bare = _grant(custodian, keyed.recording, member, (*terms, now), pending=bool(approvers))
        header = await sealed_grant.seal(keyed.file_key, password, person, bare.id, approvers)
        async with vault.unit_of_work() as work:
            grant = await _add(vault, work, bare, manager, header)
            await work.log.append(_event(custodian, grant, keyed.recording, manager, reason))
            await work.commit()
    return grant, password


async def _grantee(rows: Repositories, name: StaffName) -> StaffMember:
    """Return the person; raise `NotFound` for nobody of the staff, `Invalid` for a DPO, who needs none."""
    member = await rows.staff.get(name)
    if member is None or member.removed_at is not None:
        raise NotFound(f"nobody of the staff is called {name}")
    if member.role is Role.DPO:
        raise Invalid("a DPO opens every recording without a grant")
    return member


async def _approvers(vault: Vault, rows: Repositories, issuer: Custodian) -> Sequence[HybridRecipient]:
    """Return every other DPO where one must approve; raise `Conflict` when there is none."""
    if not vault.policy.approve_grants:
        return ()
    others = await groups.people(vault, rows, Group.DPO_OFFICE, without=issuer.member.id)
    if not others:
        raise Conflict("a second DPO must approve grants, and there is none")
    return others


def _grant(
    custodian: Custodian,
    recording: Recording,
    member: StaffMember,
    terms: tuple[timedelta, int, datetime],
    *,
    pending: bool,
) -> Grant:
    lifetime, uses, now = terms
    return Grant(
        id=GrantId(new_id()),
        recording=recording.id,
        manager=member.id,
        issued_by=custodian.member.id,
        issued_at=now,
        expires_at=now + lifetime,
        uses=uses,
        state=GrantState.PENDING if pending else GrantState.LIVE,
    )


async def _add(
    vault: Vault, work: UnitOfWork, bare: Grant, manager: StaffName, header: sealed_grant.GrantHeader
) -> Grant:
    """Add the grant unless recording or person have gone meanwhile; one at a time for the two of them."""
    recording = await living(work, bare.recording)
    await _grantee(work, manager)
    earlier = await work.grants.list(
        GrantFilter(recording=bare.recording, manager=bare.manager, unended=True)
    )
    for each in earlier:
        if not each.expired(bare.issued_at):
            raise Conflict(f"{manager} has a grant of this recording: revoke {each.id} first")
    grant = await sealed_grant.put_under_slot(vault, work, bare, recording, header)
    await work.grants.add(grant)
    return grant


def _event(
    custodian: Custodian, grant: Grant, recording: Recording, manager: StaffName, reason: str
) -> AuditEvent:
    facts = {
        "grant": grant.id,
        "manager": grant.manager,
        "uses": grant.uses,
        "expires_at": grant.expires_at.isoformat(timespec="seconds"),
        "pending": grant.state is GrantState.PENDING,
        **recording.owner_facts,
    }
    return AuditEvent(
        Action.GRANT_ISSUED,
        custodian.actor,
        recording=recording.id,
        facts=facts,
        reason=reason,
        detail={"manager": manager},
    )
