"""Promise 1: whoever holds database, blobs, slots and root key, but no password, opens nothing."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest

from keys.age import FileKey, HybridIdentity, PasswordIdentity, PayloadOpener, open_header, split_header
from keys.custody import open_custody
from keys.derive import derive
from keys.errors import NoMatchingIdentity, PayloadCorrupt, SlotMismatch
from keys.identities import unlock
from keys.secret import Secret
from keys.slots.sealing import open_under
from tests.harness.staff import dana
from tests.harness.vaults import RealVault
from vault.app.opening import open_vault
from vault.domain.event import SERVICE
from vault.domain.names import CustomerName, RecordingId
from vault.domain.recording import Recording
from vault.domain.staff import LockedIdentity, Owner
from vault.errors import LogCorrupt
from vault.ports.repositories import RecordingFilter
from vault.ports.vault import Vault
from vault.sealing import identities
from vault.usecases.add_customer import add_customer
from vault.usecases.list_waiting import list_waiting
from vault.usecases.open_recording import open_recording
from vault.usecases.reissue_password import reissue_password

CONTENT = b"RIFF" + bytes(range(256)) * 300
KEY_BYTES = 32
IDENTITY = re.compile(rb"AGE-SECRET-KEY-PQ-1[0-9A-Z]+")


@dataclass(frozen=True)
class Loot:
    """What a thief makes of a stolen data folder: all that lies under slots, opened, and every key."""

    headers: dict[RecordingId, bytes]
    locked: dict[str, bytes]
    payloads: dict[RecordingId, tuple[Recording, bytes]]
    secrets: set[bytes]
    identities: list[HybridIdentity]
    texts: set[str]


async def plunder(known: RealVault) -> Loot:
    """Open everything that database, slots and root key open."""
    async with open_vault(known.settings) as vault:
        async with vault.reading() as rows:
            record = await rows.vault.get()
            recordings = await rows.recordings.list(RecordingFilter())
            headers = {r.id: await rows.recordings.header(r.id) for r in recordings}
            customers = await rows.customers.all()
            sessions = [s for each in customers for s in await rows.sessions.of_customer(each.id)]
        assert record is not None
        slots = await vault.slots.read_many(range(64))
        root = (known.data / "root.key").read_bytes().split()[1]
        wrapped_for = {"vault": vault.id, "purpose": "service secret"}
        service = open_custody(known.settings.custody.url).unwrap(record.wrapped_secret, context=wrapped_for)
        opened = {
            r.id: open_under(slots[r.slot], headers[r.id] or b"", bound_to=r.binding) for r in recordings
        }
        locked = {
            f"{identity.owner} {identity.owner_id}": open_under(
                slots[identity.slot], identity.sealed, bound_to=identity.binding
            )
            for identity in stored_identities(known)
            if identity.slot is not None and identity.sealed is not None
        }
        inner = [open_under(slots[s.slot], s.sealed, bound_to=s.binding) for s in sessions]
        payloads = {r.id: (r, (known.data / "blobs" / r.blob[:2] / r.blob).read_bytes()) for r in recordings}
    labels = ("vouch for recipients", "blind look-ups", "sign the log", "session key", "session id")
    keys = {derive(service, label).reveal() for label in labels}
    keys |= {service.reveal(), base64.b64decode(root), *(slot.reveal() for slot in slots.values())}
    stored, texts = everything_stored(known)
    material = [*opened.values(), *locked.values(), *inner, *stored]
    plain = [HybridIdentity.parse(text.decode()) for each in material for text in IDENTITY.findall(each)]
    return Loot(opened, locked, payloads, keys | set(windows(material)), plain, texts | {root.decode(), ""})


def windows(material: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the beginning and the end of everything, 32 bytes, as a key might be hidden there."""
    for content in material:
        if len(content) >= KEY_BYTES:
            yield from (content[:KEY_BYTES], content[-KEY_BYTES:])


