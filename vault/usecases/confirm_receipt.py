"""Take a customer's proof that it holds a recording, and destroy the recording in that moment."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from keys.errors import NoMatchingIdentity, SlotMismatch
from vault.audit.entry import time_text
from vault.domain.event import Action, AuditEvent, Outcome
from vault.domain.names import RecordingId, Sha256
from vault.domain.recording import Cause, Recording, RecordingState
from vault.errors import Collected, DigestMismatch, HoldInForce, LogCorrupt, RegimeKeeps
from vault.ports.database import Repositories, UnitOfWork
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
    found, sealed, as_sealed = await vault.read(lambda rows: _look(vault, rows, visitor, recording))
    if not hmac.compare_digest(found.sha256, sha256):
        await _record_mismatch(vault, visitor, recording)
        raise DigestMismatch("the digest is not the recording's; nothing was destroyed")
    if found.state is RecordingState.SHREDDED:
        return ReceiptAnswer(ReceiptState.SHREDDED, await certificate_of(vault, found))
    if found.state is not RecordingState.COLLECTED and not as_sealed:
        await _must_be_as_sealed(vault, visitor, found, sealed)
    now = vault.clock.now()
    # Waited for even where nothing changed: what another receipt changed may not be durable yet.
    kept, changed = await vault.change(lambda work: _collect(work, visitor, recording, now))
    if kept is not None:
        return ReceiptAnswer(kept)
    certificate = await finish_shred(vault, recording, by=visitor.actor, on_record=changed)
    if certificate is None:
        return ReceiptAnswer(ReceiptState.PENDING)
    return ReceiptAnswer(ReceiptState.SHREDDED, certificate)


async def _look(
    vault: Vault, rows: Repositories, visitor: Visitor, recording: RecordingId
) -> tuple[Recording, bytes, bool]:
    """Return the recording with its header, and whether that is known to bear out the row."""
    found = await own_recording(rows, visitor, recording)
    sealed = await rows.recordings.header(recording) or b""
    try:
        file_key = await header.open_where_it_lies(vault, found, sealed, visitor.identity)
    except (SlotMismatch, NoMatchingIdentity):
        file_key = None
    return found, sealed, file_key is not None


async def _must_be_as_sealed(vault: Vault, visitor: Visitor, recording: Recording, sealed: bytes) -> None:
    """Raise `LogCorrupt` unless the header bears out the row, and is the visitor's to open.

    The digest that a receipt is held against lies in the database, where a writer to it could put another.
    """
    try:
        await header.open_file_key(vault, recording, sealed, visitor.identity)
    except Collected:
        return  # its slot is destroyed already: there is nothing left to be careful with
    except (SlotMismatch, NoMatchingIdentity) as error:
        if isinstance(error, NoMatchingIdentity):
            await must_not_be_renewed(vault)
        raise LogCorrupt("the recording's row is not as it was sealed; nothing was destroyed") from None


async def _collect(
    work: UnitOfWork, visitor: Visitor, recording: RecordingId, now: datetime
) -> tuple[ReceiptState | None, bool]:
    """Put the collection on record, once; return what keeps the recording, if anything does.

    And whether this put it on record: what is collected in the database already is not believed unseen.
    """
    found = await own_recording(work, visitor, recording)
    if found.state in {RecordingState.COLLECTED, RecordingState.SHREDDED}:
        return None, False
    customer = await work.customers.by_id(visitor.customer.id) or visitor.customer
    changed, kept = _received(found, now, delete_on_collection=customer.delete_on_collection)
    if changed != found:
        await work.recordings.save(changed)
        await work.log.append(_collected(visitor, changed, kept))
    return kept, changed != found


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
    if recording.received_at is not None:
        facts["received_at"] = time_text(recording.received_at)  # for `audit verify` to hold the row against
    return AuditEvent(Action.RECORDING_COLLECTED, visitor.actor, recording=recording.id, facts=facts)


async def _record_mismatch(vault: Vault, visitor: Visitor, recording: RecordingId) -> None:
    refused = AuditEvent(
        Action.RECORDING_REFUSED,
        visitor.actor,
        outcome=Outcome.REFUSED,
        recording=recording,
        facts={"customer": visitor.customer.id, "why": "digest_mismatch"},
    )
    await vault.change(lambda work: work.log.append(refused))
