"""The real service, and people of the staff who work from a machine elsewhere."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keys.age import HybridIdentity
from tests.entrypoints.cli.conftest import Done, Shell
from tests.harness.service import Service, serving
from tests.harness.staff import add_person, dana
from tests.harness.vaults import RealVault
from vault.domain.names import StaffName
from vault.domain.staff import Role
from vault.usecases.add_staff import add_staff
from vault.usecases.issue_grant import issue_grant

SOUND = os.urandom(1000) * 3000  # three pieces and a bit, which nothing compresses or repeats by chance
REASON = "complaint 12"


@dataclass(frozen=True)
class People:
    """The service, and a machine elsewhere from which its staff works."""

    service: Service
    elsewhere: Path
    passphrases: dict[str, str]
    identity: HybridIdentity
    manager: HybridIdentity
    theirs: str
    own: str
    grant: str
    manager_grant: str

    @property
    def identity_file(self) -> Path:
        """The DPO olga's. The manager ida keeps one, too."""
        return self.file_of("olga")

    def file_of(self, name: str) -> Path:
        """Return where somebody's identity file lies, if they keep one."""
        return self.elsewhere / f"{name}.txt"

    def run(self, name: str, *words: str, url: str | None = None) -> Done:
        """Run a command from elsewhere as that person."""
        shell = Shell(self.elsewhere / "no-vault-here")
        given = ("--server", url or self.service.url, "--as", name, *words)
        if self.file_of(name).exists():
            return shell.run(*given, "--identity", str(self.file_of(name)))
        return shell.run(*given, "--password-file", "-", stdin=f"{self.passphrases.get(name, 'wrong')}\n")

    def json(self, name: str, *words: str) -> Any:  # noqa: ANN401 - JSON is of any type
        """Return what a command answers that must succeed."""
        done = self.run(name, *words, "--format", "json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def actions(self, action: str) -> list[dict[str, Any]]:
        """Return the entries of an action, oldest first, as the vault's own machine tells them."""
        listed = self.service.command(
            "audit", "list", "--action", action, "--format", "json", "--limit", "1000"
        )
        entries: list[dict[str, Any]] = json.loads(listed)
        return entries[::-1]


async def _fill(known: RealVault, olga: HybridIdentity, ida: HybridIdentity) -> dict[str, Any]:
    """Add people, recordings and grants; return what is known of them, by the fields of `People`."""
    async with known.opened() as vault:
        boss = await dana(vault, known.passphrase)
        await add_staff(vault, boss, StaffName("olga"), Role.DPO, recipient=olga.recipient)
        await add_staff(vault, boss, StaffName("ida"), Role.MANAGER, recipient=ida.recipient)
        people = {"tim": Role.TECH_MANAGER, "mia": Role.MANAGER}
        given = {name: await add_person(vault, boss, name, role) for name, role in people.items()}
        theirs = (await known.upload(vault, SOUND)).recording
        own = (await known.upload(vault, SOUND, own=True)).recording
        boss = await dana(vault, known.passphrase)
        grants = [
            (await issue_grant(vault, boss, own, StaffName(name), reason=REASON, uses=9))[1]
            for name in ("mia", "ida")
        ]
    grant, manager_grant = (each.reveal().decode() for each in grants)
    passphrases = {"dana": known.passphrase, **{name: each.reveal().decode() for name, each in given.items()}}
    facts = {"passphrases": passphrases, "theirs": theirs, "own": own}
    return {**facts, "identity": olga, "manager": ida, "grant": grant, "manager_grant": manager_grant}


@contextmanager
def working(known: RealVault, elsewhere: Path) -> Iterator[People]:
    """Fill the vault with people and recordings, and serve it."""
    facts = asyncio.run(_fill(known, HybridIdentity.generate(), HybridIdentity.generate()))
    with serving(known) as service:
        found = People(service, elsewhere, **facts)
        for name, identity in (("olga", found.identity), ("ida", found.manager)):
            found.file_of(name).write_bytes(identity.encode().reveal() + b"\n")
            found.file_of(name).chmod(0o600)
        yield found
