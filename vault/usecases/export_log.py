"""Write the log out as C2SP tlog-tiles, for a verifier that is not ours."""

from __future__ import annotations

from collections.abc import AsyncIterator

from vault.audit.bundle import encode_bundle
from vault.audit.tiles import TILE_WIDTH, bundle_path, tiles_of
from vault.audit.tree import Node
from vault.domain.event import Action, Actor
from vault.ports.database import Repositories
from vault.ports.vault import Vault
from vault.sealing.signed_log import signed_head
from vault.usecases.record_reading import record_reading


async def export_log(vault: Vault, *, by: Actor) -> AsyncIterator[tuple[str, bytes]]:
    """Yield (relative path, content) of every file of the export, `checkpoint` last.

    The export is on the log before the first file, and so it is the last entry in it, or nearly. Raise
    `LogCorrupt` for a log that was rewritten.
    """
    async with vault.reading() as rows:
        size = await rows.events.size()
    await record_reading(vault, Action.LOG_READ, by, count=size, how="export")
    async with vault.reading() as rows:
        signed = await signed_head(vault, rows)
        async for file in _bundles(rows, signed.size):
            yield file
        async for file in _tiles(rows, signed.size):
            yield file
    yield "checkpoint", signed.sign(vault.keys.signer)


async def _bundles(rows: Repositories, size: int) -> AsyncIterator[tuple[str, bytes]]:
    for first in range(0, size, TILE_WIDTH):
        stop = min(size, first + TILE_WIDTH)
        records = [record async for run in rows.events.runs(first, stop) for record in run.records]
        yield bundle_path(first // TILE_WIDTH, stop - first), encode_bundle(records)


async def _tiles(rows: Repositories, size: int) -> AsyncIterator[tuple[str, bytes]]:
    for tile, width in tiles_of(size):
        first = tile.index * TILE_WIDTH
        wanted = [Node(tile.level * 8, first + position) for position in range(width)]
        hashes = await rows.events.nodes(wanted, size)
        yield tile.path(width), b"".join(hashes[node] for node in wanted)
