"""Commands that a person of the staff must prove to be: `--as` says who, the passphrase proves it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import TypeVar

from keys.passwords import normalise
from vault.domain.event import Actor
from vault.domain.names import StaffName, parse_name
from vault.domain.staff import Role
from vault.entrypoints.cli.exits import WrongUsage
from vault.entrypoints.cli.invocation import Invocation
from vault.entrypoints.cli.opening import in_vault
from vault.entrypoints.cli.passwords import read_password, text_of
from vault.ports.vault import Vault
from vault.usecases.unlock_staff import Custodian, unlock_staff

Answer = TypeVar("Answer")


def as_custodian(
    run: Invocation,
    password_file: str | None,
    use: Callable[[Vault, Custodian], Awaitable[Answer]],
    roles: Collection[Role] = tuple(Role),
) -> Answer:
    """Return what `use` returns, given the open vault and the person whom `--as` names.

    Raise `WrongUsage` without `--as`, `AccessDenied` alike for a wrong name and a wrong passphrase: until it
    fits, who sits there is the operating system's user, and so the log has it.
    """
    if run.options.staff is None:
        raise WrongUsage("say who you are: --as NAME, of the staff")
    return as_person(run, StaffName(parse_name(run.options.staff)), password_file, use, roles)


def as_person(
    run: Invocation,
    name: StaffName,
    password_file: str | None,
    use: Callable[[Vault, Custodian], Awaitable[Answer]],
    roles: Collection[Role] = tuple(Role),
) -> Answer:
    """Do as `as_custodian`, for a person who is named otherwise."""
    passphrase = normalise(text_of(read_password(f"passphrase of {name}", password_file, run.environ)))

    async def _unlocked(vault: Vault, by: Actor) -> Answer:
        return await use(vault, await unlock_staff(vault, name, passphrase, by=by, roles=roles))

    return asyncio.run(in_vault(run.settings(), None, _unlocked))
