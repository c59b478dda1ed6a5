"""Open a recording, or a range of it, for its customer. Reading is free and destroys nothing."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from datetime import timedelta

from keys.age import FileKey
from keys.errors import NoMatchingIdentity
from vault.domain.access import Session
from vault.domain.call import CallDetails
from vault.domain.event import Action, AuditEvent
from vault.domain.names import RecordingId
from vault.domain.recording import Recording
from vault.errors import AccessDenied, Collected, NotFound, Unavailable
from vault.ports.database import Repositories, UnitOfWork
from vault.ports.vault import Vault
from vault.sealing import details as sealed_details
from vault.sealing import header
from vault.sealing.payload import open_range
from vault.usecases.authenticate import Visitor

FLOWS_ON = timedelta(seconds=5)
"""How long bytes flow on at most, once the recording or the session has ended."""


@dataclass(frozen=True, slots=True)
class OpenRecording:
    """An opened recording: on the log already, its bytes read by `plaintext`.

    `session` is the customer's that opened it, None for staff.
    """

    recording: Recording
    details: CallDetails
    vault: Vault
    file_key: FileKey
    session: Session | None = None

    async def plaintext(self, start: int, stop: int) -> AsyncGenerator[bytes, None]:
        """Yield the plaintext bytes [start, stop).

        A slow reader takes hours, in which the key is in memory and the blob open. So this looks again as it
        goes, and raises `Collected` or `AccessDenied` where recording or session have ended meanwhile.
        """
        looked_at = self.vault.clock.now()
        async with aclosing(
            open_range(self.vault.blobs, self.recording, self.file_key, start, stop)
        ) as pieces:
            async for piece in pieces:
                now = self.vault.clock.now()
                if abs(now - looked_at) >= FLOWS_ON:
                    await self._must_flow_on()
                    looked_at = now
                yield piece

    async def _must_flow_on(self) -> None:
        async def _look(rows: Repositories) -> None:
            found = await rows.recordings.get(self.recording.id)
            if found is None:
                raise NotFound("no such recording")
            found.must_open()
            if self.session is None:
                return
            session = await rows.sessions.get(self.session.id)
            if session is None:
                raise AccessDenied("sign in again")
            session.must_be_live(self.vault.clock.now())

        with suppress(Unavailable):  # a database that is away ends nothing; it is asked again soon
            await self.vault.read(_look)


@dataclass(frozen=True, slots=True)
class _Lying:
    """A recording as it lies, and whether this session's opening of it is on the log.

    Without its file key, its header was sealed anew meanwhile, or it was destroyed.
    """

    recording: Recording
    header: bytes
    file_key: FileKey | None
    details: CallDetails
    logged: bool


async def describe_recording(
    vault: Vault, visitor: Visitor, recording: RecordingId
) -> tuple[Recording, CallDetails]:
    """Return what is known of a recording without opening it (a HEAD); raise `NotFound` or `Collected`."""

    async def _look(rows: Repositories) -> tuple[Recording, CallDetails]:
        found = await own_recording(rows, visitor, recording)
        found.must_open()
        details = await sealed_details.read(vault, rows, [found])
        return found, details.get(recording, CallDetails())

    return await vault.read(_look)


async def open_recording(vault: Vault, visitor: Visitor, recording: RecordingId) -> OpenRecording:
    """Return the recording opened, its entry durable in the log before this returns.

    One entry per session and recording. Raise `NotFound`, `Collected`, `LogUnavailable`.
    """
    try:
        lies = await vault.read(lambda rows: _look_up(vault, rows, visitor, recording))
        file_key = lies.file_key or await header.open_file_key(
            vault, lies.recording, lies.header, visitor.identity
        )
    except NoMatchingIdentity:
        await must_not_be_renewed(vault)
        raise
    if not lies.logged:
        await _record_opening(vault, visitor, recording)
    return OpenRecording(lies.recording, lies.details, vault, file_key, visitor.session)


async def _look_up(vault: Vault, rows: Repositories, visitor: Visitor, recording: RecordingId) -> _Lying:
    found = await own_recording(rows, visitor, recording)
    found.must_open()
    sealed = await rows.recordings.header(recording)
    if sealed is None:
        raise Collected("the recording was collected and is destroyed")
    details = await sealed_details.read(vault, rows, [found])
    logged = await rows.sessions.has_opened(visitor.session.id, recording)
    file_key = await header.open_where_it_lies(vault, found, sealed, visitor.identity)
    return _Lying(found, sealed, file_key, details.get(recording, CallDetails()), logged)


async def must_not_be_renewed(vault: Vault) -> None:
    """Raise `Unavailable` while recordings are sealed anew: a customer's own new key may not open one yet."""
    if await vault.read(lambda rows: rows.renewals.unfinished()):
        raise Unavailable("recordings are being sealed to new keys; try again later")


async def own_recording(rows: Repositories, visitor: Visitor, recording: RecordingId) -> Recording:
    """Return the visitor's recording; raise `NotFound` alike for another's and for none."""
    found = await rows.recordings.get(recording)
    if found is None or found.customer != visitor.customer.id or not visitor.session.covers(recording):
        raise NotFound("no such recording")
    return found


async def _record_opening(vault: Vault, visitor: Visitor, recording: RecordingId) -> None:
    """Log the first opening by this session, unless the recording was collected meanwhile.

    Whoever comes second waits for the commit too: the first one's entry may not be durable yet.
    """
    facts = {"customer": visitor.customer.id}
    opened = AuditEvent(Action.RECORDING_OPENED, visitor.actor, recording=recording, facts=facts)

    async def _record(work: UnitOfWork) -> None:
        (await own_recording(work, visitor, recording)).must_open()
        if await work.sessions.first_opening(visitor.session.id, recording):
            await work.log.append(opened)

    await vault.change(_record)
