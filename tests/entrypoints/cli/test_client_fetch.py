"""Promises about collecting: nothing is confirmed that is not whole on this disk, and nothing is lost."""

from __future__ import annotations

import errno
import hashlib
import io
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiohttp import web

from keys.secret import Secret
from keys.signing import NoteSigner, NoteVerifier
from tests.entrypoints.cli.fake_service import (
    LINK,
    PASSWORD,
    SIGNER,
    FakeService,
    answers,
    certificate_of,
    running,
)
from vault.entrypoints.client import download
from vault.entrypoints.client.address import parse_address
from vault.entrypoints.client.collecting import signed_in
from vault.entrypoints.client.failures import (
    CertificateWrong,
    ClientError,
    NotUnderstood,
    ServerRefused,
    TryAgain,
)
from vault.entrypoints.client.fetch import Fetched, Fetcher
from vault.entrypoints.client.http import open_session
from vault.entrypoints.client.ledger import Ledger
from vault.entrypoints.client.retry import Patience

_ID = "4f7k00000000000000{:02}"
_CONTENT = bytes(range(256)) * 4096  # 1 MiB


@contextmanager
def no_meter(_name: str, _size: int) -> Iterator[Callable[[int], None]]:
    """Show nothing."""
    yield lambda _bytes: None


@pytest.fixture
async def service() -> AsyncIterator[FakeService]:
    """A service with one recording that waits."""
    fake = FakeService(waiting={_ID.format(0): ("call.wav", _CONTENT)})
    async with running(fake):
        yield fake


async def fetch(
    service: FakeService,
    folder: Path,
    password: str = PASSWORD,
    tries: int = 3,
    verifier: NoteVerifier | None = None,
) -> list[Fetched]:
    """Collect everything with the link, as the command does."""
    address, patience = parse_address(f"{service.base_url}/collect#{LINK}"), Patience(tries, 0)
    async with (
        open_session(address) as session,
        signed_in(session, address, password=password, customer=None, patience=patience) as collector,
    ):
        fetcher = Fetcher(collector, folder, Ledger.open(folder), no_meter, verifier)
        return [result async for result in fetcher.run()]


def visible(folder: Path) -> dict[str, bytes]:
    """Return the files that a customer sees."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(".")}


def parts_in(folder: Path) -> list[int]:
    """Return the sizes of unfinished files."""
    return [path.stat().st_size for path in folder.glob(".*.part")]


def files_outside(top: Path, folder: Path) -> list[Path]:
    """Return the files under `top` that are not in `folder`."""
    return [path for path in top.rglob("*") if path.is_file() and path.parent != folder]


async def test_collecting(service: FakeService, tmp_path: Path) -> None:
    """Every page is downloaded, confirmed by the digest of what is on disk, certified, and signed out of."""
    service.waiting |= {_ID.format(number): (f"{number}.wav", b"%d" % number) for number in range(1, 6)}

    results = await fetch(service, tmp_path)

    assert [result.error for result in results] == [None] * 6
    assert visible(tmp_path)["call.wav"] == _CONTENT
    digest = hashlib.sha256(b"5").hexdigest()
    assert visible(tmp_path)["5.wav.tlog-proof"] == certificate_of(_ID.format(5), digest).encode()
    assert dict(service.receipts)[_ID.format(0)] == hashlib.sha256(_CONTENT).hexdigest()
    assert service.seen[-1] == "DELETE /v1/collect/sessions/current"
    assert parts_in(tmp_path) == []


@pytest.mark.parametrize("sent_bytes", [0, 1, len(_CONTENT) - 1])
async def test_a_cut_line(service: FakeService, tmp_path: Path, sent_bytes: int) -> None:
    """What came before the line broke is not asked for again."""
    service.fault("GET /content", service.cut_after(sent_bytes), answers(503))

    await fetch(service, tmp_path)

    assert visible(tmp_path)["call.wav"] == _CONTENT
    assert service.ranges == [f"bytes={sent_bytes}-" if sent_bytes else None]


async def test_another_process_goes_on(service: FakeService, tmp_path: Path) -> None:
    """Where one run gave up, the next goes on; until then nothing is confirmed and no file has the name."""
    service.fault("GET /content", service.cut_after(1000), *[answers(503)] * 3)
    first = await fetch(service, tmp_path)
    between = (dict(visible(tmp_path)), list(service.receipts))
    second = await fetch(service, tmp_path)

    assert isinstance(first[0].error, TryAgain)
    assert between == ({}, [])
    assert service.ranges == ["bytes=1000-"]
    assert (second[0].state, visible(tmp_path)["call.wav"]) == ("shredded", _CONTENT)


async def test_a_server_that_ignores_ranges(service: FakeService, tmp_path: Path) -> None:
    """A 200 in answer to a range is the recording from its beginning, and is not appended."""
    (tmp_path / f".call.wav.{_ID.format(0)}.part").write_bytes(_CONTENT[:500])

    async def whole(_request: web.Request) -> web.Response:
        return web.Response(body=_CONTENT)

    service.fault("GET /content", whole)
    await fetch(service, tmp_path)

    assert visible(tmp_path)["call.wav"] == _CONTENT


async def test_a_server_with_the_wrong_range(service: FakeService, tmp_path: Path) -> None:
    """Bytes of another place than asked for are not taken."""
    (tmp_path / f".call.wav.{_ID.format(0)}.part").write_bytes(_CONTENT[:500])

    async def other(_request: web.Request) -> web.Response:
        return web.Response(status=206, body=_CONTENT[9:], headers={"Content-Range": "bytes 9-1/2"})

    service.fault("GET /content", other)
    result = (await fetch(service, tmp_path))[0]

    assert "another range" in str(result.error)
    assert (visible(tmp_path), service.receipts) == ({}, [])


async def test_more_than_the_recording_has(service: FakeService, tmp_path: Path) -> None:
    """An endless body does not fill the disk."""

    async def endless(_request: web.Request) -> web.Response:
        return web.Response(body=_CONTENT * 3)

    service.fault("GET /content", endless)
    result = (await fetch(service, tmp_path))[0]

    assert "more than" in str(result.error)
    assert sum(parts_in(tmp_path)) <= len(_CONTENT)


async def test_a_damaged_part(service: FakeService, tmp_path: Path) -> None:
    """What is not the recording is put aside; the vault keeps its own, and the next run gets it whole."""
    (tmp_path / f".call.wav.{_ID.format(0)}.part").write_bytes(b"\0" * 500)
    first = (await fetch(service, tmp_path))[0]
    second = (await fetch(service, tmp_path))[0]

    assert "put aside as call.wav.damaged" in str(first.error)
    assert (second.error, visible(tmp_path)["call.wav"]) == (None, _CONTENT)


async def test_a_full_disk(service: FakeService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk confirms nothing, and other recordings still come."""
    service.waiting[_ID.format(1)] = ("small.wav", b"small")
    write = download._write_all

    def full(file: io.FileIO, piece: bytes) -> None:
        if len(piece) > 5:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(file, piece)

    monkeypatch.setattr(download, "_write_all", full)
    results = await fetch(service, tmp_path)

    assert [getattr(result.error, "errno", None) for result in results] == [errno.ENOSPC, None]
    assert [name for name, _ in service.receipts] == [_ID.format(1)]


