"""Recordings by the hundred thousand: real rows, entries and call details, without payloads behind them."""

from __future__ import annotations

import secrets
from dataclasses import replace
from functools import lru_cache
from typing import Any

from sqlalchemy import insert

from tests.bench.log_in_bulk import append_copies
from tests.bench.progress import Progress
from tests.harness.vaults import RealVault
from vault.db.tables import call_details, number_index, recording_headers, recordings
from vault.domain.call import CallDetails
from vault.domain.event import SERVICE, Action, AuditEvent
from vault.domain.names import RecordingId, new_id
from vault.domain.phone import search_term
from vault.domain.recording import Recording
from vault.ports.log import Appended
from vault.ports.repositories import Period
from vault.ports.vault import Vault
from vault.sealing import details as sealed_details
from vault.sealing.header import put_under

PER_COMMIT = 2000
_PER_NUMBER = 10
_SEALING_BYTES = 32  # what a slot adds to what lies under it
_ROWS = dict[str, list[dict[str, Any]]]


def number_of(place: int) -> str:
    """Return the number that ten neighbours share."""
    return f"+4420{place // _PER_NUMBER:08d}"


class Bulk:
    """Fills one vault. Every row is like that of an upload; headers are as long, and open nothing."""

    def __init__(self, known: RealVault, vault: Vault) -> None:
        self._known = known
        self._vault = vault

    async def fill(self, size: int) -> None:
        """Add that many recordings."""
        receipt = await self._known.upload(self._vault, b"a pattern for the rest")
        async with self._vault.reading() as rows:
            like = await rows.recordings.get(receipt.recording)
            header = await rows.recordings.header(receipt.recording)
        assert like is not None
        assert header is not None
        progress = Progress("recordings", size)
        for start in range(0, size, PER_COMMIT):
            places = range(start, min(start + PER_COMMIT, size))
            await self._add(like, len(header), places)
            progress.add(len(places))

    async def _add(self, like: Recording, header_bytes: int, places: range) -> None:
        vault, now = self._vault, self._vault.clock.now()
        header = secrets.token_bytes(header_bytes - _SEALING_BYTES)
        async with vault.unit_of_work() as work:
            day = now.date()
            day_slot = await sealed_details.period_slot(vault, work, Period.DAY_DETAILS, day, now)
            month = await sealed_details.period_slot(vault, work, Period.MONTH_INDEX, day.replace(day=1), now)
            first = await work.slots.claim("recording", now)
            names = [RecordingId(new_id()) for _ in places]
            entries = append_copies(work, _sealed(like), len(places), names)
            rows: _ROWS = {"recordings": [], "headers": [], "details": [], "numbers": []}
            await vault.slots.claimable(first + len(places))
            slots = await vault.slots.read_many(range(first, first + len(places)))
            for slot, (place, name, entry) in enumerate(zip(places, names, entries, strict=True), first):
                number = number_of(place)
                copy = replace(like, id=name)
                details = CallDetails(f"call-{place}.wav", call_id=name, calling=(number,))
                found_by = self._found_by(like, details, entry)
                rows["recordings"].append({**_row(like, name, entry, slot), **found_by})
                rows["headers"].append({"recording": name, "sealed": put_under(slots[slot], header, copy)})
                sealed = sealed_details.seal(day_slot, copy, details)
                rows["details"].append({"recording": name, "day": day, "sealed": sealed})
                token = sealed_details.number_token(month, _term(number))
                rows["numbers"].append({"token": token, "recording": name})
            await _write(work, rows)
            await work.commit()

    def _found_by(self, like: Recording, details: CallDetails, entry: Appended) -> dict[str, Any]:
        keys = self._vault.keys
        return {
            "started_at": entry.time,
            "call": keys.blind("call id", str(details.call_id)),
            "same_as": sealed_details.same_upload(keys, like.source, details, like.sha256),
        }


def _sealed(like: Recording) -> AuditEvent:
    assert like.customer is not None
    facts: dict[str, str | int | bool] = {"source": like.source, "customer": like.customer}
    facts |= {"sha256": like.sha256, "bytes": like.bytes}
    return AuditEvent(Action.RECORDING_SEALED, SERVICE, recording=like.id, facts=facts)


@lru_cache(maxsize=1)
def _term(number: str) -> str:
    term = search_term(number, "GB")
    assert term is not None
    return term


def _row(like: Recording, name: RecordingId, entry: Appended, slot: int) -> dict[str, Any]:
    same = {name: getattr(like, name) for name in ("source", "customer", "nonce", "sha256", "bytes")}
    return {
        **same,
        "blob": name[::-1],  # as random as the name it is made of, and cheaper than another draw
        "id": name,
        "log_index": entry.index,
        "sealed_at": entry.time,
        "slot": slot,
        "state": like.state.value,
    }


async def _write(work: Any, rows: _ROWS) -> None:  # noqa: ANN401 - reaches past the port, for speed
    statements = work.recordings._statements
    tables = zip((recordings, recording_headers, call_details, number_index), rows.values(), strict=True)
    for table, values in tables:
        await statements.write(insert(table), values)
