"""P7: the log: durable appends by 32 at once, verification, and proofs in a long log."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import uvloop

from tests.bench import servers
from tests.bench.table import Row, percentile, render
from tests.bench.vaults import append_many, fill_log, milliseconds, new_vaults
from tests.harness.vaults import RealVault
from vault.ports.vault import Vault
from vault.usecases.prove_entry import prove_entry
from vault.usecases.verify_log import verify_log

AT_ONCE = 32
PROOFS = 300
ROUNDS = 5


def measure(full: bool) -> str:  # noqa: FBT001 - every bench is asked so
    """Return the table."""
    size, verified, appends = (10_000_000, 1_000_000, 20_000) if full else (100_000, 100_000, 2_000)
    with servers.scratch() as folder, new_vaults() as found:
        known = found(folder / "vault")
        rows = uvloop.run(_measure(known, folder, verified, size, appends))
    return render(f"P7: the log; proofs at {size:,} entries", rows)


async def _measure(known: RealVault, folder: Path, verified: int, size: int, appends: int) -> list[Row]:
    async with known.opened() as vault:
        bare, ours = [], []
        for _ in range(ROUNDS):
            bare.append(commits(folder / "bare.db", appends // AT_ONCE))
            ours.append(await _append_at_once(vault, appends))
        await fill_log(vault, verified)
        checked = await _verify(vault)
        await fill_log(vault, size)
        draw = random.Random(size)  # noqa: S311 - the same entries every time
        proofs = [await milliseconds(lambda: prove_entry(vault, draw.randrange(size))) for _ in range(PROOFS)]
    note = "peer: a bare SQLite loop, one row a commit, synchronous=FULL"
    return [
        Row("append, 32 at once", "entries/s", _median(ours), _median(bare), ">= 2,000", note=note),
        Row(f"verify {verified:,}", "entries/s per core", checked, None, ">= 100,000"),
        Row("prove, p50", "ms", percentile(proofs, 50), None, "< 5"),
        Row("prove, p99", "ms", percentile(proofs, 99), None, ""),
    ]


async def _append_at_once(vault: Vault, count: int) -> float:
    """Return durable entries a second, each in a unit of work of its own."""

    async def append() -> None:
        for _ in range(count // AT_ONCE):
            await append_many(vault, 1)

    begun = time.perf_counter()
    await asyncio.gather(*(append() for _ in range(AT_ONCE)))
    return count / (time.perf_counter() - begun)


async def _verify(vault: Vault) -> float:
    """Return entries a second of processor time."""
    begun = time.process_time()
    verification = await verify_log(vault)
    if verification.findings:
        raise RuntimeError(verification.findings[0])
    return verification.size / (time.process_time() - begun)


def commits(path: Path, count: int) -> float:
    """Return how many rows a second a plain loop makes durable, each by a commit of its own."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute("CREATE TABLE IF NOT EXISTS entries (number INTEGER PRIMARY KEY, record BLOB)")
        begun = time.perf_counter()
        for _ in range(count):
            database.execute("INSERT INTO entries (record) VALUES (zeroblob(300))")
        return count / (time.perf_counter() - begun)


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]
