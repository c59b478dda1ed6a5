"""Recompute the access log and compare it with the database, both ways; name every disagreement."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from vault.audit.checkpoint import Checkpoint, open_checkpoint
from vault.audit.edge import SignedEdge, must_be_signed
from vault.audit.verify import LogVerifier
from vault.comparing.tiles import TileComparison
from vault.comparing.together import Comparisons
from vault.errors import LogCorrupt
from vault.ports.database import Repositories
from vault.ports.vault import Vault
from vault.sealing.signed_log import kept_head

_MOST_STRAYS = 1000


@dataclass(frozen=True, slots=True)
class Verification:
    """What was recomputed, and everything that was wrong; an empty `findings` means that all holds.

    `erased` counts the detail rows that were erased on record.
    """

    size: int
    root: bytes | None
    findings: Sequence[str]
    erased: int = 0


async def verify_log(
    vault: Vault,
    *,
    since: bytes | None = None,
    anchors: Sequence[Checkpoint] = (),
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Verification:
    """Return the verification of the whole log.

    `since` is a signed checkpoint somebody kept, `anchors` are those of `gather_anchors`: the log must begin
    with each. `progress` hears (entries done, entries in all).
    """
    checkpoints = [*anchors, *await _signed(vault, since)]
    async with vault.reading() as rows:
        return await _verify(vault, rows, checkpoints, progress)


@asynccontextmanager
async def agreeing(vault: Vault) -> AsyncIterator[Repositories]:
    """Hold a snapshot in which all agrees with the signed log; raise `LogCorrupt` where something does not.

    What is done on the word of the database alone is looked up in that snapshot: in another, somebody may
    have changed rows, and put them back before this one.
    """
    checkpoints = await _signed(vault)
    async with vault.reading() as rows:
        findings = (await _verify(vault, rows, checkpoints)).findings
        if findings:
            raise LogCorrupt(f"the database contradicts its log in {len(findings)} places: {findings[0]}")
        yield rows


async def _signed(vault: Vault, since: bytes | None = None) -> list[Checkpoint]:
    """Return what was signed last, and what somebody kept; read before a snapshot, which holds all of it."""
    given = None if since is None else open_checkpoint(since, vault.keys.verifier)
    return [checkpoint for checkpoint in (await kept_head(vault), given) if checkpoint is not None]


async def _verify(
    vault: Vault,
    rows: Repositories,
    checkpoints: Sequence[Checkpoint],
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Verification:
    log = LogVerifier({checkpoint.size: checkpoint for checkpoint in checkpoints})
    tiles = TileComparison(rows.events.tiles())
    size = await rows.events.size()
    comparisons = Comparisons()
    async for run in rows.events.runs(0, size):
        await tiles.hand_over(log, run.first_index, run.first_index + len(run.records))
        told = await asyncio.to_thread(comparisons.feed, log, run)
        await comparisons.take(rows, told, log.size)
        progress(log.size, size)
    await tiles.finish(log)
    edge = await rows.events.edge()
    findings = [str(finding.message) for finding in log.finish(edge.frontier)]
    findings += _unsigned(vault, edge, checkpoints)
    findings += await _strays(rows)
    findings += await comparisons.finish(vault, rows)
    return Verification(log.size, _root(log), [*findings, *_conflicts(checkpoints)], comparisons.erased)


async def _strays(rows: Repositories) -> list[str]:
    """Name entries that were put outside of the log, where no tree has them, but lists do."""
    strays = await rows.events.strays(_MOST_STRAYS)
    return [f"entry {index}: it is in the database, but outside of the log" for index in sorted(strays)]


def _root(log: LogVerifier) -> bytes | None:
    frontier = log.frontier()
    return frontier.root() if frontier is not None else None


def _unsigned(vault: Vault, edge: SignedEdge, checkpoints: Sequence[Checkpoint]) -> list[str]:
    """Say where the log was added to by somebody without the service's key."""
    signed = [checkpoint for checkpoint in checkpoints if checkpoint.size == edge.frontier.size]
    try:
        must_be_signed(edge, vault.keys.verifier, signed[0] if signed else None)
    except LogCorrupt as error:
        return [str(error)]
    return []


def _conflicts(checkpoints: Sequence[Checkpoint]) -> list[str]:
    """Two signed checkpoints of one size with different roots prove a fork on their own."""
    roots: dict[int, bytes] = {}
    return [
        f"two different logs of {each.size} entries were signed"
        for each in checkpoints
        if roots.setdefault(each.size, each.root) != each.root
    ]
