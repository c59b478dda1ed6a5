"""Collection over HTTP: signing in, listing, reading, proving; and that reading alone destroys nothing."""

from __future__ import annotations

import hashlib

import pytest

from tests.harness.http_door import HttpDoor, opened, request_head
from tests.harness.vaults import RealVault
from vault.entrypoints.http.context import Patience

SOUND = bytes(range(256)) * 1000
DIGEST = hashlib.sha256(SOUND).hexdigest()


async def content_path(door: HttpDoor, session: dict[str, str], name: str = "call.wav") -> str:
    """Upload a recording and return the path of its content."""
    receipt = await (await door.put(name, SOUND)).json()
    return f"/v1/collect/recordings/{receipt['recording']}/content"


async def test_wrong_pairs_are_answered_alike(door: HttpDoor) -> None:
    """A wrong password, an unknown name, a dead link: one status, one body."""
    answers = []
    for body in (
        {"customer": "acme", "password": "wrong"},
        {"customer": "nobody", "password": "wrong"},
        {"customer": "../../etc\u0000", "password": ""},
        {"link": door.known.link, "password": "wrong"},
        {"link": "AAAAAAAAAAAAAAAAAAAAAA", "password": door.known.password},
    ):
        answer = await door.client.post(door.url("/v1/collect/sessions"), json=body)
        answers.append((answer.status, await answer.json()))

    assert {status for status, _ in answers} == {403}
    assert all(body == answers[0][1] for _, body in answers)
    assert answers[0][1]["code"] == "access_denied"


async def test_guessing_is_slowed_down_with_a_time_to_come_back(door: HttpDoor) -> None:
    """429 with Retry-After once the bucket is full; the link still works."""
    for _ in range(10):
        wrong = {"customer": "acme", "password": "wrong"}
        await door.client.post(door.url("/v1/collect/sessions"), json=wrong)
    answer = await door.client.post(door.url("/v1/collect/sessions"), json=wrong)

    assert answer.status == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert await door.sign_in()


@pytest.mark.parametrize(
    ("body", "kind", "status", "field"),
    [
        (b"{", "application/json", 400, "body"),
        (b"[]", "application/json", 400, "body"),
        (b'{"password": "\xff", "customer": "a"}', "application/json", 400, "body"),
        (b'{"password": "\\ud800", "customer": "a"}', "application/json", 400, "body"),
        (b'{"password": 1, "customer": "a"}', "application/json", 400, "password"),
        (b'{"password": "p"}', "application/json", 400, "link"),
        (b'{"password": "p", "customer": "a", "link": "b"}', "application/json", 400, "link"),
        (b'{"password": "p", "customer": "a", "admin": true}', "application/json", 400, "body"),
        (b'{"password": "' + b"p" * 600 + b'", "customer": "a"}', "application/json", 400, "password"),
        (b" " * 16385, "application/json", 413, None),
        (b'{"password": "p", "customer": "a"}', "text/plain", 415, None),
        (b"password=p", "application/x-www-form-urlencoded", 415, None),
    ],
)
async def test_bodies_are_small_strict_json(
    door: HttpDoor, body: bytes, kind: str, status: int, field: str | None
) -> None:
    """What is no such JSON is refused by the name of its field, and never echoed."""
    answer = await door.client.post(
        door.url("/v1/collect/sessions"), data=body, headers={"Content-Type": kind}
    )

    told = await answer.json()
    assert (answer.status, told.get("field")) == (status, field)


async def test_a_session_is_needed_and_only_by_header(door: HttpDoor) -> None:
    """No token, a source's token, a token in the query, an ended session: 401 and nothing shown."""
    session = await door.sign_in()
    token = session["Authorization"].removeprefix("Bearer ")
    url = door.url("/v1/collect/recordings")
    tried = [
        await door.client.get(url),
        await door.client.get(url, headers=door.bearer),
        await door.client.get(url, params={"token": token, "access_token": token}),
        await door.client.get(url, headers={"Authorization": f"Basic {token}"}),
    ]
    await door.client.delete(door.url("/v1/collect/sessions/current"), headers=session)
    tried.append(await door.client.get(url, headers=session))

    assert [answer.status for answer in tried] == [401] * 5
    assert all("Basic" not in answer.headers.getall("WWW-Authenticate") for answer in tried)


