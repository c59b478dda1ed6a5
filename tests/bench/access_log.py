"""P7: the log: durable appends by 32 at once, verification, and proofs in a long log."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import statistics
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import uvloop

from tests.bench import servers
from tests.bench.grounds import Ground, ground
from tests.bench.log_in_bulk import fill_log
from tests.bench.plan import Plan
from tests.bench.table import Row, percentile, render
from tests.bench.vaults import append_many, event, milliseconds
from tests.harness.vaults import RealVault
from vault.ports.vault import Vault
from vault.usecases.prove_entry import prove_entry
from vault.usecases.verify_log import verify_log

AT_ONCE = 32
PROOFS = 300
ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Sizes:
    """At how many entries proofs are made, how many are verified, how many are appended one by one."""

    proven: int
    verified: int
    appended: int


def measure(plan: Plan) -> str:
    """Return the table."""
    sizes = plan.pick(
        smoke=Sizes(10_000, 10_000, 320),
        standard=Sizes(100_000, 100_000, 2_000),
        full=Sizes(10_000_000, 1_000_000, 20_000),
    )
    with servers.scratch() as folder, ground(plan, folder) as here:
        known = here.found(folder / "vault")
        rows = uvloop.run(_measure(known, _peer(here, folder), sizes))
    return render(f"P7: the log; proofs at {sizes.proven:,} entries{plan.where}", rows)


@dataclass(frozen=True, slots=True)
class BareLoop:
    """A plain loop that makes rows durable, each by a commit of its own: what it is, and rows a second."""

    words: str
    rate: Callable[[int], float]


async def _measure(known: RealVault, peer: BareLoop, sizes: Sizes) -> list[Row]:
    async with known.opened() as vault:
        bare, ours = [], []
        for _ in range(ROUNDS):
            bare.append(peer.rate(sizes.appended // AT_ONCE))
            ours.append(await _append_at_once(vault, sizes.appended))
        await fill_log(vault, sizes.verified, event())
        checked = statistics.median([await _verify(vault) for _ in range(ROUNDS)])
        await fill_log(vault, sizes.proven, event())
        draw = random.Random(sizes.proven)  # noqa: S311 - the same entries every time
        proofs = [
            await milliseconds(lambda: prove_entry(vault, draw.randrange(sizes.proven)))
            for _ in range(PROOFS)
        ]
    return [
        Row(
            "append, 32 at once",
            "entries/s",
            statistics.median(ours),
            statistics.median(bare),
            ">= 2,000",
            note=f"in one process, each entry in a unit of work of its own, durable; peer: {peer.words}",
        ),
        Row(f"verify {sizes.verified:,}", "entries/s per core", checked, None, ">= 100,000"),
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


def _peer(here: Ground, folder: Path) -> BareLoop:
    if here.postgres is None:
        words = "a bare SQLite loop, one row a commit, synchronous=FULL"
        return BareLoop(words, lambda count: sqlite_commits(folder / "bare.db", count))
    url = here.postgres.url(here.postgres.create())
    words = "a bare loop of INSERT and COMMIT on the same server"
    return BareLoop(words, lambda count: postgresql_commits(url, count))


def sqlite_commits(path: Path, count: int) -> float:
    """Return rows a second of the loop on SQLite."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute("CREATE TABLE IF NOT EXISTS entries (number INTEGER PRIMARY KEY, record BLOB)")
        begun = time.perf_counter()
        for _ in range(count):
            database.execute("INSERT INTO entries (record) VALUES (zeroblob(300))")
        return count / (time.perf_counter() - begun)


def postgresql_commits(url: str, count: int) -> float:
    """Return rows a second of the loop on PostgreSQL."""
    import psycopg  # noqa: PLC0415 - only where there is PostgreSQL

    with psycopg.connect(url, autocommit=True) as database:
        database.execute("CREATE TABLE IF NOT EXISTS entries (number bigserial PRIMARY KEY, record bytea)")
        record = bytes(300)
        begun = time.perf_counter()
        for _ in range(count):
            database.execute("INSERT INTO entries (record) VALUES (%s)", [record])
        return count / (time.perf_counter() - begun)
