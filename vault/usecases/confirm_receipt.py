"""Take a customer's proof that it holds a recording, and destroy the recording in that moment."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from keys.errors import NoMatchingIdentity, SlotMismatch
from vault.domain.event import Action, AuditEvent, Outcome
from vault.domain.names import RecordingId, Sha256
from vault.domain.recording import Cause, Recording, RecordingState
from vault.errors import Collected, DigestMismatch, HoldInForce, LogCorrupt, RegimeKeeps
from vault.ports.vault import Vault
from vault.sealing import header
from vault.usecases.authenticate import Visitor
from vault.usecases.open_recording import must_not_be_renewed, own_recording
from vault.usecases.shred import certificate_of, finish_shred


class ReceiptState(StrEnum):
    """What became of a recording that its customer holds."""

    SHREDDED = "shredded"
    HELD = "held"
    RETAINED = "retained"
    PENDING = "pending"


@dataclass(frozen=True, slots=True)
class ReceiptAnswer:
    """The answer to a receipt: `certificate` is the tlog-proof text once the recording is shredded."""

    state: ReceiptState
    certificate: str | None = None


async def confirm_receipt(
    vault: Vault, visitor: Visitor, recording: RecordingId, sha256: Sha256
) -> ReceiptAnswer:
    """Return what became of it; the same receipt again, in any session, gets the same answer.

    Raise `NotFound`, or `DigestMismatch` for a digest that is not the recording's, or `LogCorrupt` for a row
    that is not as it was sealed: these destroy nothing.
    """
    async with vault.reading() as rows:
        found = await own_recording(rows, visitor, recording)
        sealed = await rows.recordings.header(recording)
    if not hmac.compare_digest(found.sha256, sha256):
        await _record_mismatch(vault, visitor, recording)
        raise DigestMismatch("the digest is not the recording's; nothing was destroyed")
    if found.state is RecordingState.SHREDDED:
        return ReceiptAnswer(ReceiptState.SHREDDED, await certificate_of(vault, found))
    if found.state is not RecordingState.COLLECTED:
        await _must_be_as_sealed(vault, visitor, found, sealed)
    kept = await _collect(vault, visitor, recording)
    if kept is not None:
        return ReceiptAnswer(kept)
    certificate = await finish_shred(vault, recording, by=visitor.actor)
    if certificate is None:
        return ReceiptAnswer(ReceiptState.PENDING)
    return ReceiptAnswer(ReceiptState.SHREDDED, certificate)


async def _must_be_as_sealed(
    vault: Vault, visitor: Visitor, recording: Recording, sealed: bytes | None
) -> None:
    """Raise `LogCorrupt` unless the header bears out the row, and is the visitor's to open.

    The digest that a receipt is held against lies in the database, where a writer to it could put another.
    """
    try:
        await header.open_file_key(vault, recording, sealed or b"", visitor.identity)
    except Collected:
        return  # its slot is destroyed already: there is nothing left to be careful with
    except (SlotMismatch, NoMatchingIdentity) as error:
        if isinstance(error, NoMatchingIdentity):
            await must_not_be_renewed(vault)
        raise LogCorrupt("the recording's row is not as it was sealed; nothing was destroyed") from None


async def _collect(vault: Vault, visitor: Visitor, recording: RecordingId) -> ReceiptState | None:
    """Put the collection on record, once; return what keeps the recording, if anything does.

    The commit is waited for even where nothing changed: what another receipt changed may not be durable yet.
    """
    now = vault.clock.now()
    async with vault.unit_of_work() as work:
        found = await own_recording(work, visitor, recording)
        kept: ReceiptState | None = None
        if found.state not in {RecordingState.COLLECTED, RecordingState.SHREDDED}:
            customer = await work.customers.by_id(visitor.customer.id) or visitor.customer
            changed, kept = _received(found, now, delete_on_collection=customer.delete_on_collection)
            if changed != found:
                await work.recordings.save(changed)
                await work.log.append(_collected(visitor, found, kept))
        await work.commit()
    return kept


def _received(
    recording: Recording, now: datetime, *, delete_on_collection: bool
) -> tuple[Recording, ReceiptState | None]:
    """Return the recording collected, or kept with what keeps it."""
    try:
        return recording.collect(now, Cause.COLLECTION, delete_on_collection=delete_on_collection), None
    except HoldInForce:
        return recording.receive(now), ReceiptState.HELD
    except RegimeKeeps:
        return recording.receive(now), ReceiptState.RETAINED


def _collected(visitor: Visitor, recording: Recording, kept: ReceiptState | None) -> AuditEvent:
    facts: dict[str, str | int | bool] = {"customer": visitor.customer.id, "sha256": recording.sha256}
    if kept is not None:
        facts["kept"] = kept
    return AuditEvent(Action.RECORDING_COLLECTED, visitor.actor, recording=recording.id, facts=facts)


async def _record_mismatch(vault: Vault, visitor: Visitor, recording: RecordingId) -> None:
    async with vault.unit_of_work() as work:
        await work.log.append(
            AuditEvent(
                Action.RECORDING_REFUSED,
                visitor.actor,
                outcome=Outcome.REFUSED,
                recording=recording,
                facts={"customer": visitor.customer.id, "why": "digest_mismatch"},
            )
        )
        await work.commit()
