"""People come and go: whoever left opens nothing, whoever stays everything, wherever the work was cut off.

As in `test_who_may_open_what` no permission is asked: each secret is tried on every lock, with every disk.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from keys.age import HybridIdentity
from tests.harness.chance import dice, from_environment
from tests.harness.dying_work import Dying, dying_process
from tests.harness.loot import loot
from tests.harness.staff import add_person, dana
from tests.harness.vaults import RealVault
from vault.domain.event import SERVICE
from vault.domain.names import StaffName
from vault.domain.staff import Role
from vault.ports.vault import Vault
from vault.usecases.add_staff import add_staff
from vault.usecases.list_renewals import list_renewals
from vault.usecases.remove_staff import remove_staff
from vault.usecases.renew_seals import renew_seals
from vault.usecases.unlock_staff import Custodian, unlock_staff
from vault.usecases.verify_log import verify_log

RECORDINGS = 3
KILLS = from_environment("CALLVAULT_TEST_LEAVING_KILLS", 8)
"""At how many steps, drawn by chance, the work is killed; there are some forty."""
COMMITS = 5
"""Leaving, two batches of locks, one of recordings and the end of the old key: each is a commit at least."""
LEAVERS = {"dora": Role.DPO, "dina": Role.DPO, "tina": Role.TECH_MANAGER}


@dataclass(frozen=True)
class Staffed:
    """A vault with recordings and people who are to leave; dina, and nina who stays, keep identity files."""

    known: RealVault
    secrets: dict[str, str]
    contents: dict[str, bytes]
    customers: set[str]

    @property
    def theirs(self) -> dict[str, bytes]:
        """What the customer and the tech managers open."""
        return {name: content for name, content in self.contents.items() if name in self.customers}


@pytest.fixture(scope="module")
def staffed(founded: RealVault, tmp_path_factory: pytest.TempPathFactory) -> Staffed:
    """Make it, once; every test works on a copy."""
    return asyncio.run(_made(founded.copied_to(tmp_path_factory.mktemp("staffed") / "vault")))


async def _made(known: RealVault) -> Staffed:
    async with known.opened() as vault:
        dpo = await dana(vault, known.passphrase)
        secrets = {"dana": known.passphrase, "recovery": known.recovery.strip(), "customer": known.password}
        for name, role in (("dora", Role.DPO), ("tina", Role.TECH_MANAGER), ("tom", Role.TECH_MANAGER)):
            secrets[name] = (await add_person(vault, dpo, name, role)).reveal().decode()
        for name in ("dina", "nina"):
            file = HybridIdentity.generate()
            await add_staff(vault, dpo, StaffName(name), Role.DPO, recipient=file.recipient)
            secrets[name] = file.encode().reveal().decode()
        contents: dict[str, bytes] = {}
        customers: set[str] = set()
        for number in range(RECORDINGS):
            content = os.urandom(1000)
            receipt = await known.upload(vault, content, name=f"{number}.wav", own=number == 0)
            contents[receipt.recording] = content
            customers |= {receipt.recording} if number else set()
    return Staffed(known, secrets, contents, customers)


async def nina(vault: Vault, staffed: Staffed) -> Custodian:
    """Return the DPO who stays and costs no Argon2."""
    identity = HybridIdentity.parse(staffed.secrets["nina"])
    return await unlock_staff(vault, StaffName("nina"), identity, by=SERVICE)


async def left(known: RealVault, staffed: Staffed, *names: str) -> None:
    """Let people leave, and finish what that takes."""
    async with known.opened() as vault:
        for name in names:
            dpo = await nina(vault, staffed)
            await remove_staff(vault, dpo, StaffName(name))
            await renew_seals(vault, dpo)


def mixed(database_of: RealVault, slots_of: RealVault, folder: Path) -> RealVault:
    """Return one copy's database and blobs beside another's slots."""
    made = database_of.copied_to(folder)
    shutil.rmtree(folder / "slots")
    shutil.copytree(slots_of.data / "slots", folder / "slots")
    return made


def opened(known: RealVault, secret: str) -> dict[str, bytes]:
    """Return what a secret opens, with all that lies in the vault's folder."""
    taken = loot(known)
    return taken.opened(taken.reached(secret))


@pytest.mark.parametrize("leaver", LEAVERS)
async def test_who_left_opens_nothing(staffed: Staffed, tmp_path: Path, leaver: str) -> None:
    """By passphrase or identity file: nothing of today, nothing of yesterday's copy beside today's slots."""
    today = staffed.known.copied_to(tmp_path / "today")
    assert opened(today, staffed.secrets[leaver]), "else there was nothing to lose"
    await left(today, staffed, leaver)

    assert opened(today, staffed.secrets[leaver]) == {}
    assert opened(mixed(staffed.known, today, tmp_path / "mixed"), staffed.secrets[leaver]) == {}


async def test_who_stays_opens_everything(staffed: Staffed, tmp_path: Path) -> None:
    """When three have left, one after the other, the others open by their secrets what they opened before."""
    today = staffed.known.copied_to(tmp_path / "today")
    await left(today, staffed, *LEAVERS)

    for name in ("dana", "nina", "recovery"):
        assert opened(today, staffed.secrets[name]) == staffed.contents
    for name in ("tom", "customer"):
        assert opened(today, staffed.secrets[name]) == staffed.theirs
    copy = mixed(staffed.known, today, tmp_path / "mixed")
    assert [opened(copy, staffed.secrets[name]) for name in ("nina", "recovery")] == [{}] * 2


@pytest.fixture(scope="module")
def dying() -> Iterator[Dying]:
    """A process whose forks let dina leave, and die."""
    with dying_process("tests.harness.dying_leaver") as process:
        yield process


async def go_on(vault: Vault, staffed: Staffed) -> None:
    """Do what a DPO would: the same command again, whatever had been done."""
    dpo = await nina(vault, staffed)
    async with vault.reading() as rows:
        dina = await rows.staff.get(StaffName("dina"))
    assert dina is not None
    if dina.removed_at is None:
        await remove_staff(vault, dpo, dina.name)
    await renew_seals(vault, dpo)


async def test_a_kill_at_any_step_is_finished(dying: Dying, staffed: Staffed, tmp_path: Path) -> None:
    """Killed at a step, the work is finished by whoever goes on: dina opens nothing, the others all."""
    secrets, before = staffed.secrets, staffed.known
    steps = dying.run(before.copied_to(tmp_path / "whole"), secrets["nina"], "")
    assert sum(step.startswith("after commit") for step in steps) >= COMMITS
    for step in dice().sample(steps, min(KILLS, len(steps))):
        today = before.copied_to(tmp_path / step)
        passed = await asyncio.to_thread(dying.run, today, secrets["nina"], step)
        assert passed[-1] == step
        async with today.opened() as vault:
            await go_on(vault, staffed)
            assert await list_renewals(vault) == []
            assert (await verify_log(vault)).findings == [], step

        assert opened(today, secrets["dina"]) == {}, step
        assert opened(today, secrets["recovery"]) == staffed.contents, step
        assert opened(mixed(before, today, tmp_path / f"{step} mixed"), secrets["dina"]) == {}, step
