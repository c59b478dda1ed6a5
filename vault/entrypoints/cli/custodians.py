"""Commands that a person of the staff must prove to be: `--as` says who, the passphrase proves it.

Whoever keeps an identity file proves by `--identity FILE` instead.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import TypeVar

from keys.passwords import normalise
from vault.domain.event import Actor
from vault.domain.names import StaffName, parse_name
from vault.domain.staff import Role
from vault.entrypoints.cli.exits import WrongUsage
from vault.entrypoints.cli.identity_files import read_identity
from vault.entrypoints.cli.invocation import Invocation
from vault.entrypoints.cli.opening import in_vault
from vault.entrypoints.cli.passwords import read_password, text_of
from vault.entrypoints.staff.operation import Acting, Asked, Operation, StreamOperation
from vault.entrypoints.staff.operation import Answer as Rows
from vault.entrypoints.staff.row import Row
from vault.ports.vault import Vault
from vault.usecases.unlock_staff import Custodian, Proof, unlock_staff

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
    proof = proof_of(run, name, password_file)

    async def _unlocked(vault: Vault, by: Actor) -> Answer:
        return await use(vault, await unlock_staff(vault, name, proof, by=by, roles=roles))

    return asyncio.run(in_vault(run.settings(), None, _unlocked))


def ask_here(
    run: Invocation, operation: Operation[Asked, Rows], asked: Asked, password_file: str | None
) -> Rows:
    """Return what an operation answers at the vault's own machine, who asks being proven where it must be."""
    if not operation.proof:

        async def _as_named(vault: Vault, by: Actor) -> Rows:
            return await operation.answer(vault, Acting(by), asked)

        return run.in_vault(_as_named)

    async def _as_proven(vault: Vault, custodian: Custodian) -> Rows:
        return await operation.answer(vault, Acting(custodian.actor, custodian), asked)

    return as_custodian(run, password_file, _as_proven, operation.roles)


def follow_here(
    run: Invocation, operation: StreamOperation[Asked], asked: Asked, take: Callable[[Row], None]
) -> None:
    """Hand every row that an operation answers to `take`, at the vault's own machine."""

    async def _as_named(vault: Vault, by: Actor) -> None:
        async for row in operation.answer(vault, Acting(by), asked):
            take(row)

    run.in_vault(_as_named)


def proof_of(run: Invocation, name: StaffName, password_file: str | None) -> Proof:
    """Return what a person proves with: the identity of `--identity FILE`, or else the passphrase.

    Raise `WrongUsage` for both at once.
    """
    if run.options.identity is None:
        return normalise(text_of(read_password(f"passphrase of {name}", password_file, run.environ)))
    if password_file is not None:
        raise WrongUsage("prove by --identity or by --password-file, not by both")
    return read_identity(run.options.identity)
