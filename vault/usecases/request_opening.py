"""Ask for a recording to be opened or exported, where a second DPO must approve it."""

from __future__ import annotations

from vault.domain.event import Action, AuditEvent, parse_reason
from vault.domain.names import RequestId, new_id
from vault.domain.opening_request import OpeningRequest
from vault.domain.staff import Role
from vault.errors import AccessDenied
from vault.ports.vault import Vault
from vault.usecases.open_as_staff import find_recording, living
from vault.usecases.record_refusal import refusals_recorded
from vault.usecases.unlock_staff import Person


async def request_opening(
    vault: Vault, person: Person, prefix: str, *, reason: str, export: bool = False
) -> OpeningRequest:
    """Return the request, on the log with its reason; a DPO's or tech manager's.

    Raise `Invalid` without a reason, `NotFound` or `Ambiguous` for the id's prefix and, on the log too,
    `AccessDenied` and `Collected`.
    """
    reason = parse_reason(reason)
    recording = await find_recording(vault, prefix)
    tried, now = Action.OPENING_REQUESTED, vault.clock.now()
    async with refusals_recorded(vault, person, recording, tried=tried, reason=reason):
        if person.member.role is Role.MANAGER:
            raise AccessDenied("a manager opens by grant", why="role")
        wanted = Action.RECORDING_EXPORTED if export else Action.RECORDING_OPENED
        request = OpeningRequest(RequestId(new_id()), recording, wanted, person.member.id, now)
        async with vault.unit_of_work() as work:
            found = await living(work, recording)
            await work.opening_requests.add(request)
            facts = {"request": request.id, "for": wanted, **found.owner_facts}
            await work.log.append(
                AuditEvent(tried, person.actor, recording=recording, facts=facts, reason=reason)
            )
            await work.commit()
    return request
