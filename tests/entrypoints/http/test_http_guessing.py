"""Guessing at the door: names that exist are not told from names that don't, and nobody is locked out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import pytest

from tests.fakes.passwords import CountedPasswords
from tests.harness.http_door import HttpDoor, opened
from tests.harness.vaults import RealVault

CUSTOMERS, STAFF = "/v1/collect/sessions", "/v1/staff/sessions"
PER_BUCKET = 10
Shown = tuple[int, tuple[tuple[str, str], ...], bytes]


@dataclass(frozen=True)
class Guesser:
    """A door whose password checks are counted, and who asks at it."""

    door: HttpDoor
    passwords: CountedPasswords

    async def ask(self, path: str, body: Mapping[str, str]) -> Shown:
        """Return all of an answer that could tell one from another: status, headers, body."""
        answer = await self.door.client.post(self.door.url(path), json=body)
        headers = sorted((name, value) for name, value in answer.headers.items() if name != "Date")
        return answer.status, tuple(headers), await answer.read()

    async def sign_in(self, **who: str) -> int:
        """Return the status of a customer's try."""
        return (await self.ask(CUSTOMERS, who))[0]


@pytest.fixture
async def guesser(real_vault: RealVault) -> AsyncIterator[Guesser]:
    """A guesser at a door of this test's own."""
    passwords = CountedPasswords()
    async with opened(real_vault, passwords=passwords) as door:
        yield Guesser(door, passwords)


@pytest.mark.parametrize(
    ("path", "who", "proof", "known"),
    [(CUSTOMERS, "customer", "password", "acme"), (STAFF, "staff", "passphrase", "dana")],
)
async def test_names_are_not_told(guesser: Guesser, path: str, who: str, proof: str, known: str) -> None:
    """A name that exists, and one that does not, answer alike to the byte, for one run of Argon2 each."""
    right = {"acme": guesser.door.known.password, "dana": guesser.door.known.passphrase}[known]
    answers, runs = set(), []
    for name, word in ((known, "wrong"), ("nobody", "wrong"), ("nobody", right), ("not a name!", "wrong")):
        before = guesser.passwords.runs
        answers.add(await guesser.ask(path, {who: name, proof: word}))
        runs.append(guesser.passwords.runs - before)

    ((status, _, body),) = answers
    assert (status, runs) == (403, [1, 1, 1, 1])
    assert b"access_denied" in body


async def test_a_link_costs_one_run(guesser: Guesser) -> None:
    """A wrong password by link answers as one by name does; a link that nobody has costs nothing at all."""
    by_name = await guesser.ask(CUSTOMERS, {"customer": "acme", "password": "wrong"})
    by_link = await guesser.ask(CUSTOMERS, {"link": guesser.door.known.link, "password": "wrong"})
    made_up = await guesser.ask(CUSTOMERS, {"link": "x" * 22, "password": "wrong"})

    assert by_name == by_link == made_up
    assert guesser.passwords.runs == 2


async def test_guesses_by_link_fill_its_bucket_alone(guesser: Guesser) -> None:
    """While somebody guesses by a link, its customer gets in by name from where it was before."""
    known = guesser.door.known
    assert await guesser.sign_in(customer="acme", password=known.password) == 201
    guessed = [await guesser.sign_in(link=known.link, password="wrong") for _ in range(PER_BUCKET + 2)]

    assert guessed == [403] * PER_BUCKET + [429] * 2
    assert await guesser.sign_in(link=known.link, password=known.password) == 429
    assert await guesser.sign_in(customer="acme", password=known.password) == 201
    assert guesser.passwords.runs == PER_BUCKET + 2
