"""The supervisor: binds the socket, mends what a crash left, starts workers, keeps house, ends cleanly."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import msgspec
import structlog
import uvloop

from keys.custody import open_custody
from vault.app.opening import open_vault
from vault.config import Settings
from vault.entrypoints.http.app import create_operator_app
from vault.entrypoints.http.connection import Door, require_c_parser
from vault.entrypoints.http.logging import set_up_logging
from vault.entrypoints.serve.crew import Crew
from vault.entrypoints.serve.housekeeping import SUPERVISOR_CHORES, keep_house
from vault.entrypoints.serve.listening import Listener, bind_http, bind_operator, tls_context
from vault.entrypoints.serve.stopping import stop_wish
from vault.errors import StoreUnavailable
from vault.ports.vault import Vault
from vault.usecases.examine_places import examine_places
from vault.usecases.recover import recover

log = structlog.get_logger("callvault.supervisor")

_OPERATOR_CLOSING_SECONDS = 2.0

Announce = Callable[[str], None]


def serve(
    settings: Settings, *, host: str | None = None, port: int | None = None, workers: int | None = None
) -> int:
    """Serve until told to stop; return the exit code. What is given here goes before the settings.

    Raise `ConfigInvalid` for a door that must not or can't open, and whatever opening the vault raises.
    """
    given = {"host": host, "port": port, "workers": workers}
    http = msgspec.structs.replace(
        settings.http, **{name: value for name, value in given.items() if value is not None}
    )
    set_up_logging()
    uvloop.run(_serve(msgspec.structs.replace(settings, http=http), _announce))
    return 0


async def _serve(settings: Settings, announce: Announce) -> None:
    """Open nothing before the vault is mended; close everything before the vault is."""
    require_c_parser()
    tls_context(settings.http)
    listener = bind_http(settings.http)
    with listener.socket:
        crew = Crew(settings, listener)
        with stop_wish(at_once=lambda: _end_at_once(crew)) as stop:
            async with open_vault(settings) as vault:
                await _recover(vault)
                await _examine_places(vault, settings)
                async with _operator_door(vault, settings, announce), _crew_at_work(crew, settings):
                    announce(f"http  {listener.url}  accepting")
                    async with _house_kept(vault):
                        await stop.wait()
                    # Or the kernel would go on taking connections, which nobody answers any more.
                    listener.socket.close()


async def _recover(vault: Vault) -> None:
    """Mend what a crash left; tell of what can't be mended, or should not be."""
    recovery = await recover(vault)
    if recovery.doubtful:
        log.error(
            "the database was changed by hand: what it says is to be destroyed was left alone",
            count=len(recovery.doubtful),
            first=recovery.doubtful[0],
        )
    for damage in recovery.damage:
        log.error("slots are damaged", what=damage)


async def _examine_places(vault: Vault, settings: Settings) -> None:
    """Refuse to start with a store that is not fit; with one that is away, start: keys can be destroyed."""
    custody = await asyncio.to_thread(open_custody, settings.custody.url)
    try:
        await examine_places(
            vault,
            regions=settings.residency.regions,
            exception=settings.residency.exception_reason,
            root_key_region=await asyncio.to_thread(lambda: custody.region),
        )
    except StoreUnavailable as error:
        log.warning("the blob store can't be examined now", code=error.code, why=str(error))


@asynccontextmanager
async def _crew_at_work(crew: Crew, settings: Settings) -> AsyncIterator[None]:
    try:
        await crew.start(settings.http.workers)
        yield
    except BaseException:
        await crew.kill()
        raise
    await crew.stop()


@asynccontextmanager
async def _house_kept(vault: Vault) -> AsyncIterator[None]:
    chores = asyncio.create_task(keep_house(vault, SUPERVISOR_CHORES))
    try:
        yield
    finally:
        chores.cancel()
        with suppress(asyncio.CancelledError):
            await chores


@asynccontextmanager
async def _operator_door(vault: Vault, settings: Settings, announce: Announce) -> AsyncIterator[None]:
    """Open the operator's door, if one is configured: in this process, which outlives every worker."""
    if settings.http.operator_listen is None:
        yield
        return
    listener: Listener = bind_operator(settings.http.operator_listen)
    door = Door(create_operator_app(vault, settings))
    await door.open(listener.socket)
    announce(f"operator  {listener.url}  accepting")
    try:
        yield
    finally:
        await door.close(_OPERATOR_CLOSING_SECONDS)


def _end_at_once(crew: Crew) -> None:
    crew.kill_now()
    os._exit(1)


def _announce(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - said to whoever started the service