def query(known: RealVault, statement: str) -> list[tuple[Any, ...]]:
    """Ask the stolen database."""
    with closing(sqlite3.connect(known.data / "vault.sqlite")) as database:
        return database.execute(statement).fetchall()


def change(known: RealVault, statement: str, *values: object) -> None:
    """Write to the database as somebody who got at its file."""
    with closing(sqlite3.connect(known.data / "vault.sqlite")) as database, database:
        database.execute(statement, values)


def stored_identities(known: RealVault) -> list[LockedIdentity]:
    """Return the rows of every locked identity."""
    rows = query(
        known, "SELECT owner, owner_id, generation, recipient, vouched, slot, sealed FROM identities"
    )
    return [LockedIdentity(Owner(row[0]), *row[1:]) for row in rows]


def everything_stored(known: RealVault) -> tuple[list[bytes], set[str]]:
    """Return every value of every table: bytes, and texts."""
    found: list[object] = []
    for table, *_ in query(known, "SELECT name FROM sqlite_master WHERE type = 'table'"):
        found += [value for row in query(known, f'SELECT * FROM "{table}"') for value in row]  # noqa: S608 - our own tables
    return [v for v in found if isinstance(v, bytes)], {v for v in found if isinstance(v, str)}


def opens_payload(key: bytes, recording: Recording, payload: bytes) -> bool:
    """Say whether these sixteen bytes are the file key."""
    opener = PayloadOpener(FileKey(Secret(key)), recording.nonce, recording.bytes)
    try:
        opener.open(0, payload[16:65568])
    except PayloadCorrupt:
        return False
    return True


async def test_all_disks_and_the_root_key_open_nothing(real_vault: RealVault) -> None:
    """No key that can be made from the data folder opens a header, a locked identity or a payload."""
    async with real_vault.opened() as vault:
        mine = (await real_vault.upload(vault, CONTENT)).recording
        await real_vault.upload(vault, CONTENT, name="own.wav", own=True)
        visitor = await real_vault.visit(vault)
    loot = await plunder(real_vault)
    tried = [*loot.identities, *(HybridIdentity(Secret(secret)) for secret in loot.secrets)]
    assert len(loot.headers) == 2
    assert len(tried) > 100

    sealed_things: list[tuple[str, bytes]] = [*loot.headers.items(), *loot.locked.items()]
    for name, sealed in sealed_things:
        header, _ = split_header(sealed)
        with pytest.raises(NoMatchingIdentity):
            pytest.fail(f"{name} gave {open_header(header, tried)}")
    for recording, payload in loot.payloads.values():
        halves = {secret[at : at + 16] for secret in loot.secrets for at in (0, 16)}
        assert not any(opens_payload(half, recording, payload) for half in halves)

    # With the password all of it does open, so it was tried in the right way.
    identity = unlock(
        loot.locked[f"customer {visitor.customer.id}"],
        [PasswordIdentity(Secret(real_vault.password.encode()))],
    )
    file_key = open_header(loot.headers[mine], [identity])
    assert opens_payload(file_key.secret.reveal(), *loot.payloads[mine])


async def test_no_word_in_the_database_is_a_password(real_vault: RealVault) -> None:
    """Names, references and ids that lie in the database don't unlock the customer's or a DPO's identity."""
    loot = await plunder(real_vault)
    words = {word for text in loot.texts for word in (text, *text.split('"'))}
    locked = next(content for name, content in loot.locked.items() if name.startswith("customer"))
    chosen = {"", "acme", "pbx", "dana", "CT-2031"}
    assert chosen <= words

    for word in sorted(chosen):
        with pytest.raises(NoMatchingIdentity):
            unlock(locked, [PasswordIdentity(Secret(word.encode()))])


