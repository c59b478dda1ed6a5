"""A process that collects a recording, or mends what is left of that, and dies at a given step.

Started by `test_shred_survives_kills`, never by the product: `python -m tests.harness.dying`. Every line of
its standard input is an order in JSON, which a fork of it carries out: importing everything for each would
take longer than the test. On standard output it says every step that is passed, and how the fork ended. The
steps are set around the adapters' own methods in that fork alone.
"""

from __future__ import annotations

import asyncio
import functools
import json
import os
import signal
import sys
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from keys.durable import write_all
from keys.slots import folder
from tests.harness.vaults import RealVault
from vault.app.opening import open_vault
from vault.db.connection import AsyncConnection
from vault.domain.names import RecordingId, Sha256
from vault.store.filesystem import FilesystemBlobs
from vault.store.slots import ThreadedSlots
from vault.usecases.confirm_receipt import confirm_receipt
from vault.usecases.delete_blobs import delete_queued_blobs
from vault.usecases.recover import recover

Method = Callable[..., Awaitable[Any]]


class Steps:
    """Counts steps of each name; dies at the one it was told."""

    def __init__(self, die_at: str) -> None:
        self._die_at = die_at
        self._passed: dict[str, int] = {}

    def take(self, name: str) -> None:
        """Pass a step, or end here as if the power went."""
        self._passed[name] = self._passed.get(name, 0) + 1
        step = f"{name} {self._passed[name]}"
        say(step)
        if step == self._die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, owner: type, method: str) -> None:
        """Set a step before and after an adapter's method."""
        real: Method = getattr(owner, method)

        @functools.wraps(real)
        async def stepped(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - whatever the method takes
            self.take(f"before {method}")
            answer = await real(*args, **kwargs)
            self.take(f"after {method}")
            return answer

        setattr(owner, method, stepped)

    def within_the_overwriting(self) -> None:
        """Set a step between a slot's overwriting and its sync."""
        real = write_all

        def stepped(fd: int, content: bytes, *, offset: int) -> None:
            real(fd, content, offset=offset)
            if not any(content):
                self.take("overwritten, not synced")

        vars(folder)["write_all"] = stepped


async def collect_and_die(orders: dict[str, Any]) -> None:
    """Do what a receipt does, then what the house-keeping does, with a step around everything durable."""
    given = orders["vault"]
    environment = tuple((name, value) for name, value in given["environment"])
    known = RealVault(**{**given, "data": Path(given["data"]), "environment": environment})
    async with open_vault(known.settings) as vault:
        visitor = None if orders["mend"] else await known.visit(vault)
        steps = Steps(orders["die_at"])
        steps.around(AsyncConnection, "commit")
        steps.around(ThreadedSlots, "write_head")
        steps.around(ThreadedSlots, "destroy")
        steps.around(FilesystemBlobs, "delete")
        steps.within_the_overwriting()
        if visitor is None:
            await recover(vault)
        else:
            await confirm_receipt(vault, visitor, RecordingId(orders["recording"]), Sha256(orders["sha256"]))
        await delete_queued_blobs(vault)


def say(line: str) -> None:
    """Tell the test."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def carry_out(order: str) -> int:
    """Carry out one order in a fork; return how that ended, as `subprocess` tells it."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            asyncio.run(collect_and_die(json.loads(order)))
            code = 0
        except BaseException:  # noqa: BLE001 - whatever it is, the fork must not go on as its parent
            traceback.print_exc()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


if __name__ == "__main__":
    for line in sys.stdin:
        say(f"ended {carry_out(line)}")
