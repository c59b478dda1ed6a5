"""Grants of the vault at `--server`, approved by the key of whoever sits here."""

from __future__ import annotations

from typing import cast

import msgspec

from vault.entrypoints.cli.invocation import Invocation
from vault.entrypoints.cli.remote import asked_at, at_server, with_times
from vault.entrypoints.client.staff import Desk
from vault.entrypoints.client.staff_granted import proof_of_approval
from vault.entrypoints.staff.grants import APPROVE
from vault.entrypoints.staff.row import Row


def approve_there(run: Invocation, grant: str) -> Row:
    """Approve a grant, as whom `--as` names; an identity file answers here what the grant asks."""

    async def _approve(desk: Desk) -> object:
        asked = msgspec.convert(await proof_of_approval(desk, grant), APPROVE.asked)
        return await asked_at(desk, APPROVE, asked)

    return cast("Row", with_times(at_server(run, _approve)))
