"""End a recording by instruction: the controller's for a customer's calls, the company's for its own."""

from __future__ import annotations

from dataclasses import dataclass

from vault.domain.event import Action, AuditEvent, parse_instruction, parse_reason
from vault.domain.names import RecordingId
from vault.domain.recording import Cause, Recording
from vault.errors import Invalid
from vault.ports.vault import Vault
from vault.usecases.open_as_staff import find_recording, living
from vault.usecases.record_refusal import refusals_recorded
from vault.usecases.shred import finish_shred
from vault.usecases.unlock_staff import Person


@dataclass(frozen=True, slots=True)
class Instructed:
    """A recording that nothing opens any more; `certificate` is None while a mirror of the slots is away."""

    recording: RecordingId
    certificate: str | None


async def shred_by_instruction(
    vault: Vault, person: Person, prefix: str, *, reason: str, instructed_by: str | None = None
) -> Instructed:
    """Return the destruction's certificate. A DPO's alone.

    Raise `Invalid` without a reason, or for a customer's recording without saying who of its controller
    instructed it; `NotFound` or `Ambiguous`; and, on the log too, `AccessDenied`, `HoldInForce`, `Collected`.
    """
    reason = parse_reason(reason)
    instruction = parse_instruction(instructed_by) if instructed_by is not None else None
    recording = await find_recording(vault, prefix)
    tried = Action.SHRED_INSTRUCTED
    async with refusals_recorded(vault, person, recording, tried=tried, reason=reason):
        person.must_be_dpo()
        await _collect(vault, person, recording, reason, instruction)
    return Instructed(recording, await finish_shred(vault, recording, by=person.actor))


async def _collect(
    vault: Vault, person: Person, recording: RecordingId, reason: str, instructed_by: str | None
) -> None:
    """Put the instruction on record, from which on nothing opens the recording."""
    now = vault.clock.now()
    async with vault.unit_of_work() as work:
        found = await living(work, recording)
        _must_be_instructed(found, instructed_by)
        # An instruction beats the regime that keeps what was collected, so whether it deletes is no matter.
        collected = found.collect(now, Cause.INSTRUCTION, delete_on_collection=False)
        await work.recordings.save(collected)
        await work.log.append(
            AuditEvent(
                Action.SHRED_INSTRUCTED,
                person.actor,
                recording=recording,
                facts={"role": person.member.role, **found.owner_facts},
                reason=reason,
                detail={"instructed_by": instructed_by} if instructed_by else {},
            )
        )
        await work.commit()


def _must_be_instructed(recording: Recording, instructed_by: str | None) -> None:
    """Raise `Invalid`: a processor deletes on instruction only (UK GDPR, Article 28(3)(a))."""
    if recording.customer is not None and instructed_by is None:
        raise Invalid("it is a customer's recording: say who of the customer instructed it")
