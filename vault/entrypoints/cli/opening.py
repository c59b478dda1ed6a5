"""Open the vault for one command, and find out who acts."""

from __future__ import annotations

import os
import pwd
from collections.abc import Awaitable, Callable
from typing import TypeVar

from vault.app.opening import open_vault
from vault.config import Settings
from vault.domain.event import Actor, Channel
from vault.domain.names import StaffName, parse_name
from vault.errors import NotFound
from vault.ports.vault import Vault
from vault.usecases.look_up import look_up_staff, system_actor_id

Answer = TypeVar("Answer")


async def in_vault(
    settings: Settings, staff: str | None, use: Callable[[Vault, Actor], Awaitable[Answer]]
) -> Answer:
    """Return what `use` returns, given the open vault and the actor."""
    async with open_vault(settings) as vault:
        return await use(vault, await acting(vault, staff))


async def acting(vault: Vault, staff: str | None) -> Actor:
    """Return the member of staff of that name, or without one the operating system's user.

    Raise `NotFound` for a name that nobody of the staff has. This names, it proves nothing: what needs
    proof asks for a passphrase. The entry says by whose word it is, by opaque id; its details by name.
    """
    name = system_user()
    system_id = system_actor_id(vault, name)
    if staff is None:
        return Actor(system_id, name, Channel.CLI)
    member = await look_up_staff(vault, StaffName(parse_name(staff)))
    if member is None or member.removed_at is not None:
        raise NotFound(f"nobody of the staff is called {staff}")
    claimed = f"said by {name} of this machine, without proof"
    return Actor(f"staff:{member.id}", member.name, Channel.CLI, claimed, system_id)


def system_user() -> str:
    """Return the user this process runs as. The environment is not asked: anybody can set it."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"uid {os.geteuid()}"
