"""Values to put into a database, and the checks that several promises share."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.fakes.clock import NOON
from vault.audit.tiles import TILE_WIDTH, Tile, tiles_of
from vault.audit.verify import LogVerifier
from vault.domain.access import Link, Session
from vault.domain.customer import Customer
from vault.domain.event import Action, Actor, AuditEvent, Channel
from vault.domain.names import (
    BlobKey,
    CustomerId,
    CustomerName,
    LinkId,
    RecordingId,
    SessionId,
    Sha256,
    SourceId,
    SourceName,
)
from vault.domain.recording import Recording
from vault.domain.source import Source
from vault.ports.database import Database
from vault.ports.repositories import NewRecording

ACME = Customer(
    id=CustomerId("acme0id"),
    name=CustomerName("acme"),
    agreement="DPA 2026/7",
    added_at=NOON,
    title="Acme & Söhne",
)
ZENITH = replace(ACME, id=CustomerId("zenith0id"), name=CustomerName("zenith"), delete_on_collection=False)
PBX = Source(
    id=SourceId("pbx0id"),
    name=SourceName("pbx"),
    customer=ACME.id,
    zone="Europe/London",
    region="GB",
    token_id="token of pbx",
    hook_token_id="hook of pbx",
    added_at=NOON,
)
OWN_PBX = replace(
    PBX, id=SourceId("own0id"), name=SourceName("own"), customer=None, token_id="t2", hook_token_id="h2"
)
DANA = Actor("staff:dana", "Dana Ö.", Channel.CLI, "192.0.2.1")
OPENED = AuditEvent(Action.RECORDING_OPENED, DANA, reason="complaint 12", facts={"bytes": 7})


def recording(number: int, *, source: Source = PBX) -> Recording:
    """Return a recording that was sealed by entry `number`, minutes after noon."""
    return Recording(
        id=RecordingId(f"rec{number:017d}"),
        source=source.id,
        customer=source.customer,
        blob=BlobKey(f"blob{number}"),
        nonce=bytes([number % 256]) * 16,
        sha256=Sha256(f"{number:064x}"),
        bytes=1000 + number,
        sealed_at=NOON + timedelta(minutes=number),
        log_index=number,
        slot=number,
    )


def upload(number: int, *, source: Source = PBX, numbers: tuple[str, ...] = ()) -> NewRecording:
    """Return what an upload brings: a call that began an hour before it was sealed, on a day of its own."""
    sealed = recording(number, source=source)
    started_at = NOON + timedelta(days=number) - timedelta(hours=1)
    return NewRecording(
        recording=sealed,
        header=f"header {number}".encode(),
        day=started_at.date(),
        details=f"details {number}".encode(),
        started_at=started_at,
        same_as=f"same {number}",
        call=f"call {number}",
        numbers=numbers,
    )


def link(number: int, *recordings: RecordingId) -> Link:
    """Return a link for acme, made `number` minutes after noon."""
    return Link(
        id=LinkId(f"link{number:016d}"),
        token_id=f"link token {number}",
        customer=ACME.id,
        recordings=recordings,
        created_at=NOON + timedelta(minutes=number),
        expires_at=NOON + timedelta(days=7),
    )


def session(number: int, *recordings: RecordingId, by: LinkId | None = None) -> Session:
    """Return a session of acme, by that link or by name, that expires `number` minutes after noon."""
    return Session(
        id=SessionId(f"session{number}"),
        customer=ACME.id,
        slot=number,
        sealed=b"identity of acme",
        recordings=recordings,
        created_at=NOON,
        expires_at=NOON + timedelta(minutes=number),
        link=by,
    )


async def add_parties(database: Database) -> None:
    """Add two customers and two sources."""
    async with database.unit_of_work() as work:
        for customer in (ACME, ZENITH):
            await work.customers.add(customer)
        for source in (PBX, OWN_PBX):
            await work.sources.add(source)
        await work.commit()


async def add_uploads(database: Database, *uploads: NewRecording) -> None:
    """Add the recordings of several uploads."""
    async with database.unit_of_work() as work:
        for each in uploads:
            await work.recordings.add(each)
        await work.commit()


async def append(database: Database, count: int = 1, event: AuditEvent = OPENED) -> list[bytes]:
    """Append the event so many times in one unit of work; return the records."""
    async with database.unit_of_work() as work:
        appended = [await work.log.append(event) for _ in range(count)]
        await work.commit()
    return [each.record for each in appended]


async def verified_size(database: Database) -> int:
    """Recompute the whole log: dense, in order, every tile kept, the right edge true. Return its size."""
    async with database.reading() as rows:
        size, frontier = await rows.events.size(), (await rows.events.edge()).frontier
        verifier = LogVerifier()
        kept = {Tile(level, index): hashes async for level, index, hashes in rows.events.tiles()}
        full = {tile for tile, width in tiles_of(size) if width == TILE_WIDTH}
        for tile in full | kept.keys():
            verifier.expect_tile(tile, kept.get(tile))
        async for entry in rows.events.scan(0, size + 1):
            verifier.feed(entry.index, entry.record)
    assert verifier.finish(frontier) == ()
    assert verifier.size == frontier.size == size
    return size
