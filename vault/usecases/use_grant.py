"""Open a recording by a grant: its person's own identity and the grant's password, both.

The use is counted, and on the log, before anything is shown. It moves the grant to a fresh slot or, being the
last, ends it: whoever kept an older copy of the database has nothing to use.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from keys.age import FileKey, split_header
from keys.errors import NoMatchingIdentity
from keys.secret import Secret
from vault.domain.call import CallDetails
from vault.domain.event import Action, AuditEvent, parse_reason
from vault.domain.grant import Grant
from vault.domain.names import RecordingId
from vault.domain.recording import Recording
from vault.domain.staff import Owner
from vault.errors import AccessDenied, Overloaded
from vault.ports.database import Repositories
from vault.ports.grants import GrantFilter
from vault.ports.vault import Vault
from vault.sealing import details as sealed_details
from vault.sealing import grant as sealed_grant
from vault.sealing import identities
from vault.usecases.end_grants import end_expired_grants
from vault.usecases.limit_guesses import admit_guess, forgive_guess, forgive_within
from vault.usecases.log_clock import not_before_the_log
from vault.usecases.open_as_staff import find_recording, living
from vault.usecases.open_recording import OpenRecording
from vault.usecases.record_refusal import refusals_recorded
from vault.usecases.unlock_staff import Custodian, Person


@dataclass(frozen=True, slots=True)
class Presented:
    """The grant that somebody comes with, if there is one, and the bucket their tries count in."""

    recording: Recording
    details: CallDetails
    grant: Grant | None
    bucket: str


async def use_grant(
    vault: Vault, custodian: Custodian, prefix: str, *, password: Secret, reason: str
) -> OpenRecording:
    """Return the recording opened, the use counted and its entries durable before this returns.

    Raise `Invalid` without a reason, `NotFound` or `Ambiguous` for the id's prefix, `TooManyGuesses`. On the
    log too: `AccessDenied` alike for a wrong password, another's grant and one that has ended, and
    `Collected`. The password is normalised already (`keys.passwords.normalise`).
    """
    reason = parse_reason(reason)
    recording = await find_recording(vault, prefix)
    async with refusals_recorded(vault, custodian, recording, tried=Action.GRANT_USED, reason=reason):
        with refused_alike(custodian):
            who = await presented(vault, custodian, recording)
            file_key = await _unlock(vault, custodian, who, password)
            await record_use(vault, custodian, who, reason)
    return OpenRecording(who.recording, who.details, vault, file_key)


@contextmanager
def refused_alike(person: Person) -> Iterator[None]:
    """Tell of every `AccessDenied` within by the same words: why is for the log alone."""
    try:
        yield
    except AccessDenied as error:
        raise AccessDenied(f"{person.member.name} may not have this recording", error.why) from None


async def presented(vault: Vault, person: Person, recording: RecordingId) -> Presented:
    """Return what the person comes with; raise `Collected`. Grants whose time is over are ended first."""
    await end_expired_grants(vault)
    async with vault.reading() as rows:
        found = await living(rows, recording)
        details = await sealed_details.read(vault, rows, [found])
        grant = await grant_of(rows, person, recording)
    bucket = f"grant {grant.id}" if grant else f"grants of {person.member.id}"
    return Presented(found, details.get(recording, CallDetails()), grant, bucket)


async def grant_of(rows: Repositories, person: Person, recording: RecordingId) -> Grant | None:
    """Return the person's grant of the recording: the one that has not ended, or else one that says why."""
    found = await rows.grants.list(GrantFilter(recording=recording, manager=person.member.id))
    return min(found, key=lambda grant: grant.ended, default=None)


async def _unlock(vault: Vault, custodian: Custodian, who: Presented, password: Secret) -> FileKey:
    """Return the file key; raise `AccessDenied`. Without a live grant a decoy costs the same."""
    await admit_guess(vault, who.bucket)
    try:
        sealed, why = await _header(vault, custodian, who)
        file_key = await vault.passwords.open_header(sealed, password)
    except Overloaded:
        await forgive_guess(vault, who.bucket)
        raise
    except NoMatchingIdentity:
        raise AccessDenied("access denied", why or "grant_password") from None
    if why is not None:
        raise AccessDenied("access denied", why)
    return file_key


async def _header(vault: Vault, custodian: Custodian, who: Presented) -> tuple[bytes, str | None]:
    """Return the header that the password is tried on, and why it is not the grant's."""
    if who.grant is None:
        return await _decoy(vault), "no_grant"
    try:
        who.grant.must_open(vault.clock.now())
        header = await sealed_grant.header_of(vault, who.grant, who.recording)
        return await sealed_grant.unwrap(header.layers, custodian.own), None
    except NoMatchingIdentity:
        return await _decoy(vault), "grant_person"
    except AccessDenied as error:
        return await _decoy(vault), error.why


async def _decoy(vault: Vault) -> bytes:
    async with vault.reading() as rows:
        decoy = await identities.current(vault, rows, Owner.CUSTOMER, identities.DECOY)
    header, _ = split_header(await identities.locked_bytes(vault, decoy))
    return header


async def record_use(
    vault: Vault, person: Person, who: Presented, reason: str, *, sealed: bool = False
) -> None:
    """Count the use and log it; raise `AccessDenied` when somebody else made the last one meanwhile.

    `sealed` says that the recording is handed over as it lies, and opened elsewhere.
    """
    assert who.grant is not None  # noqa: S101 - a decoy opens nothing
    async with vault.unit_of_work() as work:
        now = await not_before_the_log(work, vault.clock.now())
        recording = await living(work, who.recording.id)
        grant = await work.grants.get(who.grant.id)
        if grant is None:
            raise AccessDenied("access denied", "no_grant")
        used = grant.use(now)
        # Read for the last use, too: or the slot is not the grant's to end.
        header = await sealed_grant.header_of(vault, grant, recording)
        if not used.ended:
            used = await sealed_grant.put_under_slot(vault, work, used, recording, header)
        await work.grants.save(used)
        await work.slots.mark_destroyed([grant.slot], now)
        await forgive_within(work, who.bucket, now)
        for event in _events(person, used, recording, reason, sealed=sealed):
            await work.log.append(event)
        await work.commit()
    await vault.slots.destroy([grant.slot])


def _events(
    person: Person, used: Grant, recording: Recording, reason: str, *, sealed: bool
) -> tuple[AuditEvent, AuditEvent]:
    """Return the two entries of a use: of the grant, and of the recording as every opening has it."""
    facts = {"role": person.member.role, "grant": used.id, **recording.owner_facts}
    if sealed:
        facts["sealed"] = True
    using = AuditEvent(
        Action.GRANT_USED,
        person.actor,
        recording=recording.id,
        facts={**facts, "use": used.used, "uses": used.uses},
        reason=reason,
    )
    return using, replace(using, action=Action.RECORDING_OPENED, facts=facts)
