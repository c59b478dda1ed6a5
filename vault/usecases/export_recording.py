"""Export a recording as an age file for one recipient: escrow, or disclosure; it opens without Callvault."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from keys.age import FileKey, HybridRecipient, X25519Recipient
from vault.domain.event import Action, AuditEvent, parse_reason
from vault.domain.recording import Recording
from vault.domain.staff import Group, Owner
from vault.ports.vault import Vault
from vault.sealing import header, identities
from vault.sealing.copying import copy_payload
from vault.usecases.open_as_staff import find_recording, record_access, unlock_recording
from vault.usecases.record_refusal import refusals_recorded
from vault.usecases.unlock_staff import Custodian

ExportRecipient = HybridRecipient | X25519Recipient
_FINGERPRINT_CHARACTERS = 16  # 64 bits of SHA-256: to recognise a recipient by, not to trust one by


@dataclass(frozen=True, slots=True)
class Export:
    """An export that is on the log already; `age_file` yields it. `recipient` is whom it is sealed to."""

    recording: Recording
    recipient: str
    header: bytes
    vault: Vault
    file_key: FileKey

    @property
    def fingerprint(self) -> str:
        """What the log calls the recipient."""
        return fingerprint(self.recipient)

    async def age_file(self) -> AsyncGenerator[bytes, None]:
        """Yield header ‖ payload, a valid age v1 file; raise `PayloadCorrupt` before a wrong byte leaves."""
        yield self.header
        async for piece in copy_payload(self.vault.blobs, self.recording, self.file_key):
            yield piece


async def export_recording(
    vault: Vault, custodian: Custodian, prefix: str, *, reason: str, to: ExportRecipient | None = None
) -> Export:
    """Return the recording re-sealed to `to`, or to the DPO office; the entry is durable before this returns.

    A DPO's alone. Raise `Invalid` without a reason, `NotFound` or `Ambiguous` for the id's prefix, and,
    on the log too, `AccessDenied`, `ApprovalNeeded` and `Collected`.
    """
    reason = parse_reason(reason)
    recording = await find_recording(vault, prefix)
    tried = Action.RECORDING_EXPORTED
    async with refusals_recorded(vault, custodian, recording, tried=tried, reason=reason):
        custodian.must_be_dpo()
        keyed = await unlock_recording(vault, custodian, recording)
        recipient = to or await _office(vault)
        sealed_to = str(recipient)
        resealed = await header.seal(keyed.file_key, [recipient])
        facts = {"role": custodian.member.role, **keyed.recording.owner_facts}
        await record_access(
            vault,
            custodian,
            AuditEvent(
                tried,
                custodian.actor,
                recording=recording,
                facts={**facts, "recipient": fingerprint(sealed_to)},
                reason=reason,
                detail={"recipient": sealed_to},
            ),
        )
    return Export(keyed.recording, sealed_to, resealed, vault, keyed.file_key)


def fingerprint(recipient: str) -> str:
    """Return the short name of a recipient: 16 hexadecimal digits of the SHA-256 of its text."""
    return hashlib.sha256(recipient.encode()).hexdigest()[:_FINGERPRINT_CHARACTERS]


async def _office(vault: Vault) -> HybridRecipient:
    async with vault.reading() as rows:
        return await identities.recipient(vault, rows, Owner.GROUP, Group.DPO_OFFICE)
