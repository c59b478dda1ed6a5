"""People of the staff, added to any vault by its first DPO."""

from __future__ import annotations

from keys.secret import Secret
from vault.domain.event import SERVICE
from vault.domain.names import StaffName
from vault.domain.staff import Role
from vault.ports.vault import Vault
from vault.usecases.add_staff import add_staff
from vault.usecases.unlock_staff import Custodian, unlock_staff

_DANA = StaffName("dana")


async def dana(vault: Vault, passphrase: Secret | str) -> Custodian:
    """Return the first DPO, unlocked."""
    given = passphrase if isinstance(passphrase, Secret) else Secret(passphrase.encode())
    return await unlock_staff(vault, _DANA, given, by=SERVICE)


async def add_person(vault: Vault, dpo: Custodian, name: str, role: Role) -> Secret:
    """Add somebody; return the passphrase."""
    _, passphrase = await add_staff(vault, dpo, StaffName(name), role)
    assert passphrase is not None, "who brings no identity file gets a passphrase"
    return passphrase


async def custodian(vault: Vault, dpo: Custodian, name: str, role: Role) -> Custodian:
    """Add somebody and unlock them."""
    passphrase = await add_person(vault, dpo, name, role)
    return await unlock_staff(vault, StaffName(name), passphrase, by=SERVICE)
