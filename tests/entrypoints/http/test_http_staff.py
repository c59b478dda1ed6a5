"""The staff's door: how sessions are asked for, and what a stranger gets."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import ClientResponse

from keys import challenge
from keys.age import HybridIdentity, open_file
from keys.identities import unlock
from tests.harness.http_door import HttpDoor
from tests.harness.staff import add_person, dana
from vault.domain.guesses import GUESSES_PER_WINDOW
from vault.domain.names import StaffName
from vault.domain.staff import Role
from vault.entrypoints.staff.registry import OPERATIONS, STREAMS
from vault.usecases.add_staff import add_staff
from vault.usecases.reissue_passphrase import reissue_passphrase
from vault.usecases.remove_staff import remove_staff

SOUND = b"sound " * 50_000
SESSIONS = "/v1/staff/sessions"


@dataclass(frozen=True)
class Office:
    """The door with its first DPO, and olga, who keeps an identity file."""

    door: HttpDoor
    olga: HybridIdentity

    async def post(self, path: str, asked: object, session: dict[str, str] | None = None) -> ClientResponse:
        """Post JSON."""
        return await self.door.client.post(self.door.url(path), json=asked, headers=session or {})

    async def signed_in(self, **given: str) -> dict[str, str]:
        """Return the header of a session."""
        answer = await self.post(
            SESSIONS, given or {"staff": "dana", "passphrase": self.door.known.passphrase}
        )
        assert answer.status == 201, await answer.text()
        return {"Authorization": f"Bearer {(await answer.json())['token']}"}

    async def by_file(self) -> dict[str, str]:
        """Return the header of olga's session."""
        asked = await (await self.post("/v1/staff/challenges", {"staff": "olga"})).json()
        answer = challenge.answer(base64.b64decode(asked["sealed"]), self.olga).reveal().decode()
        return await self.signed_in(staff="olga", ticket=asked["ticket"], answer=answer)


@pytest.fixture
async def office(door: HttpDoor) -> Office:
    """The door, open, with one more DPO behind it."""
    olga = HybridIdentity.generate()
    boss = await dana(door.vault, door.known.passphrase)
    await add_staff(door.vault, boss, StaffName("olga"), Role.DPO, recipient=olga.recipient)
    return Office(door, olga)


async def problem(answer: ClientResponse) -> tuple[int, str]:
    """Return status and code."""
    return answer.status, (await answer.json())["code"]


async def test_a_session_begins_shows_itself_and_ends(office: Office) -> None:
    """What it shows: name, role, how it was proven; the group's identities only where the own one is away."""
    for session, name, shown in ((await office.signed_in(), "dana", 0), (await office.by_file(), "olga", 1)):
        url = office.door.url(f"{SESSIONS}/current")
        current = await (await office.door.client.get(url, headers=session)).json()
        assert (current["staff"], current["role"], len(current["identities"])) == (name, "dpo", shown)
        assert (await office.door.client.delete(url, headers=session)).status == 204
        assert await problem(await office.door.client.get(url, headers=session)) == (401, "access_denied")


async def test_a_locked_identity_opens_for_its_people_alone(office: Office) -> None:
    """What the door hands out is locked; without a session it hands out nothing."""
    current = office.door.url(f"{SESSIONS}/current")
    session = await office.by_file()
    (locked,) = (await (await office.door.client.get(current, headers=session)).json())["identities"]

    assert isinstance(unlock(base64.b64decode(locked), [office.olga]), HybridIdentity)
    with pytest.raises(Exception, match="none of the identities"):
        unlock(base64.b64decode(locked), [HybridIdentity.generate()])
    assert await problem(await office.door.client.get(current)) == (401, "access_denied")


@pytest.mark.parametrize(
    "given",
    [
        {"staff": "dana"},
        {"staff": "dana", "passphrase": "x", "ticket": "x", "answer": "x"},
        {"staff": "dana", "ticket": "x"},
        {"staff": "dana", "passphrase": 7},
        {"staff": "dana", "passphrase": "x" * 600},
        {"staff": "dana", "passphrase": "x", "role": "dpo"},
        {"passphrase": "x"},
        [],
    ],
)
async def test_half_a_sign_in_is_told(office: Office, given: object) -> None:
    """400, and nothing of what came is repeated."""
    answer = await office.post(SESSIONS, given)

    assert await problem(answer) == (400, "invalid_request")
    assert "xxx" not in await answer.text()


async def test_strangers_are_refused_alike(office: Office) -> None:
    """Wrong passphrase, unknown name, impossible name, an identity file's owner: one answer, and then 429."""
    bodies = set()
    for name in ("dana", "nobody", "Not A Name\n", "olga"):
        answer = await office.post(SESSIONS, {"staff": name, "passphrase": "wrong-wrong"})
        bodies.add((answer.status, await answer.text()))
    assert len(bodies) == 1
    assert {status for status, _ in bodies} == {403}

    for _ in range(GUESSES_PER_WINDOW - 1):
        await office.post(SESSIONS, {"staff": "dana", "passphrase": "wrong-wrong"})
    stopped = await office.post(SESSIONS, {"staff": "dana", "passphrase": office.door.known.passphrase})
    assert await problem(stopped) == (429, "too_many_guesses")
    assert int(stopped.headers["Retry-After"]) > 0


