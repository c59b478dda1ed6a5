"""Promise 2, the other half: an upload that fails leaves nothing, says why, and the service goes on."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.harness.customer import Caller
from tests.harness.processes import eventually
from tests.harness.service import Service, serving
from tests.harness.vaults import RealVault
from vault.usecases.verify_log import verify_log

MIB = 1 << 20
LIMIT_BYTES = 2 * MIB
CONTENT = os.urandom(MIB)
DISK_BYTES = 32 * MIB


def payloads(known: RealVault) -> list[Path]:
    """Name every payload in the store, unfinished ones included."""
    return list((known.data / "blobs").glob("??/*"))


async def nothing_was_kept(service: Service, caller: Caller) -> None:
    """See that neither a recording nor a payload is there, and that a good upload is taken and found."""
    session = await caller.sign_in()
    assert await caller.waiting(session) == []
    await asyncio.to_thread(eventually, lambda: payloads(service.known) == [])
    taken = await caller.upload("good.wav", CONTENT)
    assert taken.status == 201
    await caller.must_wait(session, taken.json["recording"], CONTENT)
    async with service.beside() as vault:
        assert (await verify_log(vault)).findings == []


async def in_pieces(content: bytes) -> AsyncIterator[bytes]:
    """Send without saying how much it will be."""
    for at in range(0, len(content), 100_000):
        yield content[at : at + 100_000]


async def cut_off(caller: Caller, *lines: str, body: bytes) -> None:
    """Send the beginning of an upload and go away."""
    host, port = caller.url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    head = ("PUT /v1/recordings/cut.wav HTTP/1.1", f"Host: {host}", *lines, "", "")
    writer.write("\r\n".join(head).encode() + body)
    await writer.drain()
    writer.transport.abort()


async def test_a_cut_upload_leaves_nothing(real_vault: RealVault) -> None:
    """A connection that ends in the middle, of known length or in chunks, leaves neither row nor payload."""
    bearer = f"Authorization: Bearer {real_vault.bearer}"
    chunk = f"{len(CONTENT):x}\r\n".encode() + CONTENT + b"\r\n"
    with serving(real_vault) as service:
        async with service.caller() as caller:
            await cut_off(caller, bearer, f"Content-Length: {2 * MIB}", body=CONTENT)
            await cut_off(caller, bearer, "Transfer-Encoding: chunked", body=chunk)
            await cut_off(caller, bearer, "Transfer-Encoding: chunked", body=chunk[:-1000])
            await cut_off(caller, bearer, f"Content-Length: {2 * MIB}", "Expect: 100-continue", body=b"")

            await nothing_was_kept(service, caller)


async def test_what_is_wrong_is_refused_with_its_code(real_vault: RealVault) -> None:
    """A wrong digest, too much, too much unannounced, nothing at all: each with its code, none kept."""
    limited = real_vault.with_setting("CALLVAULT_LIMITS__RECORDING_BYTES", str(LIMIT_BYTES))
    wrong = base64.b64encode(hashlib.sha256(b"another").digest()).decode()
    wrong_512 = base64.b64encode(hashlib.sha512(b"another").digest()).decode()
    large = os.urandom(LIMIT_BYTES + 1)
    with serving(limited) as service:
        async with service.caller() as caller:
            refusals = [
                await caller.upload("a.wav", CONTENT, headers={"Content-Digest": f"sha-256=:{wrong}:"}),
                await caller.upload(
                    "b.wav", in_pieces(CONTENT), headers={"Content-Digest": f"sha-512=:{wrong_512}:"}
                ),
                await caller.upload("c.wav", large),
                await caller.upload("d.wav", in_pieces(large)),
                await caller.upload("e.wav", b""),
                await caller.upload("f.wav", in_pieces(b"")),
            ]

            assert [(answer.status, answer.code) for answer in refusals] == [
                (400, "content_digest_wrong"),
                (400, "content_digest_wrong"),
                (413, "recording_too_large"),
                (413, "recording_too_large"),
                (400, "empty_recording"),
                (400, "empty_recording"),
            ]
            await nothing_was_kept(service, caller)
            assert (await caller.upload("exact.wav", large[:-1])).status == 201


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 32 MiB of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    size = f"size={DISK_BYTES}"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", size, "tmpfs", place], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", place], check=True)


async def test_a_full_disk_keeps_nothing_and_loses_nothing(founded: RealVault, small_disk: Path) -> None:
    """An upload without space is told so; the log can still be written, and what lies still opens."""
    known = founded.copied_to(small_disk / "vault")
    with serving(replace(known)) as service:
        async with service.caller() as caller:
            kept = (await caller.upload("kept.wav", CONTENT)).json["recording"]
            before = payloads(known)
            large = await caller.upload("large.wav", in_pieces(os.urandom(DISK_BYTES)))
            assert (large.status, large.code) == (507, "storage_full")
            await asyncio.to_thread(eventually, lambda: payloads(known) == before)

            free = shutil.disk_usage(small_disk).free
            # The reserve is a sixteenth of the disk, 2 MiB: the only room left is in it.
            (small_disk / "filler").write_bytes(bytes(free - 3 * MIB // 2))
            small = await caller.upload("small.wav", CONTENT[: MIB // 4])
            assert (small.status, small.code) == (507, "storage_full")
            session = await caller.sign_in()
            await caller.must_wait(session, kept, CONTENT)
            (small_disk / "filler").unlink()

            assert (await caller.upload("small.wav", CONTENT)).status == 201
            assert len(await caller.waiting(session)) == 2


async def test_a_disk_without_a_byte_opens_nothing(founded: RealVault, small_disk: Path) -> None:
    """With even the reserve gone the log can't be written: nothing opens, is kept, or is lost."""
    known = founded.copied_to(small_disk / "vault")
    with serving(known) as service:
        async with service.caller() as caller:
            kept = (await caller.upload("kept.wav", CONTENT)).json["recording"]
            session = await caller.sign_in()
            fill_to_the_last_byte(small_disk / "filler")
            answers = [
                await caller.upload("small.wav", CONTENT),
                *[await caller.content(session, kept) for _ in range(3)],
                await caller.receipt(session, kept, hashlib.sha256(CONTENT).hexdigest()),
            ]
            (small_disk / "filler").unlink()

            assert answers[0].status == 507
            assert {answer.status for answer in answers} <= {200, 503, 507}
            assert all(answer.body == CONTENT for answer in answers[1:4] if answer.status == 200)
            if answers[4].status != 200:
                await caller.must_wait(session, kept, CONTENT)
            async with service.beside() as vault:
                assert (await verify_log(vault)).findings == []


def fill_to_the_last_byte(path: Path) -> None:
    """Write until the disk takes no more."""
    with path.open("wb", buffering=0) as file:
        for size in (MIB, 4096):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue
