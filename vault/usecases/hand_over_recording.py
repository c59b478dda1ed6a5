"""Hand a recording over as it lies sealed, to a person whose identity file opens it on their own machine.

Neither passphrase nor plaintext is ever here. What the person is given is on the log first, as an opening.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from keys.age import sealed_bytes
from vault.domain.call import CallDetails
from vault.domain.event import Action, AuditEvent, parse_reason
from vault.domain.names import RecordingId
from vault.domain.recording import Recording
from vault.domain.staff import Role
from vault.errors import AccessDenied
from vault.ports.vault import Vault
from vault.sealing import groups, header, identities
from vault.usecases.open_as_staff import find_recording, read_sealed, record_access
from vault.usecases.record_refusal import refusals_recorded
from vault.usecases.unlock_staff import Person


@dataclass(frozen=True, slots=True)
class SealedRecording:
    """A recording on its way out, sealed; on the log already. Its header opens for the person's group."""

    recording: Recording
    details: CallDetails
    header: bytes
    vault: Vault

    @property
    def file_bytes(self) -> int:
        """The size of the age file."""
        return len(self.header) + sealed_bytes(self.recording.bytes)

    async def age_file(self) -> AsyncGenerator[bytes, None]:
        """Yield header ‖ payload, a valid age v1 file, as it lies."""
        yield self.header
        length = sealed_bytes(self.recording.bytes)
        async with aclosing(self.vault.blobs.read(self.recording.blob, 0, length)) as pieces:
            async for piece in pieces:
                yield piece


async def hand_over_recording(vault: Vault, person: Person, prefix: str, *, reason: str) -> SealedRecording:
    """Return the recording sealed, its entry with the reason durable in the log before this returns.

    Raise what `open_as_staff` raises. The role says who is given it; who can open it, the header says.
    """
    reason = parse_reason(reason)
    recording = await find_recording(vault, prefix)
    tried = Action.RECORDING_OPENED
    async with refusals_recorded(vault, person, recording, tried=tried, reason=reason):
        sealed = await _take_out(vault, person, recording)
        facts = {"role": person.member.role, "sealed": True, **sealed.recording.owner_facts}
        await record_access(
            vault,
            person,
            AuditEvent(tried, person.actor, recording=recording, facts=facts, reason=reason),
        )
    return sealed


async def locked_group_identities(vault: Vault, person: Person) -> Sequence[bytes]:
    """Return the age files of the group's identities, which the person's own opens; the newest first."""
    if person.member.group is None:
        return []
    async with vault.reading() as rows:
        locks = await groups.living(vault, rows, person.member.group)
    return [await identities.locked_bytes(vault, lock) for lock in locks]


async def _take_out(vault: Vault, person: Person, recording: RecordingId) -> SealedRecording:
    found, details, sealed = await read_sealed(vault, recording)
    _must_be_for(person, found)
    return SealedRecording(found, details, await header.take_out(vault, found, sealed), vault)


def _must_be_for(person: Person, recording: Recording) -> None:
    """Raise `AccessDenied` for whom no stanza of the header is meant."""
    role = person.member.role
    if role is Role.DPO or (role is Role.TECH_MANAGER and recording.customer is not None):
        return
    raise AccessDenied(f"{person.member.name} may not have this recording", why="role")
