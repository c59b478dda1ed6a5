"""Vaults in this process, for what is measured below the doors, and the entries that fill them."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from time import perf_counter

from tests.harness.vaults import SOMEBODY, RealVault, found
from vault.domain.event import Action, AuditEvent
from vault.ports.log import Appended
from vault.ports.vault import Vault

ENTRIES_PER_COMMIT = 5000
MILLISECONDS = 1000


@contextmanager
def new_vaults() -> Iterator[Callable[[Path], RealVault]]:
    """Yield who founds vaults: on SQLite, or with DATABASE=postgresql on a server that syncs its commits."""
    if os.environ.get("DATABASE") != "postgresql":
        yield found
        return
    from tests.harness.postgres import running  # noqa: PLC0415 - needs the driver
    from tests.harness.postgres_vaults import found_on  # noqa: PLC0415 - as above

    with running(durable=True) as server:
        yield lambda folder: found_on(server, folder)


@asynccontextmanager
async def vault_in(folder: Path, known: RealVault | None = None) -> AsyncIterator[tuple[Vault, RealVault]]:
    """Open a vault without a service around it."""
    known = known or found(folder)
    async with known.opened() as vault:
        yield vault, known


async def append_many(vault: Vault, count: int) -> Sequence[Appended]:
    """Append so many entries in one unit of work: the vault's own code, one commit."""
    async with vault.unit_of_work() as work:
        appended = [await work.log.append(event()) for _ in range(count)]
        await work.commit()
    return appended


async def fill_log(vault: Vault, size: int) -> None:
    """Append until the log has that many entries."""
    async with vault.reading() as rows:
        left = size - await rows.events.size()
    while left > 0:
        left -= len(await append_many(vault, min(ENTRIES_PER_COMMIT, left)))


def event() -> AuditEvent:
    """Return an event as they usually are."""
    facts: dict[str, str | int | bool] = {"customer": "c-of-a-benchmark", "count": 100}
    return AuditEvent(Action.RECORDING_LISTED, SOMEBODY, facts=facts)


async def milliseconds(work: Callable[[], Awaitable[object]]) -> float:
    """Return how long one call took."""
    begun = perf_counter()
    await work()
    return (perf_counter() - begun) * MILLISECONDS
