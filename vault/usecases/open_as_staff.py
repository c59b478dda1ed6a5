"""Open a recording for a member of staff, with a stated reason. Whose identity opens the header, may."""

from __future__ import annotations

from dataclasses import dataclass, replace

from keys.age import FileKey
from vault.domain.call import CallDetails
from vault.domain.event import Action, AuditEvent, parse_reason
from vault.domain.names import RecordingId
from vault.domain.recording import Recording
from vault.errors import Collected, NotFound
from vault.ports.database import Repositories
from vault.ports.vault import Vault
from vault.sealing import details as sealed_details
from vault.sealing import header
from vault.usecases.open_recording import OpenRecording
from vault.usecases.record_refusal import refusals_recorded
from vault.usecases.spend_approval import spend_approval
from vault.usecases.unlock_staff import Custodian, Person


@dataclass(frozen=True, slots=True)
class Keyed:
    """A recording with its file key. Nobody is given anything of it before an entry says so."""

    recording: Recording
    details: CallDetails
    file_key: FileKey


async def open_as_staff(vault: Vault, custodian: Custodian, prefix: str, *, reason: str) -> OpenRecording:
    """Return the recording opened, its entry with the reason durable in the log before this returns.

    Raise `Invalid` without a reason, `NotFound` or `Ambiguous` for the id's prefix. On the log too are
    `AccessDenied` for whose key does not open it, `ApprovalNeeded` under four eyes, and `Collected`.
    """
    reason = parse_reason(reason)
    recording = await find_recording(vault, prefix)
    tried = Action.RECORDING_OPENED
    async with refusals_recorded(vault, custodian, recording, tried=tried, reason=reason):
        keyed = await unlock_recording(vault, custodian, recording)
        facts = {"role": custodian.member.role, **keyed.recording.owner_facts}
        await record_access(
            vault,
            custodian,
            AuditEvent(tried, custodian.actor, recording=recording, facts=facts, reason=reason),
        )
    return OpenRecording(keyed.recording, keyed.details, vault, keyed.file_key)


async def find_recording(vault: Vault, prefix: str) -> RecordingId:
    """Return the id that begins so; raise `NotFound` or `Ambiguous`."""
    async with vault.reading() as rows:
        return await rows.recordings.find(prefix)


async def unlock_recording(vault: Vault, custodian: Custodian, recording: RecordingId) -> Keyed:
    """Open the header with what the custodian holds; raise `Collected` or `NoMatchingIdentity`."""
    found, details, sealed = await read_sealed(vault, recording)
    file_key = await header.open_file_key(vault, found, sealed, *custodian.identities)
    return Keyed(found, details, file_key)


async def read_sealed(vault: Vault, recording: RecordingId) -> tuple[Recording, CallDetails, bytes]:
    """Return it with its details and its header, as that lies under the slot; raise as `living` does."""
    async with vault.reading() as rows:
        found = await living(rows, recording)
        sealed = await rows.recordings.header(recording)
        details = await sealed_details.read(vault, rows, [found])
    if sealed is None:
        raise Collected("the recording was collected and is destroyed")
    return found, details.get(recording, CallDetails()), sealed


async def living(rows: Repositories, recording: RecordingId) -> Recording:
    """Return the recording as it is now; raise `NotFound`, or `Collected` for one that opens no more."""
    found = await rows.recordings.get(recording)
    if found is None:
        raise NotFound("no such recording")
    found.must_open()
    return found


async def must_open_still(vault: Vault, recording: RecordingId) -> None:
    """Pass while the recording that is on its way out may be opened; raise as `living` does."""
    await vault.read(lambda rows: living(rows, recording))


async def record_access(vault: Vault, person: Person, event: AuditEvent) -> None:
    """Log an access durably, and spend the approval that it needs where policy asks for one.

    Raise `Collected` if the recording was collected meanwhile, `ApprovalNeeded`.
    """
    assert event.recording is not None  # noqa: S101 - every access is to a recording
    async with vault.unit_of_work() as work:
        await living(work, event.recording)
        request = await spend_approval(vault, work, person, event)
        if request is not None:
            event = replace(event, facts={**event.facts, "request": request})
        await work.log.append(event)
        await work.commit()
