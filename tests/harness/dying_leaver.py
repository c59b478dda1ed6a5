"""A process that lets somebody leave, and dies at a given step.

Started by `test_who_left_opens_nothing`, never by the product: `python -m tests.harness.dying_leaver`. See
`dying`, by whose steps it goes.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import traceback
from pathlib import Path

from keys.age import HybridIdentity
from tests.harness.dying import Steps, say
from tests.harness.vaults import RealVault
from vault.app.opening import open_vault
from vault.db.connection import AsyncConnection
from vault.domain.event import SERVICE
from vault.domain.names import StaffName
from vault.store.slots import ThreadedSlots
from vault.usecases.remove_staff import remove_staff
from vault.usecases.renew_seals import renew_seals
from vault.usecases.unlock_staff import unlock_staff


async def leave_and_die(order: str) -> None:
    """Remove dina and finish what that takes, with a step around everything durable."""
    orders = json.loads(order)
    given = orders["vault"]
    environment = tuple((name, value) for name, value in given["environment"])
    known = RealVault(**{**given, "data": Path(given["data"]), "environment": environment})
    async with open_vault(known.settings) as vault:
        identity = HybridIdentity.parse(orders["identity"])
        dpo = await unlock_staff(vault, StaffName("nina"), identity, by=SERVICE)
        steps = Steps(orders["die_at"])
        steps.around(AsyncConnection, "commit")
        steps.around(ThreadedSlots, "destroy")
        steps.within_the_overwriting()
        await remove_staff(vault, dpo, StaffName("dina"))
        await renew_seals(vault, dpo)


def carry_out(order: str) -> int:
    """Carry out one order in a fork; return how that ended, as `subprocess` tells it."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            asyncio.run(leave_and_die(order))
            code = 0
        except BaseException:  # noqa: BLE001 - whatever it is, the fork must not go on as its parent
            traceback.print_exc()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


if __name__ == "__main__":
    for line in sys.stdin:
        say(f"ended {carry_out(line)}")
