"""Recompute the access log and compare it with the database, both ways; name every disagreement."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from vault.audit.checkpoint import Checkpoint, open_checkpoint
from vault.audit.edge import SignedEdge, must_be_signed
from vault.audit.entry import Entry
from vault.audit.verify import LogVerifier
from vault.errors import LogCorrupt
from vault.ports.database import Repositories
from vault.ports.log import StoredRun
from vault.ports.vault import Vault
from vault.usecases import (
    compare_details,
    compare_grants,
    compare_holds,
    compare_identities,
    compare_keys,
    compare_parties,
    compare_recordings,
)
from vault.usecases.compare_columns import ColumnComparison
from vault.usecases.compare_details import DetailComparison
from vault.usecases.compare_grants import TELLING_FACT, GrantComparison
from vault.usecases.compare_holds import HoldComparison
from vault.usecases.compare_identities import IdentityComparison
from vault.usecases.compare_keys import KeyComparison
from vault.usecases.compare_parties import PartyComparison
from vault.usecases.compare_recordings import RecordingComparison
from vault.usecases.compare_slots import compare_slots
from vault.usecases.compare_tiles import TileComparison

_TELLING = compare_details.TELLING.union(
    compare_grants.TELLING,
    compare_holds.TELLING,
    compare_identities.TELLING,
    compare_keys.TELLING,
    compare_parties.TELLING,
    compare_recordings.TELLING,
)
"""What an entry is about if it says anything of the database; most entries don't."""
_MOST_STRAYS = 1000


class _Comparison(Protocol):
    def take(self, entry: Entry) -> None: ...


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
    kept = [note for note in (await vault.slots.read_head(), since) if note is not None]
    return [open_checkpoint(note, vault.keys.verifier) for note in kept]


async def _verify(
    vault: Vault,
    rows: Repositories,
    checkpoints: Sequence[Checkpoint],
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Verification:
    log = LogVerifier({checkpoint.size: checkpoint for checkpoint in checkpoints})
    tiles = TileComparison(rows.events.tiles())
    size = await rows.events.size()
    details, parties, recordings = DetailComparison(), PartyComparison(), RecordingComparison()
    columns, keys, holds = ColumnComparison(), KeyComparison(), HoldComparison()
    grants, identities = GrantComparison(), IdentityComparison()
    others = (parties, keys, holds, grants, identities)
    async for run in rows.events.runs(0, size):
        await tiles.hand_over(log, run.first_index, run.first_index + len(run.records))
        told = await asyncio.to_thread(_feed, log, columns, details, others, run)
        await recordings.take(rows, told, log.size)
        progress(log.size, size)
    await tiles.finish(log)
    edge = await rows.events.edge()
    findings = [str(finding.message) for finding in log.finish(edge.frontier)]
    findings += _unsigned(vault, edge, checkpoints)
    findings += await _strays(rows)
    findings += [*columns.finish(), *await keys.finish(rows), *holds.findings]
    findings += [*await details.finish(rows), *await parties.finish(vault, rows)]
    findings += [*await grants.finish(vault, rows), *await identities.finish(vault, rows)]
    findings += [*await recordings.finish(vault, rows), *await compare_slots(vault, rows)]
    return Verification(log.size, _root(log), [*findings, *_conflicts(checkpoints)], details.erased)


def _feed(
    log: LogVerifier,
    columns: ColumnComparison,
    details: DetailComparison,
    comparisons: Sequence[_Comparison],
    run: StoredRun,
) -> list[Entry]:
    """Take a run; return those of its entries that tell of changes, and stand where they say."""
    read = log.feed_run(run.first_index, run.records)
    columns.compare(read, run)
    details.compare(read, run)
    told = [
        Entry.of(each)
        for place, each in enumerate(read, run.first_index)
        if each is not None
        and (each.action in _TELLING or TELLING_FACT in each.facts)
        and each.index == place < log.size
    ]
    for entry in told:
        for comparison in (details, *comparisons):
            comparison.take(entry)
    return told


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
