"""Approve, as a second DPO, that somebody opens or exports a recording: once, within a day.

The service keeps this rule, not a key: who holds the office's identity could open without the service.
"""

from __future__ import annotations

from dataclasses import replace

from vault.domain.event import Action, AuditEvent
from vault.domain.opening_request import OpeningRequest
from vault.ports.vault import Vault
from vault.usecases.open_as_staff import living
from vault.usecases.record_refusal import refusals_recorded
from vault.usecases.unlock_staff import Person


async def approve_opening(vault: Vault, person: Person, prefix: str) -> OpeningRequest:
    """Return the request, approved. A DPO's alone who did not ask for it.

    Raise `NotFound` or `Ambiguous` for the id's prefix, `Conflict` for one that was approved already, and, on
    the log too, `AccessDenied`, `Collected` and, for one that waited too long, `Lapsed`.
    """
    async with vault.reading() as rows:
        asked = await rows.opening_requests.find(prefix)
    tried, now = Action.OPENING_APPROVED, vault.clock.now()
    async with refusals_recorded(vault, person, asked.recording, tried=tried, reason=""):
        person.must_be_dpo()
        async with vault.unit_of_work() as work:
            recording = await living(work, asked.recording)
            bare = (await work.opening_requests.find(asked.id)).approve(
                person.member.id, now, vault.policy.request_patience
            )
            approved = replace(bare, vouched=vault.keys.vouch(bare.statement))
            await work.opening_requests.save(approved)
            facts = {"request": asked.id, "for": asked.action, **recording.owner_facts}
            await work.log.append(AuditEvent(tried, person.actor, recording=recording.id, facts=facts))
            await work.commit()
    return approved
