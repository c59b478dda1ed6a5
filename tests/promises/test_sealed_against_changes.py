"""Promise 1, the other half: what was swapped or changed where it lies is found, nothing wrong released.

CALLVAULT_TEST_MUTATIONS sets how many random bits are flipped; the long form is 10,000.
"""

from __future__ import annotations

import os
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import pytest
from aiohttp import ClientError

from keys.errors import KeysError
from tests.harness.chance import dice, from_environment
from tests.harness.customer import Caller, content_path
from tests.harness.service import serving
from tests.harness.vaults import RealVault
from vault.domain.names import RecordingId
from vault.errors import VaultError
from vault.ports.vault import Vault
from vault.usecases.authenticate import Visitor
from vault.usecases.open_recording import open_recording

MUTATIONS = from_environment("CALLVAULT_TEST_MUTATIONS", 300)
CHUNK_BYTES, SEALED_CHUNK_BYTES, NONCE_BYTES, SLOT_BYTES = 65536, 65552, 16, 32
CONTENTS = {name: os.urandom(3 * CHUNK_BYTES + 1000) for name in ("one.wav", "two.wav")}
"""Of one size, so that no size tells them apart."""


@dataclass(frozen=True)
class Lying:
    """A vault's data as somebody who can write to its disks sees it."""

    data: Path

    def query(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """Ask the database."""
        with closing(sqlite3.connect(self.data / "vault.sqlite")) as database:
            return database.execute(statement, values).fetchall()

    def change(self, statement: str, *values: object) -> None:
        """Write to the database, whatever its keys and references say."""
        with closing(sqlite3.connect(self.data / "vault.sqlite")) as database, database:
            database.execute(statement, values)

    def swap(self, table: str, key: str, columns: tuple[str, ...], first: str, second: str) -> None:
        """Exchange columns of two rows; unique ones by a detour."""
        names = ", ".join(columns)
        found = [
            self.query(f"SELECT {names} FROM {table} WHERE {key} = ?", row)[0]  # noqa: S608 - our own names
            for row in (first, second)
        ]
        setting = ", ".join(f"{name} = ?" for name in columns)
        away = [-1 - value if isinstance(value, int) else f"away {value!r}" for value in found[0]]
        for values, row in ((away, first), (found[0], second), (found[1], first)):
            self.change(f"UPDATE {table} SET {setting} WHERE {key} = ?", *values, row)  # noqa: S608 - as above

    def blob(self, recording: str) -> Path:
        """Return where a recording's payload lies."""
        ((key,),) = self.query("SELECT blob FROM recordings WHERE id = ?", recording)
        return self.data / "blobs" / str(key)[:2] / str(key)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Put the database's rows and the payloads back afterwards."""
        tables = ("recordings", "recording_headers")
        rows = {table: self.query(f"SELECT rowid, * FROM {table}") for table in tables}  # noqa: S608 - our own
        blobs = {path: path.read_bytes() for path in (self.data / "blobs").glob("??/*")}
        try:
            yield
        finally:
            for path, content in blobs.items():
                path.write_bytes(content)
            with closing(sqlite3.connect(self.data / "vault.sqlite")) as database, database:
                for table in reversed(tables):
                    database.execute(f"DELETE FROM {table}")  # noqa: S608 - as above
                for table in tables:
                    for _, *row in rows[table]:
                        marks = ", ".join("?" * len(row))
                        database.execute(f"INSERT INTO {table} VALUES ({marks})", row)  # noqa: S608 - as above


def swap_files(lying: Lying, one: str, two: str) -> None:
    """Exchange two payloads in the blob store."""
    first, second = lying.blob(one), lying.blob(two)
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(content)


def swap_chunks(lying: Lying, one: str, two: str, position: int = 1) -> None:
    """Put a chunk of one recording at the same place of the other."""
    at = NONCE_BYTES + position * SEALED_CHUNK_BYTES
    first, second = bytearray(lying.blob(one).read_bytes()), lying.blob(two).read_bytes()
    first[at : at + SEALED_CHUNK_BYTES] = second[at : at + SEALED_CHUNK_BYTES]
    lying.blob(one).write_bytes(first)


def reorder_chunks(lying: Lying, one: str, _two: str) -> None:
    """Exchange two chunks of one recording."""
    content = lying.blob(one).read_bytes()
    cuts = [NONCE_BYTES + number * SEALED_CHUNK_BYTES for number in range(3)]
    a, b = content[cuts[0] : cuts[1]], content[cuts[1] : cuts[2]]
    lying.blob(one).write_bytes(content[: cuts[0]] + b + a + content[cuts[2] :])


def cut_at_a_chunk(lying: Lying, one: str, _two: str) -> None:
    """Let the payload, and the size in the database, end with a whole chunk."""
    lying.blob(one).write_bytes(lying.blob(one).read_bytes()[: NONCE_BYTES + 2 * SEALED_CHUNK_BYTES])
    lying.change("UPDATE recordings SET bytes = ? WHERE id = ?", 2 * CHUNK_BYTES, one)


def of_rows(*columns: str) -> Callable[[Lying, str, str], None]:
    """Return what exchanges columns of the recordings' rows."""
    return lambda lying, one, two: lying.swap("recordings", "id", columns, one, two)


def of_headers_and(*columns: str) -> Callable[[Lying, str, str], None]:
    """Return what exchanges the headers, and columns of the rows with them."""

    def exchange(lying: Lying, one: str, two: str) -> None:
        lying.swap("recording_headers", "recording", ("sealed",), one, two)
        if columns:
            lying.swap("recordings", "id", columns, one, two)

    return exchange


CHANGES: dict[str, Callable[[Lying, str, str], None]] = {
    "headers": of_headers_and(),
    "headers and slots": of_headers_and("slot"),
    "headers, slots, digests": of_headers_and("slot", "sha256", "bytes"),
    "all but the ids": of_headers_and("slot", "sha256", "bytes", "nonce", "blob"),
    "slots": of_rows("slot"),
    "digests": of_rows("sha256"),
    "blob keys": of_rows("blob"),
    "blob keys and nonces": of_rows("blob", "nonce"),
    "payload files": swap_files,
    "a chunk of another": swap_chunks,
    "chunks reordered": reorder_chunks,
    "cut at a chunk": cut_at_a_chunk,
}


OF_BOTH = CHANGES.keys() - {"a chunk of another", "chunks reordered", "cut at a chunk"}


async def released(caller: Caller, session: dict[str, str], recording: str) -> tuple[int, bytes]:
    """Read a recording however it goes; return the status, 0 where it was cut off, and the plaintext."""
    got, status = bytearray(), 0
    with suppress(ClientError):
        async with caller.http.get(caller.url + content_path(recording), headers=session) as answer:
            if answer.status != HTTPStatus.OK:
                return answer.status, b""
            async for piece in answer.content.iter_any():
                got += piece
            status = answer.status
    return status, bytes(got)


async def test_what_was_swapped_is_found(real_vault: RealVault) -> None:
    """Headers, slots, rows, payloads or chunks of two recordings exchanged: neither passes for the other."""
    lying = Lying(real_vault.data)
    with serving(real_vault) as service:
        async with service.caller() as caller:
            ids = {n: (await caller.upload(n, content)).json["recording"] for n, content in CONTENTS.items()}
            session = await caller.sign_in()
            for change, work in CHANGES.items():
                with lying.kept():
                    work(lying, ids["one.wav"], ids["two.wav"])
                    for name, recording in ids.items():
                        status, got = await released(caller, session, recording)
                        assert CONTENTS[name].startswith(got), f"{change}: wrong bytes of {name}"
                        assert status != HTTPStatus.OK or got == CONTENTS[name], f"{change}: {name} cut short"
                        changed = name == "one.wav" or change in OF_BOTH
                        assert (status == HTTPStatus.OK) != changed, f"{change}: {name} answered {status}"
            for name, recording in ids.items():
                await caller.must_wait(session, recording, CONTENTS[name])


PLACES = ("blob", "blob", "sealed", "nonce", "sha256", "slot")


@contextmanager
def flipped(lying: Lying, recording: str, place: str, chance: random.Random) -> Iterator[None]:
    """Change one bit there, and put it back."""
    if place == "blob":
        size = lying.blob(recording).stat().st_size
        with flipped_in_file(lying.blob(recording), chance.randrange(NONCE_BYTES, size), chance):
            yield
    elif place == "slot":
        ((slot,),) = lying.query("SELECT slot FROM recordings WHERE id = ?", recording)
        at = int(str(slot)) * SLOT_BYTES + chance.randrange(SLOT_BYTES)
        with flipped_in_file(lying.data / "slots" / "00000000.slots", at, chance):
            yield
    else:
        table, key = ("recording_headers", "recording") if place == "sealed" else ("recordings", "id")
        with flipped_in_row(lying, f"{table}.{place}.{key}", recording, chance):
            yield


@contextmanager
def flipped_in_file(path: Path, at: int, chance: random.Random) -> Iterator[None]:
    """Change one bit of the byte at a place of a file."""
    with path.open("r+b") as file:
        file.seek(at)
        was = file.read(1)[0]
        for byte in (was ^ 1 << chance.randrange(8), was):
            file.seek(at)
            file.write(bytes([byte]))
            file.flush()
            if byte != was:
                yield


@contextmanager
def flipped_in_row(lying: Lying, where: str, recording: str, chance: random.Random) -> Iterator[None]:
    """Change one bit of a value in the database: of its bytes, or of a hexadecimal digit."""
    table, column, key = where.split(".")
    update = f"UPDATE {table} SET {column} = ? WHERE {key} = ?"  # noqa: S608 - our own names
    ((was,),) = lying.query(f"SELECT {column} FROM {table} WHERE {key} = ?", recording)  # noqa: S608 - as above
    assert isinstance(was, (str, bytes))
    changed = bytearray(bytes.fromhex(was) if isinstance(was, str) else was)
    changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    lying.change(update, changed.hex() if isinstance(was, str) else bytes(changed), recording)
    try:
        yield
    finally:
        lying.change(update, was, recording)


@pytest.mark.timeout(120 + MUTATIONS // 10)
async def test_one_flipped_bit_is_found(real_vault: RealVault) -> None:
    """One bit of blob, header, nonce, digest or slot changed: an error before a wrong byte leaves."""
    chance = dice()
    content, lying = CONTENTS["one.wav"], Lying(real_vault.data)
    async with real_vault.opened() as vault:
        recording = (await real_vault.upload(vault, content)).recording
        visitor = await real_vault.visit(vault)
        for number in range(MUTATIONS):
            place = chance.choice(PLACES)
            with flipped(lying, recording, place, chance):
                got, refused = await read_all(vault, visitor, recording)
            assert refused, f"mutation {number}: a changed {place} was not found"
            assert content.startswith(got), f"mutation {number}: wrong bytes left"
        assert await read_all(vault, visitor, recording) == (content, False)


async def read_all(vault: Vault, visitor: Visitor, recording: RecordingId) -> tuple[bytes, bool]:
    """Open a recording and read it; return what came, and whether it was refused before its end."""
    got = bytearray()
    try:
        opened = await open_recording(vault, visitor, recording)
        async for piece in opened.plaintext(0, opened.recording.bytes):
            got += piece
    except (KeysError, VaultError):
        return bytes(got), True
    return bytes(got), False


async def test_the_nonce_in_front_of_the_payload_changes_nothing(real_vault: RealVault) -> None:
    """The nonce is read from the database; its copy before the payload, changed, makes no byte wrong."""
    content, lying = CONTENTS["one.wav"], Lying(real_vault.data)
    async with real_vault.opened() as vault:
        recording = (await real_vault.upload(vault, content)).recording
        with lying.blob(recording).open("r+b") as blob:
            blob.write(bytes(NONCE_BYTES))
        visitor = await real_vault.visit(vault)

        assert await read_all(vault, visitor, recording) == (content, False)
