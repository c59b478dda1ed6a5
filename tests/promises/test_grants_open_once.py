"""The cells of the table that say «by grant»: what person and password really decrypt, with every disk.

No permission is asked here. Each grant is tried with everything anybody holds, in today's database and in
yesterday's beside today's slots.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from keys.age import HybridIdentity
from keys.secret import Secret
from tests.fakes.clock import SettableClock
from tests.harness.granted import Granted, granted
from tests.harness.loot import loot
from tests.harness.staff import custodian, dana
from tests.harness.vaults import RealVault
from vault.domain.event import SERVICE
from vault.domain.names import RecordingId, StaffName
from vault.domain.staff import Role
from vault.ports.vault import Vault
from vault.usecases.end_grants import end_expired_grants
from vault.usecases.issue_grant import issue_grant
from vault.usecases.remove_staff import remove_staff
from vault.usecases.revoke_grant import revoke_grant
from vault.usecases.shred_by_instruction import shred_by_instruction
from vault.usecases.unlock_staff import Custodian
from vault.usecases.use_grant import use_grant

LIVE = ("theirs to a manager", "own to a manager", "own to a tech manager", "half used")
ENDED = ("used", "expired", "revoked", "shredded", "left")
SOON = timedelta(hours=1)


@dataclass(frozen=True)
class Case:
    """A grant as it was issued: its secrets, and what it should open."""

    grant: str
    recording: RecordingId
    password: str
    holder: HybridIdentity
    content: bytes


@dataclass(frozen=True)
class Office:
    """A vault with living and ended grants, a copy from before they ended, and what all the others hold."""

    today: RealVault
    yesterday: RealVault
    cases: dict[str, Case]
    others: list[HybridIdentity]

    def opened(self, taken: dict[str, Granted], name: str) -> bytes | None:
        """Return what its person and its password lead to."""
        found, case = taken.get(self.cases[name].grant), self.cases[name]
        return found.opened([case.holder], [case.password]) if found else None

    def tried(self, taken: dict[str, Granted], name: str) -> tuple[bytes | None, bytes | None, bytes | None]:
        """Return what both, the person alone, and the password alone lead to, others' secrets at hand."""
        case = self.cases[name]
        found = taken.get(case.grant)
        if found is None:
            return None, None, None
        strangers = [each.holder for each in self.cases.values() if each.holder != case.holder]
        guesses = [each.password for each in self.cases.values() if each != case][:2]  # each costs Argon2
        return (
            self.opened(taken, name),
            found.opened([case.holder, *self.others], guesses),
            found.opened([*strangers, *self.others], [case.password]),
        )


@pytest.fixture(scope="module")
def office(founded: RealVault, tmp_path_factory: pytest.TempPathFactory) -> Office:
    """Make it, once for all cells; nobody changes it."""
    folder = tmp_path_factory.mktemp("grants")
    return asyncio.run(_made(founded.copied_to(folder / "today"), folder / "yesterday"))


async def _made(today: RealVault, yesterday: Path) -> Office:
    async with today.opened() as vault:
        dpo = await dana(vault, today.passphrase)
        tom = await custodian(vault, dpo, "tom", Role.TECH_MANAGER)
        mia = await custodian(vault, dpo, "mia", Role.MANAGER)
        max_ = await custodian(vault, dpo, "max", Role.MANAGER)
        holders = {"own to a tech manager": tom, "left": max_}
        cases = {
            name: await _issued(today, vault, dpo, (name, holders.get(name, mia))) for name in (*LIVE, *ENDED)
        }
    copy = today.copied_to(yesterday)
    disks = loot(today)
    others = [
        each
        for secret in (today.passphrase, today.password, today.recovery.strip())
        for each in disks.reached(secret)
    ]
    async with today.opened() as vault:
        await _end(vault, dpo, mia, cases)
    return Office(today, copy, cases, others)


async def _issued(known: RealVault, vault: Vault, dpo: Custodian, to: tuple[str, Custodian]) -> Case:
    name, holder = to
    content = os.urandom(70_000)
    receipt = await known.upload(vault, content, own=name.startswith("own"))
    grant, password = await issue_grant(
        vault,
        dpo,
        receipt.recording,
        StaffName(holder.member.name),
        reason="a test",
        uses=2 if name == "half used" else 1,
        lifetime=SOON if name == "expired" else None,
    )
    return Case(grant.id, receipt.recording, password.reveal().decode(), holder.own, content)


async def _end(vault: Vault, dpo: Custodian, mia: Custodian, cases: dict[str, Case]) -> None:
    """End each grant in its way; the one that is half used is used once."""
    for name in ("used", "half used"):
        password = Secret(cases[name].password.encode())
        await use_grant(vault, mia, cases[name].recording, password=password, reason="a test")
    later = SettableClock(vault.clock.now() + SOON)
    await end_expired_grants(replace(vault, clock=later))
    await revoke_grant(vault, cases["revoked"].grant, by=SERVICE)
    await shred_by_instruction(vault, dpo, cases["shredded"].recording, reason="a test", instructed_by="acme")
    await remove_staff(vault, dpo, StaffName("max"))


@pytest.fixture(scope="module")
def today(office: Office) -> dict[str, Granted]:
    """All disks of today."""
    return granted(office.today)


@pytest.fixture(scope="module")
def mixed(office: Office, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Granted]:
    """Yesterday's database and blobs beside today's slots."""
    folder = tmp_path_factory.mktemp("mixed") / "vault"
    known = office.yesterday.copied_to(folder)
    shutil.rmtree(folder / "slots")
    shutil.copytree(office.today.data / "slots", folder / "slots")
    return granted(known)


@pytest.mark.parametrize("name", LIVE)
def test_a_living_grant_needs_both(office: Office, today: dict[str, Granted], name: str) -> None:
    """Its person with its password decrypts it; neither alone does, with all else that anybody holds."""
    assert office.tried(today, name) == (office.cases[name].content, None, None)


@pytest.mark.parametrize("name", ENDED)
def test_an_ended_grant_opens_nothing(
    office: Office, today: dict[str, Granted], mixed: dict[str, Granted], name: str
) -> None:
    """Not to its own person with its password, neither from today's database nor from yesterday's."""
    assert office.opened(today, name) is None
    assert office.opened(mixed, name) is None
    assert office.cases[name].grant not in {*today, *mixed}, "its slot is destroyed"


def test_a_use_that_was_made_is_not_made_again(office: Office, mixed: dict[str, Granted]) -> None:
    """Of a grant for two uses, yesterday's row, which still has both, opens nothing after the first."""
    assert office.opened(mixed, "half used") is None
    assert office.opened(mixed, "own to a manager") == office.cases["own to a manager"].content


def test_the_trial_is_in_earnest(office: Office) -> None:
    """With yesterday's slots too, every one of them opens: it is the slots that end them."""
    before = granted(office.yesterday)
    for name, case in office.cases.items():
        assert office.opened(before, name) == case.content, name
