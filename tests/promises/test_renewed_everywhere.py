"""Keys are renewed on every kind of database: the new ones open all that waits, the old ones nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.harness.staff import custodian, dana
from tests.harness.vaults import RealVault, sha256
from vault.domain.names import CustomerName, Sha256
from vault.domain.staff import Group, Role
from vault.errors import AccessDenied
from vault.usecases.confirm_receipt import ReceiptState, confirm_receipt
from vault.usecases.list_renewals import list_renewals
from vault.usecases.open_as_staff import open_as_staff
from vault.usecases.open_recording import open_recording
from vault.usecases.renew_seals import renew_seals
from vault.usecases.rotate_customer import rotate_customer
from vault.usecases.rotate_keys import rotate_keys
from vault.usecases.unlock_staff import reopened
from vault.usecases.verify_log import verify_log

SOUND = b"RIFF sound"


async def test_every_kind_of_key_is_renewed(any_vault: RealVault) -> None:
    """Both groups' keys and a customer's are rotated; headers and locks follow, and the log holds."""
    async with any_vault.opened() as vault:
        theirs = (await any_vault.upload(vault, SOUND)).recording
        own = (await any_vault.upload(vault, SOUND, own=True)).recording
        boss = await dana(vault, any_vault.passphrase)
        tom = await custodian(vault, boss, "tom", Role.TECH_MANAGER)

        await rotate_keys(vault, boss, Group.DPO_OFFICE)
        renewed = await reopened(vault, boss)
        await rotate_keys(vault, renewed, Group.TECH_MANAGERS)
        password = (await rotate_customer(vault, renewed, CustomerName("acme"))).reveal().decode()
        done = await renew_seals(vault, renewed)

        assert [each.recordings_done for each in done] == [2, 2, 1]
        assert all(each.locks_done for each in done[:2])
        assert await list_renewals(vault) == []
        for who, recording in ((boss, theirs), (boss, own), (tom, theirs)):
            with pytest.raises(AccessDenied):
                await open_as_staff(vault, who, recording, reason="the old key")
            opened = await open_as_staff(vault, await reopened(vault, who), recording, reason="the new key")
            assert b"".join([piece async for piece in opened.plaintext(0, len(SOUND))]) == SOUND
        with pytest.raises(AccessDenied):
            await any_vault.visit(vault)
        visitor = await replace(any_vault, password=password).visit(vault)
        await open_recording(vault, visitor, theirs)
        assert (
            await confirm_receipt(vault, visitor, theirs, Sha256(sha256(SOUND)))
        ).state is ReceiptState.SHREDDED
        assert (await verify_log(vault)).findings == []
