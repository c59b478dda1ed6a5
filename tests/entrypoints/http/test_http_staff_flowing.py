"""What is on its way to staff ends with their session, or with the recording, in whatever form it flows."""

from __future__ import annotations

import base64
import os
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import ClientError, web

from keys import challenge
from keys.age import HybridIdentity
from tests.harness.http_door import HttpDoor
from tests.harness.staff import dana
from tests.harness.vaults import sha256
from vault.domain.names import StaffName
from vault.domain.staff import Role
from vault.entrypoints.http import flowing, staff_opening
from vault.entrypoints.http.sending import send_body
from vault.usecases.add_staff import add_staff
from vault.usecases.remove_staff import remove_staff

SOUND = os.urandom(3 << 20)  # several pieces
FORMS = ["plain", "sealed", "export"]

Session = dict[str, str]
End = Callable[[HttpDoor, Session, str], Awaitable[None]]


async def session_for(door: HttpDoor, form: str) -> Session:
    """Sign olga in: by an identity file to whom it comes sealed, else by passphrase."""
    boss, olga = await dana(door.vault, door.known.passphrase), HybridIdentity.generate()
    recipient = olga.recipient if form == "sealed" else None
    _, passphrase = await add_staff(door.vault, boss, StaffName("olga"), Role.DPO, recipient=recipient)
    if form == "sealed":
        asked = await post(door, "challenges", {"staff": "olga"})
        answer = challenge.answer(base64.b64decode(asked["sealed"]), olga).reveal().decode()
        given = {"ticket": asked["ticket"], "answer": answer}
    else:
        assert passphrase is not None
        given = {"passphrase": passphrase.reveal().decode()}
    begun = await post(door, "sessions", {"staff": "olga", **given})
    return {"Authorization": f"Bearer {begun['token']}"}


async def post(door: HttpDoor, path: str, asked: object) -> dict[str, str]:
    """Return what the staff's door answers."""
    async with door.client.post(door.url(f"/v1/staff/{path}"), json=asked) as answer:
        assert answer.ok, await answer.text()
        told: dict[str, str] = await answer.json()
        return told


async def signed_out(door: HttpDoor, session: Session, _recording: str) -> None:
    """End the session elsewhere."""
    ended = await door.client.delete(door.url("/v1/staff/sessions/current"), headers=session)
    assert ended.status == 204


async def left(door: HttpDoor, _session: Session, _recording: str) -> None:
    """Let olga leave the staff."""
    await remove_staff(door.vault, await dana(door.vault, door.known.passphrase), StaffName("olga"))


async def collected(door: HttpDoor, _session: Session, recording: str) -> None:
    """Let the customer prove that it holds it."""
    url = door.url(f"/v1/collect/recordings/{recording}/receipt")
    got = await door.client.post(url, json={"sha256": sha256(SOUND)}, headers=await door.sign_in())
    assert got.status == 200


async def received(door: HttpDoor, session: Session, recording: str, form: str) -> int:
    """Return how many bytes of a recording arrive in that form."""
    what = "export" if form == "export" else "open"
    asked = {"recording": recording, "reason": "complaint 12"}
    count = 0
    async with door.client.post(
        door.url(f"/v1/staff/recordings/{what}"), json=asked, headers=session
    ) as answer:
        assert answer.status == 200, await answer.text()
        try:
            async for piece in answer.content.iter_any():
                count += len(piece)
        except ClientError:
            return count
    return count


@pytest.fixture
async def recording(door: HttpDoor) -> str:
    """A recording that waits."""
    return str((await (await door.put("call.wav", SOUND)).json())["recording"])


@pytest.mark.parametrize("end", [signed_out, left, collected])
@pytest.mark.parametrize("form", FORMS)
async def test_what_has_ended_flows_no_further(
    door: HttpDoor, recording: str, form: str, end: End, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends while the first piece is on its way: the rest stays here."""
    session = await session_for(door, form)
    monkeypatch.setattr(flowing, "FLOWS_ON_SECONDS", 0.0)

    async def _ended_by(pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
        yield await anext(pieces)
        await end(door, session, recording)
        async for piece in pieces:
            yield piece

    async def _send(
        request: web.Request, response: web.StreamResponse, body: AsyncIterator[bytes], stall: float
    ) -> web.StreamResponse:
        return await send_body(request, response, _ended_by(body), stall)

    monkeypatch.setattr(staff_opening, "send_body", _send)

    assert await received(door, session, recording, form) < len(SOUND) / 2


@pytest.mark.parametrize("form", FORMS)
async def test_all_of_it_flows_while_nothing_ends(
    door: HttpDoor, recording: str, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked at before every piece, it arrives whole."""
    session = await session_for(door, form)
    monkeypatch.setattr(flowing, "FLOWS_ON_SECONDS", 0.0)

    assert await received(door, session, recording, form) >= len(SOUND)
