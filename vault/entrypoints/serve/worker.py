"""A worker: one process that answers at the socket it was given. Started by the supervisor alone."""

from __future__ import annotations

import asyncio
import os
import resource
import socket
import sys

import structlog
import uvloop

from keys.errors import KeysError
from vault.app.opening import open_vault
from vault.entrypoints.http.app import create_app
from vault.entrypoints.http.connection import Door
from vault.entrypoints.http.logging import set_up_logging
from vault.entrypoints.serve.handover import ACCEPTING, Order
from vault.entrypoints.serve.housekeeping import WORKER_CHORES, do_once, keep_house
from vault.entrypoints.serve.listening import tls_context
from vault.entrypoints.serve.stopping import StopWish, stop_wish
from vault.errors import VaultError

log = structlog.get_logger("callvault.worker")


def main() -> int:
    """Read the order, answer until told to stop; return the exit code."""
    set_up_logging()
    order = Order.read(sys.stdin.buffer)
    _allow_many_connections()
    try:
        uvloop.run(_work(order))
    except (VaultError, KeysError) as error:
        log.error("the worker can't run", code=error.code, why=str(error))  # noqa: TRY400 - it says why
        return 1
    return 0


async def _work(order: Order) -> None:
    settings = order.settings
    with stop_wish(at_once=lambda: os._exit(1)) as stop:
        _watch_supervisor(stop)
        async with open_vault(settings) as vault:
            door = Door(create_app(vault, settings))
            await door.open(socket.socket(fileno=order.listener), tls_context(settings.http))
            os.write(sys.stdout.fileno(), ACCEPTING)
            chores = asyncio.create_task(keep_house(vault, WORKER_CHORES))
            await stop.wait()
            chores.cancel()
            if not await door.close(settings.limits.shutdown_seconds):
                log.warning("requests were cut off at shutdown")
            for chore in WORKER_CHORES:
                await do_once(vault, chore)


def _watch_supervisor(stop: StopWish) -> None:
    """Stop when the pipe from the supervisor ends: it has died, and nobody would restart or stop this."""
    loop, pipe = asyncio.get_running_loop(), sys.stdin.fileno()

    def at_end() -> None:
        if not os.read(pipe, 4096):
            loop.remove_reader(pipe)
            stop()

    loop.add_reader(pipe, at_end)


def _allow_many_connections() -> None:
    """Take as many file descriptors as the system lets this process have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


if __name__ == "__main__":
    sys.exit(main())
