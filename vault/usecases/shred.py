"""End a recording: its slot is overwritten on every mirror, and the log's proof of that is the certificate.

The order is: on record as collected (from here nothing opens it), slot destroyed, on record as shredded.
A crash in between is finished at start; whoever comes second finds the first one's result.
"""

from __future__ import annotations

from collections.abc import Sequence

from vault.audit.certificate import DestructionCertificate
from vault.domain.event import Action, Actor, AuditEvent
from vault.domain.grant import Grant
from vault.domain.names import RecordingId
from vault.domain.recording import Recording, RecordingState
from vault.errors import NotFound
from vault.ports.database import Repositories, UnitOfWork
from vault.ports.grants import GrantFilter
from vault.ports.vault import Vault
from vault.sealing.endings import must_have_ended, slots_of
from vault.usecases.end_grants import end_grants_on
from vault.usecases.prove_entry import prove_entry


async def finish_shred(
    vault: Vault, recording: RecordingId, *, by: Actor, on_record: bool = False
) -> str | None:
    """Destroy the slots of a collected recording and its grants; return the certificate.

    It is None while a mirror is away. Who has put the collection on record in this moment says so by
    `on_record`; else the signed log is asked.

    Raise `Conflict` for one whose collection is not durably on record, `LogCorrupt` for one whose row alone
    says that it is collected, or whose slot is not its own: nothing is destroyed then.
    """

    async def _look(rows: Repositories) -> tuple[Recording, bytes | None, Sequence[Grant]]:
        # None is issued any more once the collection is on record: these are all.
        granted = await rows.grants.list(GrantFilter(recording=recording, unended=True))
        return await find(rows, recording), await rows.recordings.header(recording), granted

    found, header, granted = await vault.read(_look)
    if found.state is not RecordingState.SHREDDED:
        found.must_be_collected()
        if not on_record:
            await must_have_ended(vault, recording)
        if not await vault.slots.destroy(await slots_of(vault, found, header, granted)):
            return None
        # Whoever came second waits for the commit too: what it read may not be durable yet.
        found = await vault.change(lambda work: _record(vault, work, recording, by))
    return await certificate_of(vault, found)


async def certificate_of(vault: Vault, recording: Recording) -> str:
    """Return the destruction certificate of a shredded recording: always the same one.

    Its checkpoint is of the log as it was with the shredding's entry newest, and Ed25519 signs alike twice.
    """
    if recording.shred_log_index is None:
        raise NotFound("the recording is not shredded")
    index = recording.shred_log_index
    proof = await prove_entry(vault, index, size=index + 1)
    return DestructionCertificate.from_proof(proof).encode().decode()


async def find(rows: Repositories, recording: RecordingId) -> Recording:
    """Return the recording, whatever its state; raise `NotFound`."""
    found = await rows.recordings.get(recording)
    if found is None:
        raise NotFound("no such recording")
    return found


async def _record(vault: Vault, work: UnitOfWork, recording: RecordingId, by: Actor) -> Recording:
    """Put the destruction on record, once, and queue the blob."""
    found = await find(work, recording)
    if found.state is RecordingState.SHREDDED:
        return found
    return await _shredded(vault, work, found, by)


async def _shredded(vault: Vault, work: UnitOfWork, found: Recording, by: Actor) -> Recording:
    horizon = vault.policy.snapshot_horizon
    facts: dict[str, str | int | bool] = {
        "sha256": found.sha256,
        "bytes": found.bytes,
        "slot": found.slot,
        "snapshot_horizon": horizon if horizon is not None else "unstated",
    }
    facts |= {"customer": found.customer} if found.customer else {"own": True}
    await end_grants_on(vault, work, found.id, vault.clock.now(), by=by)
    appended = await work.log.append(
        AuditEvent(Action.RECORDING_SHREDDED, by, recording=found.id, facts=facts)
    )
    shredded = found.shred(appended.time, appended.index)
    await work.recordings.save(shredded)
    await work.recordings.drop_header(found.id)
    await work.slots.mark_destroyed([found.slot], appended.time)
    await work.blob_deletions.queue(found.blob, appended.time)
    return shredded