async def test_confirmed_by_a_later_run(service: FakeService, tmp_path: Path) -> None:
    """A file that arrived but was not confirmed is confirmed by the next run, not downloaded again."""
    service.fault("POST /receipt", *[answers(503)] * 3)
    first = await fetch(service, tmp_path)
    second = await fetch(service, tmp_path)

    assert isinstance(first[0].error, TryAgain)
    assert (second[0].state, service.ranges) == ("shredded", [None])
    assert set(visible(tmp_path)) == {"call.wav", "call.wav.tlog-proof"}


async def test_a_certificate_that_came_late(service: FakeService, tmp_path: Path) -> None:
    """A recording that was pending is asked after once it is listed no more."""
    service.answer_state = "pending"
    first = await fetch(service, tmp_path)
    service.answer_state, service.listed = "shredded", False
    second = await fetch(service, tmp_path)
    third = await fetch(service, tmp_path)

    assert [first[0].state, second[0].state] == ["pending", "shredded"]
    assert third == []
    assert "call.wav.tlog-proof" in visible(tmp_path)


async def test_what_is_kept_comes_once(service: FakeService, tmp_path: Path) -> None:
    """A recording that the vault retains is downloaded once, and again only if its file is gone."""
    service.answer_state = service.list_state = "retained"
    await fetch(service, tmp_path)
    again = await fetch(service, tmp_path)
    (tmp_path / "call.wav").write_bytes(b"changed")
    await fetch(service, tmp_path)

    assert (again[0].state, again[0].certificate) == ("retained", None)
    assert service.ranges == [None, None]
    assert visible(tmp_path) == {"call.wav": b"changed", "call-2.wav": _CONTENT}


async def test_nothing_is_overwritten(service: FakeService, tmp_path: Path) -> None:
    """Files that are there stay as they are, whatever recordings are called."""
    (tmp_path / "call.wav").write_bytes(b"mine")
    service.waiting[_ID.format(1)] = ("call.wav", b"other")

    await fetch(service, tmp_path)

    found = visible(tmp_path)
    assert (found["call.wav"], found["call-2.wav"], found["call-3.wav"]) == (b"mine", _CONTENT, b"other")


@pytest.mark.parametrize("name", ["../../evil", "/etc/passwd", "..", "CON", "a\0b", "x\u202egnp", "", None])
async def test_names_stay_in_the_folder(service: FakeService, tmp_path: Path, name: str | None) -> None:
    """No name that a caller chose leads out of the folder."""
    service.waiting = {_ID.format(0): (name, b"sound")}
    folder = tmp_path / "deep" / "folder"
    folder.mkdir(parents=True)

    result = (await fetch(service, folder))[0]

    assert result.error is None
    assert files_outside(tmp_path, folder) == []


