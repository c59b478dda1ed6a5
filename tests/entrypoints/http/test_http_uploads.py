"""Uploads as PBXs send them: raw, as a form, through a hook's URL; what comes back, and what is kept."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest
from aiohttp import FormData, MultipartWriter, encode_basic_auth

from tests.harness.http_door import HttpDoor
from vault.domain.event import Actor, Channel
from vault.ports.repositories import RecordingFilter
from vault.usecases.list_recordings import list_recordings
from vault.usecases.list_waiting import Listed

RECORDINGS = Path(__file__).parents[2] / "fixtures" / "recordings"
WAV = b"RIFF" + bytes(range(256)) * 40
STAFF = Actor("staff:dana", "dana", Channel.CLI)


async def newest(door: HttpDoor) -> Listed:
    """Return the recording taken last."""
    return (await list_recordings(door.vault, RecordingFilter(), by=STAFF))[0]


async def test_a_receipt_says_what_was_kept(door: HttpDoor) -> None:
    """PUT answers 201 with id, digest, size, time and place in the log."""
    answer = await door.put("call.wav", WAV)

    receipt = await answer.json()
    assert answer.status == 201
    assert receipt.keys() == {"recording", "sha256", "bytes", "sealed_at", "log_index"}
    assert receipt["sha256"] == hashlib.sha256(WAV).hexdigest()
    assert receipt["bytes"] == len(WAV)
    assert receipt["sealed_at"].endswith("Z")


async def test_the_same_again_is_200_with_the_same_receipt(door: HttpDoor) -> None:
    """A retry is a success, not a conflict, and stores nothing."""
    first = await door.put("call.wav", WAV)
    again = await door.put("call.wav", WAV)

    assert again.status == 200
    assert await again.json() == await first.json()
    assert len(await list_recordings(door.vault, RecordingFilter(), by=STAFF)) == 1


async def test_basic_with_the_token_as_password_is_let_in(door: HttpDoor) -> None:
    """Old PBX scripts know only `curl -u`."""
    answer = await door.client.get(
        door.url("/v1/source"), headers={"Authorization": encode_basic_auth("anything", door.known.bearer)}
    )

    assert answer.status == 200
    assert (await answer.json())["source"] == "pbx"


@pytest.mark.parametrize("method", ["PUT", "POST"])
async def test_a_hook_needs_no_header(door: HttpDoor, method: str) -> None:
    """The token in the path is enough, by either method."""
    path = f"/v1/hooks/{door.known.hook}/call.wav"
    answer = await door.client.request(method, door.url(path), data=WAV)

    assert answer.status == 201
    assert (await newest(door)).details.file_name == "call.wav"


async def test_a_form_is_taken_by_its_file_part(door: HttpDoor) -> None:
    """Fields before and after the file are read past; name and type come from the part."""
    form = FormData()
    form.add_field("note", "before")
    form.add_field("file", WAV, filename="from-the-form.wav", content_type="audio/wav")
    form.add_field("note", "after")

    answer = await door.client.post(door.url("/v1/recordings"), data=form, headers=door.bearer)

    assert answer.status == 201, await answer.text()
    assert (await answer.json())["sha256"] == hashlib.sha256(WAV).hexdigest()
    details = (await newest(door)).details
    assert (details.file_name, details.content_type) == ("from-the-form.wav", "audio/wav")


async def test_rtpengine_is_understood(door: HttpDoor) -> None:
    """A part `ngfile` without name or type; name, call, start and length come from X-Recording headers."""
    content = (RECORDINGS / "rtpengine26-mix.wav").read_bytes()
    with MultipartWriter("form-data") as form:
        form.append(content, {"Content-Disposition": 'form-data; name="ngfile"'})
    headers = {
        "X-Recording-Call-ID": "1-29326%40127.0.0.1",
        "X-Recording-File-Name": "1-29326%40127.0.0.1-mix",
        "X-Recording-File-Format": "wav",
        "X-Recording-Call-Start-Time": "1795305629.250",
        "X-Recording-Call-End-Time": "1795305633.750",
        "X-Recording-Call-Metadata": "calling:+442079460000|called:101|other:thing",
    }

    answer = await door.client.post(door.url(f"/v1/hooks/{door.known.hook}"), data=form, headers=headers)

    assert answer.status == 201, await answer.text()
    details = (await newest(door)).details
    assert details.file_name == "1-29326@127.0.0.1-mix.wav"
    assert details.call_id == "1-29326@127.0.0.1"
    assert details.started_at is not None
    assert details.started_at.timestamp() == 1795305629.25
    assert details.duration_seconds == 4.5
    assert (details.calling, details.called) == (("+442079460000",), "101")


async def test_call_details_come_by_header_or_query(door: HttpDoor) -> None:
    """Both are one set of names; a plus that a query lost is put back, local time is the source's."""
    query = (
        "?callvault-calling=+442079460000&Callvault-Started-At=2026-07-01T10:00&Callvault-Direction=inbound"
    )
    answer = await door.put(
        "call.wav" + query,
        WAV,
        Callvault_Called="020 7946 0001",
        Callvault_Duration="61.5",
        Callvault_Agent="Zoë",
        Callvault_Carrier="",
    )

    assert answer.status == 201, await answer.text()
    details = (await newest(door)).details
    assert (details.calling, details.called) == (("+442079460000",), "020 7946 0001")
    assert details.started_at is not None
    assert details.started_at.isoformat() == "2026-07-01T09:00:00+00:00"
    assert (details.duration_seconds, details.agent, details.carrier) == (61.5, "Zoë", None)


async def test_a_right_digest_is_accepted_and_an_unknown_one_ignored(door: HttpDoor) -> None:
    """RFC 9530: sha-256 and sha-512 are checked, others are left alone."""
    sha512 = base64.b64encode(hashlib.sha512(WAV).digest()).decode()
    answer = await door.put("call.wav", WAV, Content_Digest=f"crc32c=:AAAA:, sha-512=:{sha512}:")

    assert answer.status == 201


async def test_a_recording_without_a_name_is_taken_each_time(door: HttpDoor) -> None:
    """With neither call id nor name nothing says that two are one."""
    for _ in range(2):
        answer = await door.client.post(door.url("/v1/recordings"), data=WAV, headers=door.bearer)
        assert answer.status == 201


async def test_real_recordings_come_back_as_they_were(door: HttpDoor) -> None:
    """Bytes of every format that the fixtures hold are kept as received, unfinished headers included."""
    wanted = {path.name: path.read_bytes() for path in RECORDINGS.iterdir() if path.suffix != ".txt"}
    for name, content in wanted.items():
        assert (await door.put(name, content)).status == 201

    session = await door.sign_in()
    for item in await door.waiting(session):
        path = f"/v1/collect/recordings/{item['id']}/content"
        answer = await door.client.get(door.url(path), headers=session)
        assert await answer.read() == wanted.pop(str(item["file_name"]))
    assert not wanted
