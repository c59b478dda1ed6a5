"""List recordings as staff sees them, and show one with who opened it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from vault.domain.call import CallDetails
from vault.domain.event import Action, Actor
from vault.domain.hold import LegalHold
from vault.domain.phone import search_term
from vault.errors import Invalid, NotFound
from vault.ports.database import Repositories
from vault.ports.log import EventFilter
from vault.ports.repositories import RecordingFilter
from vault.ports.vault import Vault
from vault.sealing import details as sealed_details
from vault.usecases.list_waiting import Listed
from vault.usecases.record_reading import record_reading
from vault.usecases.recorded_events import LoggedEvent, events_of

AROUND = timedelta(minutes=30)
"""How far from `--around` a call may have begun."""
_LONGEST_SEARCH_MONTHS = 120
_SHOWN_EVENTS = 1000
_NUMBER_CHARACTERS = 64  # twice the longest that anybody writes, with spaces and brackets


@dataclass(frozen=True, slots=True)
class Shown:
    """One recording, its call details, its holds, and its entries in the log, newest first."""

    listed: Listed
    holds: Sequence[LegalHold]
    events: Sequence[LoggedEvent]


async def list_recordings(
    vault: Vault,
    which: RecordingFilter,
    *,
    by: Actor,
    number: str | None = None,
    region: str = "GB",
    call_id: str | None = None,
    before: int | None = None,
    limit: int = 100,
) -> Sequence[Listed]:
    """Return recordings, newest first, and log that they were listed before returning.

    `number` is searched in the index of each month between `which.since` and `which.until`
    (default: the last twelve months). Raise `Invalid` for one over 64 characters.
    """
    if number is not None and len(number) > _NUMBER_CHARACTERS:
        raise Invalid(f"a telephone number has {_NUMBER_CHARACTERS} characters at most")
    async with vault.reading() as rows:
        if call_id is not None:
            which = replace(which, call=vault.keys.blind("call id", call_id))
        if number is not None:
            tokens = await _number_tokens(vault, rows, which, number, region)
            if not tokens:
                return await _logged(vault, by, [], which)
            which = replace(which, numbers=tokens)
        recordings = await rows.recordings.list(which, before=before, limit=limit)
        details = await sealed_details.read(vault, rows, recordings)
    listed = [Listed(recording, details.get(recording.id, CallDetails())) for recording in recordings]
    return await _logged(vault, by, listed, which)


async def show_recording(vault: Vault, prefix: str, *, by: Actor, customers_only: bool = False) -> Shown:
    """Return one recording by a unique prefix of its id; raise `NotFound` or `Ambiguous`.

    With `customers_only` the company's own are not there.
    """
    async with vault.reading() as rows:
        recording = await rows.recordings.get(await rows.recordings.find(prefix))
        assert recording is not None  # noqa: S101 - `find` returned its id from the same snapshot
        if customers_only and recording.customer is None:
            raise NotFound("no such recording")
        details = await sealed_details.read(vault, rows, [recording])
        holds = await rows.holds.of(recording.id)
    listed = Listed(recording, details.get(recording.id, CallDetails()))
    await _logged(vault, by, [listed], RecordingFilter(customer=recording.customer))
    async with vault.reading() as rows:
        events = await events_of(rows, EventFilter(recording=recording.id), limit=_SHOWN_EVENTS)
    return Shown(listed, holds, events)


async def _number_tokens(
    vault: Vault, rows: Repositories, which: RecordingFilter, number: str, region: str
) -> tuple[str, ...]:
    term = search_term(number, region)
    until = which.until or vault.clock.now() + timedelta(days=1)
    since = which.since or until - timedelta(days=365)
    if term is None:
        return ()
    return await sealed_details.number_tokens(vault, rows, [term], _months(since, until))


def _months(since: datetime, until: datetime) -> list[date]:
    """Return the first day of each month from `since` to `until`, ten years at most."""
    months: list[date] = []
    day = since.date().replace(day=1)
    while day <= until.date() and len(months) < _LONGEST_SEARCH_MONTHS:
        months.append(day)
        day = (day + timedelta(days=31)).replace(day=1)
    return months


async def _logged(vault: Vault, by: Actor, listed: list[Listed], which: RecordingFilter) -> list[Listed]:
    only = listed[0].recording.id if len(listed) == 1 else None
    await record_reading(
        vault,
        Action.RECORDING_LISTED,
        by,
        count=len(listed),
        customer=which.customer,
        recording=only,
    )
    return listed
