"""Approve a grant as a second DPO, whose own identity takes off the layer that kept it shut until then."""

from __future__ import annotations

from dataclasses import replace

from vault.domain.event import Action, AuditEvent
from vault.domain.grant import Grant
from vault.domain.recording import Recording
from vault.errors import Conflict
from vault.ports.vault import Vault
from vault.sealing import grant as sealed_grant
from vault.usecases.open_as_staff import living
from vault.usecases.record_refusal import refusals_recorded
from vault.usecases.unlock_staff import Custodian


async def approve_grant(vault: Vault, custodian: Custodian, prefix: str) -> Grant:
    """Return the grant, live from now on. A DPO's alone who is not its issuer.

    Raise `NotFound` or `Ambiguous` for the id's prefix and, on the log too, `AccessDenied`, `Collected`;
    `Conflict` for a grant that does not wait for approval.
    """
    async with vault.reading() as rows:
        grant = await rows.grants.find(prefix)
    tried = Action.GRANT_APPROVED
    async with refusals_recorded(vault, custodian, grant.recording, tried=tried, reason=""):
        custodian.must_be_dpo()
        grant.must_await_approval(custodian.member.id, vault.clock.now())
        async with vault.reading() as rows:
            recording = await living(rows, grant.recording)
        header = await sealed_grant.header_of(vault, grant, recording)
        inner = await sealed_grant.unwrap(header.layers, custodian.own)
        approved = await _record(vault, custodian, grant, replace(header, layers=inner))
    await vault.slots.destroy([grant.slot])
    return approved


async def _record(vault: Vault, custodian: Custodian, grant: Grant, inner: sealed_grant.GrantHeader) -> Grant:
    """Put the grant under a fresh slot and the approval on record, once."""
    now = vault.clock.now()
    async with vault.unit_of_work() as work:
        recording = await living(work, grant.recording)
        if await work.grants.get(grant.id) != grant:
            raise Conflict("the grant changed in the same moment; look at it again")
        live = grant.approve(custodian.member.id, now)
        approved = await sealed_grant.put_under_slot(vault, work, live, recording, inner)
        await work.grants.save(approved)
        await work.slots.mark_destroyed([grant.slot], now)
        await work.log.append(_event(custodian, grant, recording))
        await work.commit()
    return approved


def _event(custodian: Custodian, grant: Grant, recording: Recording) -> AuditEvent:
    return AuditEvent(
        Action.GRANT_APPROVED,
        custodian.actor,
        recording=recording.id,
        facts={"grant": grant.id, "manager": grant.manager, **recording.owner_facts},
    )
