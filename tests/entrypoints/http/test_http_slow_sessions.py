"""A request whose body comes slowly: whoever is signed out meanwhile does nothing more by it."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from tests.harness.http_door import HttpDoor, request_head
from tests.harness.vaults import sha256
from vault.entrypoints.http import signed_json

SOUND = b"sound " * 1000


@pytest.fixture
async def recording(door: HttpDoor) -> str:
    """A recording that waits."""
    return str((await (await door.put("call.wav", SOUND)).json())["recording"])


async def sent_slowly(
    door: HttpDoor, session: Mapping[str, str], current: str, path: str, asked: object
) -> bytes:
    """Send a request's head, sign out once the door waits for the body, and send that; return the answer."""
    body = json.dumps(asked).encode()
    headers = (
        f"Authorization: {session['Authorization']}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Expect: 100-continue",
        "Connection: close",
    )
    async with door.wire() as wire:
        await wire.send(request_head(f"POST {path}", *headers))
        assert b" 100 " in await wire.head()
        ended = await door.client.delete(door.url(f"{current}/sessions/current"), headers=session)
        assert ended.status == 204
        await wire.send(body)
        return await wire.rest()


async def test_a_receipt_of_a_session_that_ended_destroys_nothing(
    door: HttpDoor, recording: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Begun before the customer signed out, finished afterwards: it is refused, and the recording waits."""
    monkeypatch.setattr(signed_json, "TRUSTED_SECONDS", 0.0)
    path = f"/v1/collect/recordings/{recording}/receipt"

    answer = await sent_slowly(door, await door.sign_in(), "/v1/collect", path, {"sha256": sha256(SOUND)})

    assert answer.startswith(b"HTTP/1.1 401 ")
    assert [each["id"] for each in await door.waiting(await door.sign_in())] == [recording]


@pytest.mark.parametrize("what", ["recordings/open", "recordings/export", "customers/add"])
async def test_staff_that_signed_out_opens_nothing(
    door: HttpDoor, recording: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session that was stolen and is ended is of no use to requests that it began."""
    monkeypatch.setattr(signed_json, "TRUSTED_SECONDS", 0.0)
    given = {"staff": "dana", "passphrase": door.known.passphrase}
    begun = await (await door.client.post(door.url("/v1/staff/sessions"), json=given)).json()
    asked = {"recording": recording, "reason": "complaint 12"}
    if what == "customers/add":
        asked = {"name": "zenith", "agreement": "CT-1"}
    before = await door.actions()

    answer = await sent_slowly(
        door, {"Authorization": f"Bearer {begun['token']}"}, "/v1/staff", f"/v1/staff/{what}", asked
    )

    assert answer.startswith(b"HTTP/1.1 401 ")
    assert (await door.actions())[len(before) :] == ["session.ended"]
