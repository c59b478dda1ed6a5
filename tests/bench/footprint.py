"""What a service takes and leaves behind: memory, lines on standard error, database, entries of the log."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from tests.harness.processes import memory_bytes
from tests.harness.service import Service


@dataclass(frozen=True, slots=True)
class Footprint:
    """Bytes and entries, of all workers together. The database is SQLite's files with its journal."""

    memory_bytes: int = 0
    told_bytes: int = 0
    database_bytes: int = 0
    entries: int = 0

    def grown(self, before: Footprint, after: Footprint) -> Footprint:
        """Return it with what was added in between."""
        return Footprint(
            self.memory_bytes + after.memory_bytes - before.memory_bytes,
            self.told_bytes + after.told_bytes - before.told_bytes,
            self.database_bytes + after.database_bytes - before.database_bytes,
            self.entries + after.entries - before.entries,
        )


def footprint(service: Service) -> Footprint:
    """Return what a service takes now."""
    return Footprint(
        memory_bytes=sum(memory_bytes(pid, "VmRSS") for pid in service.worker_pids),
        told_bytes=service.log_file.stat().st_size,
        database_bytes=sum(file.stat().st_size for file in service.known.data.glob("vault.sqlite*")),
        entries=asyncio.run(_entries(service)),
    )


async def _entries(service: Service) -> int:
    async with service.beside() as vault, vault.reading() as rows:
        return await rows.events.size()