async def test_the_list_goes_page_by_page(door: HttpDoor) -> None:
    """Cursors lead through everything once, newest first; no digest is told."""
    for number in range(5):
        await door.put(f"{number}.wav", SOUND)
    session, cursor, seen = await door.sign_in(), None, []
    while True:
        query = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        answer = await door.client.get(door.url("/v1/collect/recordings"), params=query, headers=session)
        page = await answer.json()
        seen += [item["file_name"] for item in page["items"]]
        assert DIGEST not in await answer.text()
        if (cursor := page["next"]) is None:
            break

    assert seen == ["4.wav", "3.wav", "2.wav", "1.wav", "0.wav"]


@pytest.mark.parametrize("query", ["cursor=-1", "cursor=x", "limit=0", "limit=501", "cursor=" + "9" * 19])
async def test_a_made_up_cursor_is_refused(door: HttpDoor, query: str) -> None:
    """Only what a page gave leads to another."""
    answer = await door.client.get(door.url(f"/v1/collect/recordings?{query}"), headers=await door.sign_in())

    assert answer.status == 400


async def test_head_opens_nothing_and_logs_nothing(door: HttpDoor) -> None:
    """A link scanner's HEAD leaves no trace; the headers are those of a GET."""
    session = await door.sign_in()
    path = await content_path(door, session)
    before = await door.actions()

    head = await door.client.head(door.url(path), headers=session)

    assert head.status == 200
    assert head.headers["Content-Length"] == str(len(SOUND))
    assert await door.actions() == before


async def test_reading_is_logged_once_and_destroys_nothing(door: HttpDoor) -> None:
    """Whole, in ranges, twice: one entry for the session, and the recording still waits."""
    session = await door.sign_in()
    path = await content_path(door, session)
    for headers in ({}, {"Range": "bytes=0-0"}, {}, {"Range": "bytes=-1"}):
        answer = await door.client.get(door.url(path), headers=session | headers)
        await answer.read()

    assert (await door.actions()).count("recording.opened") == 1
    assert len(await door.waiting(session)) == 1


@pytest.mark.parametrize(
    ("wanted", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=65535-65536", 65535, 65537),
        ("bytes=100000-", 100000, len(SOUND)),
        ("bytes=-10", len(SOUND) - 10, len(SOUND)),
        ("bytes=255999-999999999", 255999, len(SOUND)),
        ("bytes=-999999999", 0, len(SOUND)),
    ],
)
async def test_a_range_is_those_bytes(door: HttpDoor, wanted: str, start: int, stop: int) -> None:
    """206 with exactly the bytes asked for."""
    session = await door.sign_in()
    path = await content_path(door, session)

    answer = await door.client.get(door.url(path), headers=session | {"Range": wanted})

    assert answer.status == 206
    assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(SOUND)}"
    assert await answer.read() == SOUND[start:stop]


@pytest.mark.parametrize("wanted", ["bytes=256000-", "bytes=-0"])
async def test_a_range_beyond_the_end_is_416_and_not_logged(door: HttpDoor, wanted: str) -> None:
    """The size is told, nothing is opened."""
    session = await door.sign_in()
    path = await content_path(door, session)

    answer = await door.client.get(door.url(path), headers=session | {"Range": wanted})

    assert (answer.status, answer.headers["Content-Range"]) == (416, f"bytes */{len(SOUND)}")
    assert "recording.opened" not in await door.actions()


async def test_preconditions_hold_by_the_entity_tag(door: HttpDoor) -> None:
    """If-Range by the tag serves the range, by another all; If-Match and If-None-Match as RFC 9110 says."""
    session = await door.sign_in()
    url = door.url(await content_path(door, session))
    etag = (await door.client.head(url, headers=session)).headers["ETag"]
    wanted = session | {"Range": "bytes=1-2"}

    same = await door.client.get(url, headers=wanted | {"If-Range": etag})
    other = await door.client.get(url, headers=wanted | {"If-Range": '"other"'})
    weak = await door.client.get(url, headers=wanted | {"If-Range": f"W/{etag}"})
    moved = await door.client.get(url, headers=session | {"If-Match": '"other"'})
    known = await door.client.get(url, headers=session | {"If-None-Match": f'"x", {etag}'})

    assert [a.status for a in (same, other, weak, moved, known)] == [206, 200, 200, 412, 304]
    assert hashlib.sha256(SOUND).hexdigest()[:8] not in etag


