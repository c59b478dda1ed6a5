"""Approve a grant as a second DPO, whose own identity takes off the layer that kept it shut until then.

Whoever keeps that identity elsewhere answers there what the grant asks (`keys.approval`).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from keys.secret import Secret
from vault.domain.event import Action, AuditEvent
from vault.domain.grant import Grant
from vault.domain.names import GrantId
from vault.domain.recording import Recording
from vault.errors import Conflict, KeyElsewhere
from vault.ports.vault import Vault
from vault.sealing import grant as sealed_grant
from vault.usecases.open_as_staff import living
from vault.usecases.record_refusal import refusals_recorded
from vault.usecases.unlock_staff import Custodian, Person


@dataclass(frozen=True, slots=True)
class GrantsQuestion:
    """What a grant asks the DPOs who may approve it: an age file to their own recipients."""

    grant: GrantId
    sealed: bytes


async def ask_for_approval(vault: Vault, person: Person, prefix: str) -> GrantsQuestion:
    """Return what a grant asks; a DPO's alone who is not its issuer.

    Raise what `approve_grant` raises, and `KeyElsewhere` for a grant from before there were questions.
    """
    async with vault.reading() as rows:
        grant = await rows.grants.find(prefix)
    async with refusals_recorded(vault, person, grant.recording, tried=Action.GRANT_APPROVED, reason=""):
        header = await _waiting(vault, person, grant)
    if header.question is None:
        raise KeyElsewhere("this grant was issued before it could be approved so: have it issued anew")
    return GrantsQuestion(grant.id, header.question)


async def approve_grant(vault: Vault, person: Person, prefix: str, *, answer: Secret | None = None) -> Grant:
    """Return the grant, live from now on. A DPO's alone who is not its issuer.

    `answer` is what the person's identity answers where that one is not here. Raise `NotFound` or `Ambiguous`
    for the id's prefix, `KeyElsewhere` with neither identity nor answer; `Conflict` for a grant that does not
    wait for approval; and, on the log too, `AccessDenied`, `Collected` and, once its time is over, `Lapsed`.
    """
    async with vault.reading() as rows:
        grant = await rows.grants.find(prefix)
    async with refusals_recorded(vault, person, grant.recording, tried=Action.GRANT_APPROVED, reason=""):
        header = await _waiting(vault, person, grant)
        opened = await _without_its_layer(person, grant, header, answer)
        approved = await _record(vault, person, grant, opened)
    await vault.slots.destroy([grant.slot])
    return approved


async def _waiting(vault: Vault, person: Person, grant: Grant) -> sealed_grant.GrantHeader:
    """Return the header of a grant that waits for this person, among others."""
    person.must_be_dpo()
    grant.must_await_approval(person.member.id, vault.clock.now())
    async with vault.reading() as rows:
        recording = await living(rows, grant.recording)
    return await sealed_grant.header_of(vault, grant, recording)


async def _without_its_layer(
    person: Person, grant: Grant, header: sealed_grant.GrantHeader, answer: Secret | None
) -> sealed_grant.GrantHeader:
    """Take the outermost layer off; raise `NoMatchingIdentity`, or `KeyElsewhere` without key and answer."""
    if answer is None:
        if not isinstance(person, Custodian):
            raise KeyElsewhere("this needs your key here, or what it answers")
        answer = await asyncio.to_thread(sealed_grant.answer_for_approval, header, grant.id, person.own)
        if answer is None:  # from before there were questions
            return replace(header, layers=await sealed_grant.unwrap(header.layers, person.own))
    return sealed_grant.approved(header, grant.id, answer)


async def _record(vault: Vault, person: Person, grant: Grant, inner: sealed_grant.GrantHeader) -> Grant:
    """Put the grant under a fresh slot and the approval on record, once."""
    now = vault.clock.now()
    async with vault.unit_of_work() as work:
        recording = await living(work, grant.recording)
        if await work.grants.get(grant.id) != grant:
            raise Conflict("the grant changed in the same moment; look at it again")
        live = grant.approve(person.member.id, now)
        approved = await sealed_grant.put_under_slot(vault, work, live, recording, inner)
        await work.grants.save(approved)
        await work.slots.mark_destroyed([grant.slot], now)
        await work.log.append(_event(person, grant, recording))
        await work.commit()
    return approved


def _event(person: Person, grant: Grant, recording: Recording) -> AuditEvent:
    return AuditEvent(
        Action.GRANT_APPROVED,
        person.actor,
        recording=recording.id,
        facts={"grant": grant.id, "manager": grant.manager, **recording.owner_facts},
    )