async def test_a_list_without_an_end(service: FakeService, tmp_path: Path) -> None:
    """A server that always names another page does not keep the client turning."""

    async def same_page(_request: web.Request) -> web.Response:
        return web.json_response(
            {"items": [{"id": _ID.format(0), "file_name": "a.wav", "bytes": len(_CONTENT)}], "next": "x"}
        )

    service.fault("GET /recordings", *[same_page] * 5)
    results = await fetch(service, tmp_path)

    assert len(results) == 1


async def test_an_id_that_is_a_path(service: FakeService, tmp_path: Path) -> None:
    """A server's id becomes part of no path unless it is an id."""
    service.waiting = {"../../../evil": ("a.wav", b"sound")}

    with pytest.raises(Exception, match="not what a vault would say"):
        await fetch(service, tmp_path)


async def test_a_wrong_password_is_tried_once(service: FakeService, tmp_path: Path) -> None:
    """Guessing costs the customer its tries: a refusal is final."""
    with pytest.raises(ServerRefused):
        await fetch(service, tmp_path, password="wrong")

    assert service.seen == ["POST /v1/collect/sessions"]


async def test_the_session_ends_whatever_happens(service: FakeService, tmp_path: Path) -> None:
    """An error in the middle leaves no session behind."""
    service.fault("GET /recordings", *[answers(503)] * 3)
    with pytest.raises(TryAgain):
        await fetch(service, tmp_path)

    assert service.seen[-1].startswith("DELETE")


_DIGEST = hashlib.sha256(_CONTENT).hexdigest()
_OTHER = NoteSigner("callvault/fake", Secret(bytes([1]) * 32))


@pytest.mark.parametrize(
    "certificate",
    [
        "no proof at all\n",
        certificate_of(_ID.format(7), _DIGEST),
        certificate_of(_ID.format(0), "0" * 64),
        certificate_of(_ID.format(0), _DIGEST, action="recording.opened"),
        certificate_of(_ID.format(0), _DIGEST, signer=_OTHER),
        certificate_of(_ID.format(0), _DIGEST).replace("index 0", "index 1"),
    ],
)
async def test_a_certificate_that_does_not_fit(
    service: FakeService, tmp_path: Path, certificate: str
) -> None:
    """It is said, and put aside; the recording stays on disk, and the next run asks for a better one."""
    service.certificates[_ID.format(0)] = certificate
    first = (await fetch(service, tmp_path, verifier=SIGNER.verifier))[0]
    between = visible(tmp_path)
    del service.certificates[_ID.format(0)]
    service.listed = False
    second = (await fetch(service, tmp_path, verifier=SIGNER.verifier))[0]

    assert isinstance(first.error, CertificateWrong)
    assert set(between) == {"call.wav", "call.wav.tlog-proof.wrong"}
    assert between["call.wav"] == _CONTENT
    assert (second.error, second.state, service.ranges) == (None, "shredded", [None])
    assert "call.wav.tlog-proof" in visible(tmp_path)


async def test_a_receipts_answer_that_cant_be_read(service: FakeService, tmp_path: Path) -> None:
    """Half a character in it is no answer: the recording stays on disk, and the next run asks again."""
    service.certificates[_ID.format(0)] = "\ud800"
    first = (await fetch(service, tmp_path))[0]
    between = visible(tmp_path)
    del service.certificates[_ID.format(0)]
    service.listed = False
    second = (await fetch(service, tmp_path))[0]

    assert isinstance(first.error, NotUnderstood)
    assert between == {"call.wav": _CONTENT}
    assert (second.error, second.state, service.ranges) == (None, "shredded", [None])


async def test_nothing_is_not_a_certificate(service: FakeService, tmp_path: Path) -> None:
    """A vault that says «destroyed» and certifies nothing is not believed."""

    async def bare(_request: web.Request) -> web.Response:
        return web.json_response({"state": "shredded", "certificate": None})

    service.fault("POST /receipt", bare)

    assert isinstance((await fetch(service, tmp_path))[0].error, CertificateWrong)
    assert visible(tmp_path) == {"call.wav": _CONTENT}


@pytest.mark.parametrize("body", [b"[" * 200_000, b'{"a":' * 200_000, b"1" * 10_000, b"\xff"])
async def test_an_answer_that_is_no_answer(service: FakeService, tmp_path: Path, body: bytes) -> None:
    """Nested beyond sense, or no object at all: one clear error, and no crash."""

    async def nested(_request: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    service.fault("POST /sessions", nested)
    with pytest.raises(ClientError, match="not what a vault would say"):
        await fetch(service, tmp_path)


@pytest.mark.parametrize("token", ["a\r\nX-Injected: b", "", "a b", "\u0436", "a" * 600, 7, None])
async def test_a_token_that_fits_no_header(service: FakeService, tmp_path: Path, token: object) -> None:
    """A session's token goes into a header: what ends a line there is no token."""

    async def told(_request: web.Request) -> web.Response:
        return web.json_response({"token": token}, status=201)

    service.fault("POST /sessions", told)
    with pytest.raises(ClientError, match="not what a vault would say"):
        await fetch(service, tmp_path)
