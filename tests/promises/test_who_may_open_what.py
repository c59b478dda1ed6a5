"""The table of the design, cell by cell: what each role's secret really decrypts, with every disk at hand.

No permission is asked here: the secret is tried on every lock, what that opens on every other, and all of it
on every recording.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from keys.secret import Secret
from tests.harness.loot import Loot, loot
from tests.harness.staff import add_person, dana
from tests.harness.vaults import RealVault
from vault.domain.event import SERVICE
from vault.domain.names import CustomerName, RecordingId, StaffName
from vault.domain.staff import Role
from vault.errors import AccessDenied, Collected
from vault.ports.vault import Vault
from vault.usecases.add_customer import add_customer
from vault.usecases.open_as_staff import open_as_staff
from vault.usecases.shred_by_instruction import shred_by_instruction
from vault.usecases.unlock_staff import Custodian, unlock_staff

OWN, THEIRS = "the company's own", "acme's"
TABLE = {
    "DPO": {OWN, THEIRS},
    "another DPO": {OWN, THEIRS},
    "recovery": {OWN, THEIRS},
    "tech manager": {THEIRS},
    "manager": set(),
    "customer": {THEIRS},
    "another customer": set(),
    "source": set(),
    "hook": set(),
    "link": set(),
}
STAFF = {
    "DPO": "dana",
    "another DPO": "dora",
    "tech manager": "tom",
    "manager": "mia",
}


@dataclass(frozen=True)
class Office:
    """A vault with people of every role, a living and a destroyed recording of each kind, and yesterday's."""

    today: RealVault
    yesterday: RealVault
    secrets: dict[str, str]
    living: dict[str, str]
    destroyed: dict[str, str]
    contents: dict[str, bytes]

    def mixed(self, folder: Path) -> RealVault:
        """Return yesterday's database and blobs beside today's slots."""
        known = self.yesterday.copied_to(folder)
        shutil.rmtree(folder / "slots")
        shutil.copytree(self.today.data / "slots", folder / "slots")
        return known


@pytest.fixture(scope="module")
def office(founded: RealVault, tmp_path_factory: pytest.TempPathFactory) -> Office:
    """Make it, once for all cells; nobody changes it."""
    folder = tmp_path_factory.mktemp("office")
    return asyncio.run(_made(founded.copied_to(folder / "today"), folder / "yesterday"))


async def _made(today: RealVault, yesterday: Path) -> Office:
    living: dict[str, str] = {}
    destroyed: dict[str, str] = {}
    contents: dict[str, bytes] = {}
    async with today.opened() as vault:
        dpo = await dana(vault, today.passphrase)
        secrets = await _secrets(today, vault, dpo)
        for kind in (OWN, THEIRS):
            for recordings in (living, destroyed):
                content = os.urandom(70_000)
                receipt = await today.upload(vault, content, own=kind == OWN)
                recordings[kind], contents[receipt.recording] = receipt.recording, content
    copy = today.copied_to(yesterday)
    async with today.opened() as vault:
        for recording in destroyed.values():
            await shred_by_instruction(vault, dpo, recording, reason="a test", instructed_by="acme")
    return Office(today, copy, secrets, living, destroyed, contents)


async def _secrets(known: RealVault, vault: Vault, dpo: Custodian) -> dict[str, str]:
    """Return what each of them keeps to themselves."""
    _, zenith = await add_customer(vault, CustomerName("zenith"), agreement="CT-1", by=SERVICE)
    added = {
        role: await add_person(vault, dpo, STAFF[role], of)
        for role, of in (
            ("another DPO", Role.DPO),
            ("tech manager", Role.TECH_MANAGER),
            ("manager", Role.MANAGER),
        )
    }
    return {
        "DPO": known.passphrase,
        **{role: passphrase.reveal().decode() for role, passphrase in added.items()},
        "recovery": known.recovery.strip(),
        "customer": known.password,
        "another customer": zenith.reveal().decode(),
        "source": known.bearer,
        "hook": known.hook,
        "link": known.link,
    }


@pytest.fixture(scope="module")
def today(office: Office) -> Loot:
    """All disks of today."""
    return loot(office.today)


@pytest.fixture(scope="module")
def mixed(office: Office, tmp_path_factory: pytest.TempPathFactory) -> Loot:
    """Yesterday's database and blobs beside today's slots."""
    return loot(office.mixed(tmp_path_factory.mktemp("mixed") / "vault"))


@pytest.mark.parametrize("role", TABLE)
def test_what_a_secret_decrypts(office: Office, today: Loot, mixed: Loot, role: str) -> None:
    """Each role's secret decrypts its cells of the table and no other, today and in yesterday's copy."""
    assert mixed.locked == today.locked, "else it would have to be tried on both"
    identities = today.reached(office.secrets[role])

    allowed = {office.living[kind]: office.contents[office.living[kind]] for kind in TABLE[role]}
    assert today.opened(identities) == allowed
    assert mixed.opened(identities) == allowed


def test_nothing_destroyed_is_left_to_try(office: Office, today: Loot, mixed: Loot) -> None:
    """Of a destroyed recording neither today's nor yesterday's database has a header that its slot opens."""
    assert set(today.files) == set(mixed.files) == set(office.living.values())


def test_the_trial_is_in_earnest(office: Office) -> None:
    """With yesterday's slots too this opens what was destroyed since: it is the slots that end it."""
    before = loot(office.yesterday)

    opened = before.opened(before.reached(office.secrets["DPO"]))

    assert opened == office.contents


@pytest.mark.parametrize("role", STAFF)
async def test_what_the_vault_answers_is_the_table(office: Office, role: str, tmp_path: Path) -> None:
    """Asked politely, the vault gives each of the staff what their key opens and refuses the rest."""
    known = office.today.copied_to(tmp_path / "vault")
    async with known.opened() as vault:
        passphrase = Secret(office.secrets[role].encode())
        person = await unlock_staff(vault, StaffName(STAFF[role]), passphrase, by=SERVICE)
        for kind, recording in office.living.items():
            assert await answer(vault, person, recording) == (
                office.contents[recording] if kind in TABLE[role] else AccessDenied
            )
        for recording in office.destroyed.values():
            assert await answer(vault, person, recording) is Collected


async def answer(vault: Vault, person: Custodian, recording: str) -> bytes | type[Exception]:
    """Return the plaintext, or what kind of refusal came."""
    try:
        opened = await open_as_staff(vault, person, RecordingId(recording), reason="a test")
    except (AccessDenied, Collected) as error:
        return type(error)
    return b"".join([piece async for piece in opened.plaintext(0, opened.recording.bytes)])
