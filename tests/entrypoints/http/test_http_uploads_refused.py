"""Uploads that are refused: before a byte is read where possible, nothing half-kept, one clear error."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json

import pytest

from tests.harness.http_door import HttpDoor, Wire, opened, request_head
from tests.harness.vaults import RealVault
from vault.entrypoints.http.context import Patience

SOUND = b"sound " * 1000
IMPATIENT = Patience(idle=0.2, stall=0.2, turn=0.1)


async def problem(wire: Wire) -> tuple[int, dict[str, object]]:
    """Return status and body of the answer on a bare connection."""
    head = await wire.head()
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    body = json.loads(await wire.reader.readexactly(length))
    assert b"application/problem+json" in head
    return int(head.split(b" ")[1]), body


@pytest.mark.parametrize(
    "headers",
    [
        [],
        ["Authorization: Bearer "],
        ["Authorization: Bearer wrong-wrong-wrong-wrong-wrong"],
        ["Authorization: Basic %%%"],
        ["Authorization: Basic " + base64.b64encode(b"pbx:").decode()],
        ["Authorization: Digest x"],
    ],
)
async def test_a_bad_token_is_refused_before_the_body(door: HttpDoor, headers: list[str]) -> None:
    """401 comes although not a byte of the body was sent, and nobody is asked to send it."""
    async with door.wire() as wire:
        await wire.send(
            request_head("PUT /v1/recordings/a.wav", "Content-Length: 9000", "Expect: 100-continue", *headers)
        )
        head = await wire.head()

    assert head.startswith(b"HTTP/1.1 401 ")
    assert b"WWW-Authenticate: Bearer" in head
    assert b"WWW-Authenticate: Basic" in head


async def test_two_authorizations_are_none(door: HttpDoor) -> None:
    """A proxy may read one and we the other: neither counts."""
    good = f"Authorization: Bearer {door.known.bearer}"
    async with door.wire() as wire:
        await wire.send(request_head("GET /v1/source", good, good))
        status, body = await problem(wire)

    assert (status, body["code"]) == (401, "bad_token")


async def test_the_body_is_asked_for_once_its_sender_was_let_in(door: HttpDoor) -> None:
    """Expect: 100-continue is answered after authorisation, and the upload goes on."""
    async with door.wire() as wire:
        await wire.send(
            request_head(
                "PUT /v1/recordings/a.wav",
                f"Content-Length: {len(SOUND)}",
                "Expect: 100-continue",
                f"Authorization: Bearer {door.known.bearer}",
            )
        )
        assert await wire.head() == b"HTTP/1.1 100 Continue\r\n\r\n"
        await wire.send(SOUND)
        assert (await wire.head()).startswith(b"HTTP/1.1 201 ")


async def test_an_unknown_expectation_is_417(door: HttpDoor) -> None:
    """RFC 9110, 10.1.1."""
    answer = await door.put("a.wav", SOUND, Expect="the-impossible")

    assert (answer.status, (await answer.json())["code"]) == (417, "expectation_failed")


async def test_a_bearer_token_is_no_hook_and_a_hook_no_bearer_token(door: HttpDoor) -> None:
    """Each kind of token opens its own door only."""
    by_path = await door.client.put(door.url(f"/v1/hooks/{door.known.bearer}/a.wav"), data=SOUND)
    by_header = await door.client.get(
        door.url("/v1/source"), headers={"Authorization": f"Bearer {door.known.hook}"}
    )

    assert (by_path.status, by_header.status) == (401, 401)


async def test_what_is_announced_too_large_is_refused_unread(real_vault: RealVault) -> None:
    """413 comes before the body."""
    small = real_vault.with_setting("CALLVAULT_LIMITS__RECORDING_BYTES", "1000")
    async with opened(small) as door, door.wire() as wire:
        await wire.send(
            request_head(
                "PUT /v1/recordings/a", "Content-Length: 1001", f"Authorization: Bearer {small.bearer}"
            )
        )
        status, body = await problem(wire)

    assert (status, body["code"]) == (413, "recording_too_large")


async def test_what_turns_out_too_large_leaves_nothing(real_vault: RealVault) -> None:
    """Without a length it is counted as it comes."""
    small = real_vault.with_setting("CALLVAULT_LIMITS__RECORDING_BYTES", "1000")
    async with opened(small) as door, door.wire() as wire:
        await wire.send(
            request_head(
                "PUT /v1/recordings/a", "Transfer-Encoding: chunked", f"Authorization: Bearer {small.bearer}"
            ),
            b"7d0\r\n" + bytes(2000) + b"\r\n0\r\n\r\n",
        )
        assert (await problem(wire))[0] == 413
        assert await door.nothing_kept()


async def test_a_compressed_body_is_refused(door: HttpDoor) -> None:
    """Nothing is ever unpacked here, so nothing can blow up."""
    answer = await door.client.put(
        door.url("/v1/recordings/a.wav"),
        data=b"\x1f\x8b\x08\x00",
        headers=door.bearer | {"Content-Encoding": "gzip"},
    )

    assert (answer.status, (await answer.json())["code"]) == (415, "unsupported_media_type")
    assert await door.nothing_kept()


@pytest.mark.parametrize("name", ["sha-256", "sha-512"])
async def test_a_wrong_digest_leaves_nothing(door: HttpDoor, name: str) -> None:
    """What came is not what was sent: no receipt."""
    other = hashlib.new(name.replace("-", ""), b"other").digest()
    answer = await door.put("a.wav", SOUND, Content_Digest=f"{name}=:{base64.b64encode(other).decode()}:")

    assert (answer.status, (await answer.json())["code"]) == (400, "content_digest_wrong")
    assert await door.nothing_kept()


async def test_an_empty_recording_is_refused_loudly(door: HttpDoor) -> None:
    """A hook with an empty variable sends nothing: that must not look like success."""
    answer = await door.put("a.wav", b"")

    assert (answer.status, (await answer.json())["code"]) == (400, "empty_recording")
    assert await door.nothing_kept()


async def test_a_cut_upload_leaves_nothing(door: HttpDoor) -> None:
    """Half a recording is no recording."""
    async with door.wire() as wire:
        await wire.send(
            request_head(
                "PUT /v1/recordings/a.wav",
                "Content-Length: 9000",
                f"Authorization: Bearer {door.known.bearer}",
            ),
            SOUND[:4000],
        )
        wire.writer.transport.abort()
    assert await door.door.close(10)

    assert await door.nothing_kept()


async def test_a_stalled_sender_is_cut_off(real_vault: RealVault) -> None:
    """No byte for the limit: 408, which its sender may try again."""
    async with opened(real_vault, patience=IMPATIENT) as door, door.wire() as wire:
        await wire.send(
            request_head(
                "PUT /v1/recordings/a.wav",
                "Content-Length: 9000",
                f"Authorization: Bearer {real_vault.bearer}",
            ),
            SOUND[:4000],
        )
        status, body = await problem(wire)
        assert (status, body["code"]) == (408, "upload_cut")
        assert await door.nothing_kept()


BOUNDARY = "cut-here"
PART = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'.encode()
END = f"\r\n--{BOUNDARY}--\r\n".encode()


@pytest.mark.parametrize(
    ("form", "status"),
    [
        (PART + SOUND, 400),
        (PART + SOUND + b"\r\n--cut-her", 400),
        (PART + SOUND + END[:-4], 400),
        (PART + SOUND + b"\r\n" + PART + SOUND + END, 400),
        (PART.replace(b'"file"', b'"other"') + SOUND + END, 400),
        (PART.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n") + SOUND + END, 415),
        (PART.replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: base64\r\n\r\n") + SOUND + END, 415),
        (PART.replace(b"a.wav", b"../a.wav") + SOUND + END, 400),
        (
            PART.replace(b"\r\n\r\n", b"\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n") + SOUND + END,
            400,
        ),
        (PART.replace(b'"file"', b'"other"') + bytes(100_000) + b"\r\n" + PART + SOUND + END, 400),
        (b"no form at all", 400),
        (b"", 400),
    ],
)
async def test_a_form_that_is_not_whole_leaves_nothing(door: HttpDoor, form: bytes, status: int) -> None:
    """A form is one recording, read to its last boundary, or it is nothing."""
    answer = await door.client.post(
        door.url("/v1/recordings"),
        data=form,
        headers=door.bearer | {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"},
    )

    assert answer.status == status, await answer.text()
    assert await door.nothing_kept()


async def test_more_uploads_than_places_are_told_to_come_again(real_vault: RealVault) -> None:
    """503 with Retry-After, while those inside go on."""
    one = real_vault.with_setting("CALLVAULT_LIMITS__UPLOADS_AT_ONCE", "1")
    async with opened(one, patience=Patience(turn=0.1)) as door, door.wire() as inside:
        await inside.send(
            request_head(
                "PUT /v1/recordings/first",
                f"Content-Length: {len(SOUND)}",
                "Expect: 100-continue",
                f"Authorization: Bearer {one.bearer}",
            )
        )
        await inside.head()  # it has its turn now
        outside = await door.put("second", SOUND)
        await inside.send(SOUND)
        finished = await inside.head()

    assert (outside.status, outside.headers["Retry-After"]) == (503, "5")
    assert (await outside.json())["code"] == "overloaded"
    assert finished.startswith(b"HTTP/1.1 201 ")


@pytest.mark.parametrize(
    "path",
    ["", "a%2Fb", "a%5Cb", "%2e%2e", "..", "a%00b", "a%0d%0ab", "%ff", "a%E2%80%AEb", "n" * 256, "%20"],
)
async def test_names_that_are_paths_or_worse_are_refused(door: HttpDoor, path: str) -> None:
    """Traversal, NUL, line ends, text turned around, bytes that are no UTF-8, over-long and empty names."""
    async with door.wire() as wire:
        await wire.send(
            request_head(
                f"PUT /v1/recordings/{path}",
                "Content-Length: 1",
                f"Authorization: Bearer {door.known.bearer}",
            ),
            b"x",
        )
        status, body = await problem(wire)

    assert (status, body["code"], body["field"]) == (400, "invalid_request", "file-name")
    assert await door.nothing_kept()


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Callvault-Call-Id", "x" * 256),
        ("Callvault-Calling", "1" * 129),
        ("Callvault-Agent", "\udcff\udcfe"),
        ("Callvault-Agent", "tab\tbed"),
        ("Callvault-Started-At", "yesterday"),
        ("Callvault-Started-At", "0001-01-01T00:00:00+23:00"),
        ("Callvault-Duration", "-1"),
        ("Callvault-Duration", "nan"),
        ("Callvault-Direction", "sideways"),
        ("Content-Digest", "sha-256=:AAAA:"),
        ("Content-Digest", "sha-256=nothing"),
        ("Content-Range", "bytes 0-1/2"),
    ],
)
async def test_a_value_that_cannot_be_taken_is_named_and_not_echoed(
    door: HttpDoor, header: str, value: str
) -> None:
    """`invalid_request` says which field; what came is not repeated."""
    async with door.wire() as wire:
        await wire.send(
            request_head(
                "PUT /v1/recordings/a",
                "Content-Length: 1",
                f"Authorization: Bearer {door.known.bearer}",
                f"{header}: {value}",
            ),
            b"x",
        )
        status, body = await problem(wire)

    assert (status, body["code"], body["field"]) == (400, "invalid_request", header)
    assert value not in json.dumps(body)


async def test_a_query_with_a_control_character_is_refused(door: HttpDoor) -> None:
    """What a header could never hold, a query can."""
    answer = await door.put("a?Callvault-Agent=x%0d%0aSet-Cookie:y", SOUND)
    many = await door.put("a?" + "&".join("Callvault-Calling=1" for _ in range(17)), SOUND)

    assert (await answer.json())["field"] == "Callvault-Agent"
    assert (await many.json())["field"] == "Callvault-Calling"


async def test_many_cut_uploads_leave_the_door_open(real_vault: RealVault) -> None:
    """Places among the uploads are given back, however an upload ends."""
    one = real_vault.with_setting("CALLVAULT_LIMITS__UPLOADS_AT_ONCE", "1")
    async with opened(one) as door:
        for _ in range(5):
            async with door.wire() as wire:
                await wire.send(
                    request_head(
                        "PUT /v1/recordings/a", "Content-Length: 9", f"Authorization: Bearer {one.bearer}"
                    ),
                    b"1234",
                )
                wire.writer.transport.abort()
        async with asyncio.timeout(10):
            assert (await door.put("b", SOUND)).status == 201
