"""Words that others chose to hurt: for terminals, spreadsheets, logs, pages and headers."""

from __future__ import annotations

import csv
import io
import sqlite3
from contextlib import closing

from tests.harness.vaults import SOMEBODY, RealVault, pieces_of
from vault.domain.call import CallDetails
from vault.domain.event import SERVICE, Action, Actor, AuditEvent, Channel
from vault.domain.names import RecordingId
from vault.usecases.confirm_receipt import confirm_receipt
from vault.usecases.identify_source import identify_source
from vault.usecases.seal_recording import Upload, seal_recording

NUMBER = "+442079460000"
"""A telephone number (E.164) as it should be: it must come out as it went in."""

POISONS = (
    "\x1b]0;owned\x07\x1b[2J\x1b[1;1H",
    "\x9b31mred",
    "ends\r\nFAKE LINE",
    "\x08\x08\x08\x7fgone",
    "nul\0byte",
    "a\u202egnp.exe",
    "\u2066\u2067\u200f\u200b\u2028\u2029\ufeff",
    "=cmd|' /C calc'!A0",
    "+1",
    "-1+1",
    "@SUM(1+1)",
    "\t=1+1",
    "  =1+1",
    "\uff1d1+1",
    "<script>alert(1)</script>",
    "\"' onload=alert(1) x='",
    'x","=1+1',
    "[bold]x[/bold]{{7*7}}%s",
)

_FORMULA_BEGINS = tuple("=+-@\t\r\uff1d\uff0b\uff0d\uff20")
_ROWS = (
    """INSERT INTO customers
       SELECT lower(hex(randomblob(16))), :told, :told, added_at, :told, :told, 1, NULL
       FROM customers WHERE name = 'acme'""",
    """INSERT INTO sources
       SELECT lower(hex(randomblob(16))), :told, customer, :told, :told, lower(hex(randomblob(16))),
              lower(hex(randomblob(16))), added_at, NULL, vouched
       FROM sources WHERE name = 'pbx'""",
    """INSERT INTO staff
       SELECT lower(hex(randomblob(16))), :told, 'manager', added_at, NULL FROM staff WHERE name = 'dana'""",
    """INSERT INTO links
       SELECT lower(hex(randomblob(16))), lower(hex(randomblob(16))), customers.id, created_at, expires_at,
              NULL
       FROM customers, (SELECT created_at, expires_at FROM links LIMIT 1) WHERE name = :told""",
    """INSERT INTO holds (id, recording, "case", placed_at)
       SELECT lower(hex(randomblob(16))), :recording, :told, added_at FROM staff WHERE name = 'dana'""",
    """INSERT INTO grants
       (id, recording, manager, issued_by, issued_at, expires_at, uses, used, state, slot)
       SELECT lower(hex(randomblob(16))), :recording, id, id, added_at, added_at, 1, 1, 'used', 0
       FROM staff WHERE name = :told""",
)
"""What a writer to the database may put there; the doors would take little of it."""


async def poisoned(known: RealVault) -> dict[str, str]:
    """Put every poison wherever a text can stand; return what commands are asked about."""
    async with known.opened() as vault:
        shredded = await known.upload(vault, b"shredded", name="another.wav")
        await confirm_receipt(vault, await known.visit(vault), shredded.recording, shredded.sha256)
        source = await identify_source(vault, known.bearer)
        for poison in POISONS:
            upload = Upload(_details(poison))
            receipt = await seal_recording(vault, source, upload, pieces_of(poison.encode()), by=SERVICE)
        async with vault.unit_of_work() as work:
            for poison in POISONS:
                await work.log.append(_event(poison, receipt.recording))
            await work.commit()
    with closing(sqlite3.connect(known.data / "vault.sqlite")) as database, database:
        for poison in POISONS:
            for row in _ROWS:
                database.execute(row, {"told": poison, "recording": receipt.recording})
    month = f"{receipt.sealed_at:%Y-%m}"
    return {"waiting": receipt.recording, "shredded": shredded.recording, "month": month}


def _details(poison: str) -> CallDetails:
    return CallDetails(
        file_name=poison,
        call_id=poison,
        calling=(NUMBER, NUMBER),
        called=NUMBER,
        diverted_by=(poison,),
        carrier=poison,
        agent=poison,
        content_type=poison,
    )


def _event(poison: str, recording: RecordingId) -> AuditEvent:
    return AuditEvent(
        Action.RECORDING_OPENED,
        Actor(SOMEBODY.id, poison, Channel.HTTP, poison),
        recording=recording,
        facts={"role": poison, "why": poison},
        reason=poison,
        detail={poison: poison},
    )


def acts_on(text: str) -> list[str]:
    """Return the characters of a text that a terminal would obey, or a reader not see."""
    shown = text.replace("\r\n", "\n")
    return [each for each in shown if not (each.isprintable() or each == "\n")]


def formulas_in(text: str) -> list[str]:
    """Return the cells of a CSV text that a spreadsheet would take for a formula; `NUMBER` is none."""
    cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
    return [
        each
        for each in cells
        if each.strip().startswith(_FORMULA_BEGINS) and set(each.split("; ")) != {NUMBER}
    ]