async def test_the_answer_protects_itself(door: HttpDoor) -> None:
    """Not stored, not sniffed, saved under its name whatever the name holds."""
    session = await door.sign_in()
    path = await content_path(door, session, "r%C3%A9sum%C3%A9%22%3B%20x%3D.html")

    answer = await door.client.head(door.url(path), headers=session)

    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"] == (
        "attachment; filename=\"r_sum__; x=.html\"; filename*=UTF-8''r%C3%A9sum%C3%A9%22%3B%20x%3D.html"
    )


async def test_a_receipt_destroys_and_certifies_once(door: HttpDoor) -> None:
    """The right digest ends it; the same again answers the same; reading is 410 from then on."""
    session = await door.sign_in()
    path = await content_path(door, session)
    receipt = door.url(path.replace("/content", "/receipt"))

    wrong = await door.client.post(receipt, json={"sha256": "0" * 64}, headers=session)
    still = await door.client.get(door.url(path), headers=session)
    first = await door.client.post(receipt, json={"sha256": DIGEST}, headers=session)
    again = await door.client.post(receipt, json={"sha256": DIGEST.upper()}, headers=await door.sign_in())
    gone = await door.client.get(door.url(path), headers=session)

    assert (wrong.status, (await wrong.json())["code"]) == (409, "digest_mismatch")
    assert await still.read() == SOUND
    assert (await first.json())["state"] == "shredded"
    assert await again.json() == await first.json()
    assert (gone.status, (await gone.json())["code"]) == (410, "collected")
    assert (await door.actions()).count("recording.shredded") == 1


async def test_what_is_not_the_customers_is_not_found(door: HttpDoor) -> None:
    """Another's recording, a made-up id and no id at all look alike."""
    own = await door.client.put(
        door.url("/v1/recordings/own.wav"),
        data=SOUND,
        headers={"Authorization": f"Bearer {door.known.own_bearer}"},
    )
    session = await door.sign_in()
    bodies = []
    for wanted in ((await own.json())["recording"], "0" * 20, "..%2f..", "%00", "o"):
        answer = await door.client.get(door.url(f"/v1/collect/recordings/{wanted}/content"), headers=session)
        assert answer.status == 404
        bodies.append(await answer.json())

    assert all(body == bodies[0] for body in bodies)


async def test_a_reader_that_takes_nothing_is_cut_off(real_vault: RealVault) -> None:
    """A stalled reader holds nothing for ever, destroys nothing, and gets no full body."""
    large = bytes(1 << 20) * 24
    async with opened(real_vault, patience=Patience(stall=0.2)) as door:
        session = await door.sign_in()
        receipt = await (await door.put("large.wav", large)).json()
        async with door.wire() as wire:
            path = f"/v1/collect/recordings/{receipt['recording']}/content"
            await wire.send(request_head(f"GET {path}", f"Authorization: {session['Authorization']}"))
            assert (await wire.head()).startswith(b"HTTP/1.1 200 ")
            assert await door.door.close(20)  # returns once no request is under way any more

        assert "recording.opened" in await door.actions()
        assert "recording.collected" not in await door.actions()


async def test_a_payload_that_was_changed_never_looks_whole(door: HttpDoor) -> None:
    """A corrupt chunk in the middle cuts the connection: the body is shorter than announced."""
    session = await door.sign_in()
    content = bytes(5 << 20)
    receipt = await (await door.put("long.wav", content)).json()
    blob = max((door.known.data / "blobs").rglob("*"), key=lambda path: path.stat().st_size)
    sealed = bytearray(blob.read_bytes())
    sealed[3 << 20] ^= 1
    blob.chmod(0o600)
    blob.write_bytes(sealed)

    async with door.wire() as wire:
        path = f"/v1/collect/recordings/{receipt['recording']}/content"
        await wire.send(request_head(f"GET {path}", f"Authorization: {session['Authorization']}"))
        head = await wire.head()
        try:
            body = await wire.rest()
        except ConnectionError:
            body = b""

    assert f"Content-Length: {len(content)}".encode() in head
    assert len(body) < len(content)
    assert not any(body)
