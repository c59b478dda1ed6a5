"""Put on record that somebody of the staff was refused a recording, and why: the caller is told less."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from keys.errors import NoMatchingIdentity
from vault.domain.event import Action, AuditEvent, Outcome
from vault.domain.names import RecordingId
from vault.errors import AccessDenied, ApprovalNeeded, Collected, Invalid, Kept, Lapsed
from vault.ports.vault import Vault
from vault.usecases.unlock_staff import Person

_LOGGED = (ApprovalNeeded, Collected, Kept, Invalid, Lapsed)


@asynccontextmanager
async def refusals_recorded(
    vault: Vault, person: Person, recording: RecordingId, *, tried: Action, reason: str
) -> AsyncIterator[None]:
    """Log what is refused within, durably, before it is told; `tried` is what was asked for.

    An identity that does not open the header becomes `AccessDenied`. Nothing of a unit of work may be open
    around this.
    """
    try:
        yield
    except NoMatchingIdentity as error:
        await _record(vault, person, recording, tried, (error.code, reason))
        raise AccessDenied(f"{person.member.name} may not have this recording") from None
    except AccessDenied as error:
        await _record(vault, person, recording, tried, (error.why, reason))
        raise
    except _LOGGED as error:
        await _record(vault, person, recording, tried, (error.code, reason))
        raise


async def _record(
    vault: Vault, person: Person, recording: RecordingId, tried: Action, why: tuple[str, str]
) -> None:
    code, reason = why
    async with vault.unit_of_work() as work:
        found = await work.recordings.get(recording)
        owner = found.owner_facts if found else {}
        await work.log.append(
            AuditEvent(
                Action.RECORDING_REFUSED,
                person.actor,
                outcome=Outcome.REFUSED,
                recording=recording,
                facts={"role": person.member.role, **owner, "tried": tried, "why": code},
                reason=reason,
            )
        )
        await work.commit()
