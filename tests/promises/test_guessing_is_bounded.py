"""Guessing at the real service: few tries reach Argon2, the real customer gets in, the log hardly grows.

CALLVAULT_TEST_GUESSES sets how many are made; the long form is 30,000.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

import pytest

from tests.harness.chance import from_environment
from tests.harness.customer import Answer, Caller
from tests.harness.service import Service, serving
from tests.harness.vaults import RealVault

GUESSES = from_environment("CALLVAULT_TEST_GUESSES", 500)
AT_ONCE = 40
NAMES = ("acme", "nobody")
HOME, ELSEWHERE_AT_HOME = "2001:db8:1::1", "2001:db8:1::ffff"
PER_BUCKET = 10
VARIES = {"Date", "Retry-After"}


@dataclass(frozen=True)
class Door:
    """The service, asked as a declared proxy asks for others."""

    caller: Caller

    async def sign_in(self, who: Mapping[str, str], password: str, address: str) -> Answer:
        """Sign in from an address."""
        headers = {"X-Forwarded-For": address}
        body = {**who, "password": password}
        return await self.caller.call("POST", "/v1/collect/sessions", json=body, headers=headers)

    async def guess(self, count: int) -> list[Answer]:
        """Guess at a known and an unknown name, from addresses within one /64 and across many."""
        turns = asyncio.Semaphore(AT_ONCE)

        async def once(name: str, address: str) -> Answer:
            async with turns:
                return await self.sign_in({"customer": name}, "wrong", address)

        return await asyncio.gather(*(once(*each) for each in islice(attempts(), count)))


def attempts() -> Iterator[tuple[str, str]]:
    """Yield names by turns with addresses that never come again."""
    number = 0
    while True:
        name = NAMES[number % len(NAMES)]
        yield name, f"2001:db8:2::{number:x}" if number % 4 < 2 else f"2001:db8:{number + 16:x}::1"
        number += 1


def shown(answer: Answer) -> tuple[object, ...]:
    """Return all of an answer that a guesser could tell another by."""
    headers = sorted((name, value) for name, value in answer.headers.items() if name not in VARIES)
    return (answer.status, answer.body, tuple(headers))


async def entries(service: Service) -> int:
    """Return the size of the vault's log."""
    async with service.beside() as vault, vault.reading() as rows:
        return await rows.events.size()


@pytest.fixture
def service(real_vault: RealVault) -> Iterator[Service]:
    """The service with two workers, which believes its proxy on loopback."""
    known = real_vault.with_setting("CALLVAULT_HTTP__TRUSTED_PROXIES", "127.0.0.1/32")
    with serving(known, workers=2) as running:
        yield running
        running.stop()


async def test_guesses_are_few_and_the_customer_gets_in(service: Service) -> None:
    """Across workers, names, networks and a restart: ten a bucket are checked, and all look alike."""
    known = service.known
    async with service.caller() as caller:
        door = Door(caller)
        assert (await door.sign_in({"customer": "acme"}, known.password, HOME)).status == 201
        before = await entries(service)
        answers = await door.guess(GUESSES)
    await service.restarted()
    async with service.caller() as caller:
        door = Door(caller)
        later = await door.guess(AT_ONCE)
        grown = await entries(service) - before
        by_name = await door.sign_in({"customer": "acme"}, known.password, ELSEWHERE_AT_HOME)
        by_link = await door.sign_in({"link": known.link}, known.password, "2001:db8:2::1")

    told = Counter(answer.status for answer in answers)
    assert set(told) <= {403, 429, 503}, told
    assert told[403] <= PER_BUCKET * len(NAMES)
    assert [answer.status for answer in later] == [429] * AT_ONCE
    assert len({shown(answer) for answer in answers if answer.status == 403}) == 1
    assert (by_name.status, by_link.status) == (201, 201)
    assert grown <= len(NAMES)