async def test_a_customers_session_is_not_a_persons(office: Office) -> None:
    """Neither token opens the other's door."""
    customer, person = await office.door.sign_in(), await office.signed_in()
    collect = office.door.url("/v1/collect/recordings")

    assert await problem(await office.post("/v1/staff/status", {}, customer)) == (401, "access_denied")
    assert await problem(await office.door.client.get(collect, headers=person)) == (401, "access_denied")


async def test_no_operation_answers_without_a_session(office: Office) -> None:
    """Every operation there is asks for one before it looks at what was asked."""
    for operation in (*OPERATIONS, *STREAMS):
        answer = await office.post(f"/v1/staff/{operation.path}", {"nonsense": 1})
        assert await problem(answer) == (401, "access_denied"), operation.name
    for path in ("recordings/open", "recordings/export"):
        assert (await office.post(f"/v1/staff/{path}", {})).status == 401


async def test_a_manager_gets_nothing_of_the_office(office: Office) -> None:
    """Every operation that is not for managers refuses one, whatever is asked."""
    boss = await dana(office.door.vault, office.door.known.passphrase)
    passphrase = await add_person(office.door.vault, boss, "mia", Role.MANAGER)
    session = await office.signed_in(staff="mia", passphrase=passphrase.reveal().decode())

    for operation in (*OPERATIONS, *STREAMS):
        if Role.MANAGER not in operation.roles:
            answer = await office.post(f"/v1/staff/{operation.path}", {"nonsense": 1}, session)
            assert await problem(answer) == (403, "access_denied"), operation.name


async def test_a_recording_comes_plain_or_sealed(office: Office) -> None:
    """By who holds the key; size, digest and id are told beside it."""
    recording = (await office.door.known.upload(office.door.vault, SOUND)).recording
    asked = {"recording": recording[:10], "reason": "complaint 12"}

    plain = await office.post("/v1/staff/recordings/open", asked, await office.signed_in())
    session = await office.by_file()
    sealed = await office.post("/v1/staff/recordings/open", asked, session)
    current = office.door.url(f"{SESSIONS}/current")
    (locked,) = (await (await office.door.client.get(current, headers=session)).json())["identities"]
    file = await sealed.read()

    assert await plain.read() == SOUND
    assert (plain.headers["Callvault-Form"], sealed.headers["Callvault-Form"]) == ("plain", "sealed")
    assert open_file(file, [unlock(base64.b64decode(locked), [office.olga])]) == SOUND
    for answer in (plain, sealed):
        assert answer.headers["Callvault-Bytes"] == str(len(SOUND))
        assert answer.headers["Callvault-Recording"] == recording
    assert sealed.headers["Content-Length"] == str(len(file))


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"recording": "zzzz", "reason": "x"}, (404, "not_found")),
        ({"recording": "../etc", "reason": "x"}, (404, "not_found")),
        ({"recording": "z", "reason": " "}, (400, "invalid_request")),
        ({"recording": "z"}, (400, "invalid_request")),
        ({"recording": "z", "reason": "a\nb"}, (400, "invalid_request")),
    ],
)
async def test_an_opening_that_can_not_be_is_a_problem(
    office: Office, asked: dict[str, Any], expected: tuple[int, str]
) -> None:
    """Never half an answer."""
    for session in (await office.signed_in(), await office.by_file()):
        assert await problem(await office.post("/v1/staff/recordings/open", asked, session)) == expected


async def test_what_needs_a_key_here_says_where_it_is(office: Office) -> None:
    """403 `key_elsewhere`, for an owner of an identity file."""
    recording = (await office.door.known.upload(office.door.vault, SOUND)).recording
    asked = {"recording": recording, "reason": "complaint 12"}

    answer = await office.post("/v1/staff/recordings/export", asked, await office.by_file())

    assert await problem(answer) == (403, "key_elsewhere")


async def test_pages_follow_each_other(office: Office) -> None:
    """`next` of a page is the `before` of the one after it; the last has none."""
    session, seen = await office.signed_in(), []
    asked: dict[str, Any] = {"limit": 5}
    while True:
        page = await (await office.post("/v1/staff/audit/list", asked, session)).json()
        seen += [item["index"] for item in page["items"]]
        if page["next"] is None:
            break
        asked["before"] = page["next"]

    assert seen == sorted(seen, reverse=True)
    assert len(set(seen)) == len(seen)
    assert seen[-1] == 0


async def test_sessions_die_with_what_they_were_begun_by(office: Office) -> None:
    """A new passphrase ends a passphrase's sessions; whoever is removed is out at once."""
    by_passphrase, by_file = await office.signed_in(), await office.by_file()
    boss = await dana(office.door.vault, office.door.known.passphrase)

    await remove_staff(office.door.vault, boss, StaffName("olga"))
    assert await problem(await office.post("/v1/staff/status", {}, by_file)) == (401, "access_denied")
    await reissue_passphrase(office.door.vault, await dana(office.door.vault, office.door.known.passphrase))
    assert await problem(await office.post("/v1/staff/status", {}, by_passphrase)) == (401, "access_denied")