def forgeries(known: RealVault, row: LockedIdentity, mine: str) -> Iterator[tuple[str, str, bytes]]:
    """Yield ways to bring a recipient in: a name, the recipient, and what is to pass for its voucher."""
    others = [other for other in stored_identities(known) if other.owner_id != row.owner_id]
    yield "a stale voucher", mine, row.vouched
    for other in others:
        yield f"the voucher of a {other.owner}", mine, other.vouched
        yield f"the whole of a {other.owner}", other.recipient, other.vouched
    forged = row.statement.replace(row.recipient.encode(), mine.encode())
    yield "a voucher under the root key", mine, hmac.digest(root_key(known), forged, hashlib.sha256)
    yield "no voucher", mine, b""


def root_key(known: RealVault) -> bytes:
    """Return the root key as it lies in its file."""
    return base64.b64decode((known.data / "root.key").read_bytes().split()[1])


async def nothing_sealed(known: RealVault, vault: Vault) -> bool:
    """Say whether neither a recording nor a payload was kept."""
    async with vault.reading() as rows:
        kept = await rows.recordings.list(RecordingFilter())
    return not kept and not list((known.data / "blobs").glob("??/*"))


@pytest.mark.parametrize("owner", ["customer", "dpo-office", "tech-managers"])
async def test_a_foreign_recipient_is_sealed_to_by_nobody(real_vault: RealVault, owner: str) -> None:
    """A valid age recipient slipped into the database is refused before anything is sealed to it."""
    mine = str(HybridIdentity.generate().recipient)
    row = next(
        row
        for row in stored_identities(real_vault)
        if owner in {row.owner, row.owner_id} and row.owner_id != identities.DECOY
    )
    swap = "UPDATE identities SET recipient = ?, vouched = ? WHERE owner = ? AND owner_id = ?"
    async with real_vault.opened() as vault:
        for name, recipient, vouched in forgeries(real_vault, row, mine):
            change(real_vault, swap, recipient, vouched, row.owner, row.owner_id)
            with pytest.raises(LogCorrupt):
                pytest.fail(f"{name}: {await real_vault.upload(vault, CONTENT)}")
            if owner != "customer":
                with pytest.raises(LogCorrupt):
                    await add_customer(vault, CustomerName("new"), agreement="1", by=SERVICE)
        assert await nothing_sealed(real_vault, vault)

        change(real_vault, swap, row.recipient, row.vouched, row.owner, row.owner_id)
        assert (await real_vault.upload(vault, CONTENT)).created


async def test_a_foreign_generation_is_sealed_to_by_nobody(real_vault: RealVault) -> None:
    """A newer generation with an old one's voucher is refused, also where a password is issued anew."""
    mine = str(HybridIdentity.generate().recipient)
    customer = next(row for row in stored_identities(real_vault) if row.owner == Owner.CUSTOMER)
    change(
        real_vault,
        "INSERT INTO identities SELECT owner, owner_id, 2, ?, vouched, slot, sealed FROM identities "
        "WHERE owner = 'group'",
        mine,
    )
    async with real_vault.opened() as vault:
        with pytest.raises(LogCorrupt):
            await real_vault.upload(vault, CONTENT)
        with pytest.raises(LogCorrupt):
            await reissue_password(vault, await dana(vault, real_vault.passphrase), CustomerName("acme"))
        assert await nothing_sealed(real_vault, vault)
    assert customer in stored_identities(real_vault)


async def test_another_customers_recording_stays_shut(real_vault: RealVault) -> None:
    """Made another customer's by a writer to the database, a recording neither opens nor shows its call."""
    async with real_vault.opened() as vault:
        theirs = (await real_vault.upload(vault, CONTENT, name="own.wav", own=True)).recording
        visitor = await real_vault.visit(vault)
        change(real_vault, "UPDATE recordings SET customer = ? WHERE id = ?", visitor.customer.id, theirs)
        with pytest.raises(SlotMismatch):
            await open_recording(vault, visitor, theirs)
        with pytest.raises(SlotMismatch):
            await list_waiting(vault, visitor)
