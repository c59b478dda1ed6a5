"""Vaults in this process, for what is measured below the doors, and the entries that fill them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter

from tests.harness.vaults import SOMEBODY, RealVault, found
from vault.domain.event import Action, AuditEvent
from vault.ports.log import Appended
from vault.ports.vault import Vault

MILLISECONDS = 1000


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


def event() -> AuditEvent:
    """Return an event as they usually are."""
    facts: dict[str, str | int | bool] = {"customer": "c-of-a-benchmark", "count": 100}
    return AuditEvent(Action.RECORDING_LISTED, SOMEBODY, facts=facts)


async def milliseconds(work: Callable[[], Awaitable[object]]) -> float:
    """Return how long one call took."""
    begun = perf_counter()
    await work()
    return (perf_counter() - begun) * MILLISECONDS
