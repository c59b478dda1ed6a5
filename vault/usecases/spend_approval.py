"""Spend an approval: what opens or exports a recording takes it with it, in the transaction of its entry."""

from __future__ import annotations

from vault.domain.event import AuditEvent
from vault.domain.opening_request import OpeningRequest
from vault.domain.staff import Role
from vault.errors import ApprovalNeeded
from vault.ports.database import UnitOfWork
from vault.ports.vault import Vault
from vault.usecases.log_clock import not_before_the_log
from vault.usecases.unlock_staff import Person


async def spend_approval(vault: Vault, work: UnitOfWork, person: Person, event: AuditEvent) -> str | None:
    """Return the id of the request that allows this access, used from now on; None where none is asked for.

    Raise `ApprovalNeeded` where no other DPO, who is one still, approved it within the last day.
    """
    if not vault.policy.approve_openings or event.recording is None:
        return None
    now = await not_before_the_log(work, vault.clock.now())
    for request in await work.opening_requests.unused(event.recording, person.member.id, event.action):
        if request.usable(now) and _vouched(vault, request) and await _by_a_dpo(work, request):
            await work.opening_requests.save(request.use(now))
            return request.id
    raise ApprovalNeeded("another DPO must approve this first: callvault recordings request")


def _vouched(vault: Vault, request: OpeningRequest) -> bool:
    return request.vouched is not None and vault.keys.vouched(request.statement, request.vouched)


async def _by_a_dpo(work: UnitOfWork, request: OpeningRequest) -> bool:
    """Say whether who approved it is a DPO still: an approval does not outlast its giver."""
    approver = None if request.approved_by is None else await work.staff.by_id(request.approved_by)
    return approver is not None and approver.removed_at is None and approver.role is Role.DPO
