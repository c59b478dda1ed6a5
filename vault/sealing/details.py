"""Call details under the slot of their day, and the number index under the slot of its month.

Destroying a day's slot erases what was known of that day's calls from every copy of the database.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import date, datetime

import msgspec

from keys.errors import SlotDestroyed, SlotMismatch
from keys.secret import Secret
from keys.service import ServiceKeys
from keys.slots.sealing import open_under, seal_under
from vault.domain.call import CallDetails
from vault.domain.names import RecordingId, Sha256, SourceId
from vault.domain.recording import Recording
from vault.ports.database import Repositories, UnitOfWork
from vault.ports.repositories import Period, SealedDetails
from vault.ports.vault import Vault

_TOKEN_CHARACTERS = 32  # 128 bits of HMAC-SHA-256


async def period_slot(vault: Vault, work: UnitOfWork, period: Period, day: date, now: datetime) -> Secret:
    """Return the slot of that period, claimed for the first call of it, or the first since it was destroyed.

    What lay under a destroyed one is noise, and goes: it must not pass for something under the new one.
    """
    number = await work.slots.period(period, day)
    if number is not None:
        with suppress(SlotDestroyed):
            return await vault.slots.read(number)
    fresh = await work.slots.claim(period, now)
    if number is None:
        await work.slots.add_period(period, day, fresh)
    else:
        await work.slots.mark_destroyed([number], now)
        await work.slots.renew_period(period, day, fresh)
        if period is Period.DAY_DETAILS:
            await work.recordings.drop_details(day)
    return await vault.slots.claimable(fresh)


def seal(slot: Secret, recording: Recording, details: CallDetails) -> bytes:
    """Return the details under the day's slot, bound to their recording and whose it is."""
    return seal_under(slot, msgspec.json.encode(details), bound_to=recording.details_binding)


def same_upload(keys: ServiceKeys, source: SourceId, details: CallDetails, sha256: Sha256) -> str | None:
    """Return the blinded idempotency key of an upload, or None with neither call id nor file name."""
    if details.call_id:
        return keys.blind("same upload", source, "call", details.call_id, sha256)
    if details.file_name:
        return keys.blind("same upload", source, "file", details.file_name, sha256)
    return None


def number_token(slot: Secret, number: str) -> str:
    """Return the search token of a normalised number in the month of that slot."""
    return hmac.digest(slot.reveal(), number.encode(), hashlib.sha256).hex()[:_TOKEN_CHARACTERS]


async def number_tokens(
    vault: Vault, rows: Repositories, numbers: Iterable[str], months: Iterable[date]
) -> tuple[str, ...]:
    """Return the search tokens of numbers in each of the months that has an index."""
    slots = [await rows.slots.period(Period.MONTH_INDEX, month) for month in months]
    living = await vault.slots.read_many(number for number in slots if number is not None)
    wanted = tuple(numbers)
    return tuple(number_token(slot, number) for slot in living.values() for number in wanted)


async def read(
    vault: Vault, rows: Repositories, recordings: Iterable[Recording]
) -> Mapping[RecordingId, CallDetails]:
    """Return the details of those recordings whose details still exist.

    Raise `keys.errors.SlotMismatch` for a recording whose row was given to another customer.
    """
    wanted = {recording.id: recording for recording in recordings}
    sealed = await rows.recordings.details(wanted)
    numbers = {
        day: await rows.slots.period(Period.DAY_DETAILS, day) for day in {s.day for s in sealed.values()}
    }
    living = await vault.slots.read_many(number for number in numbers.values() if number is not None)
    opened = {}
    for name, row in sealed.items():
        number = numbers[row.day]
        if number is not None and number in living:
            opened[name] = _open(living[number], wanted[name], row)
    return opened


def _open(slot: Secret, recording: Recording, row: SealedDetails) -> CallDetails:
    plain = open_under(slot, row.sealed, bound_to=recording.details_binding)
    try:
        return msgspec.json.decode(plain, type=CallDetails)
    except msgspec.ValidationError as error:
        raise SlotMismatch("call details of an unknown shape") from error
