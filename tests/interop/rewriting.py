"""What somebody with write access to an exported log could do to it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path

from keys.signing import NoteSigner
from vault.audit.bundle import decode_bundle, encode_bundle
from vault.audit.checkpoint import Checkpoint
from vault.audit.tiles import TILE_WIDTH, bundle_path, tile_root, tiles_of
from vault.audit.tree import Frontier, leaf_hash

Change = Callable[[list[bytes]], list[bytes]]
_INDEX = re.compile(rb'"index":[0-9]+,')
_TIME = re.compile(rb'"time":"[^"]+"')


def edited(entries: list[bytes]) -> list[bytes]:
    """Let an entry say something else, in as many bytes."""
    changed = list(entries)
    changed[300] = changed[300].replace(b'"outcome":"done"', b'"outcome":"none"')
    return changed


def dropped(entries: list[bytes]) -> list[bytes]:
    """Leave an entry out."""
    return entries[:300] + entries[301:]


def reordered(entries: list[bytes]) -> list[bytes]:
    """Let two entries change places."""
    changed = list(entries)
    changed[300], changed[301] = changed[301], changed[300]
    return changed


def duplicated(entries: list[bytes]) -> list[bytes]:
    """Put an entry where its neighbour was: as many as before."""
    return [*entries[:301], entries[300], *entries[302:]]


def inserted(entries: list[bytes]) -> list[bytes]:
    """Have an entry twice: one more than before."""
    return [*entries[:301], entries[300], *entries[301:]]


def renumbered(entries: list[bytes]) -> list[bytes]:
    """Let every entry claim the place, and a time that fits the place, where it came to lie."""
    times = accumulate((b"".join(_TIME.findall(entry)) for entry in entries), max)
    return [
        _TIME.sub(time, _INDEX.sub(b'"index":%d,' % place, entry))
        for place, (entry, time) in enumerate(zip(entries, times, strict=True))
    ]


def read_entries(folder: Path) -> list[bytes]:
    """Return every entry of an export."""
    bundles = sorted((folder / "tile/entries").rglob("*"))
    return [entry for file in bundles if file.is_file() for entry in decode_bundle(file.read_bytes())]


def write_bundles(folder: Path, entries: list[bytes]) -> None:
    """Replace the entries of an export, and nothing else of it."""
    shutil.rmtree(folder / "tile/entries")
    for first in range(0, len(entries), TILE_WIDTH):
        run = entries[first : first + TILE_WIDTH]
        _put(folder / bundle_path(first // TILE_WIDTH, len(run)), encode_bundle(run))


def write_tiles(folder: Path, entries: list[bytes]) -> None:
    """Replace the tiles of an export by those of other entries."""
    for level in (folder / "tile").iterdir():
        if level.name != "entries":
            shutil.rmtree(level)
    rows = [[leaf_hash(entry) for entry in entries]]
    for tile, width in tiles_of(len(entries)):
        first = tile.index * TILE_WIDTH
        hashes = b"".join(rows[tile.level][first : first + width])
        _put(folder / tile.path(width), hashes)
        if tile.index == 0:
            rows.append([])
        if width == TILE_WIDTH:
            rows[tile.level + 1].append(tile_root(hashes))


def checkpoint_of(name: str, entries: list[bytes]) -> Checkpoint:
    """Return the checkpoint that would fit these entries."""
    frontier = Frontier().extend(leaf_hash(entry) for entry in entries)
    return Checkpoint(name, frontier.size, frontier.root())


def rewrite(folder: Path, entries: list[bytes], signer: NoteSigner) -> None:
    """Replace a whole export, signed by the log's own key: what only the operator could do."""
    write_bundles(folder, entries)
    write_tiles(folder, entries)
    (folder / "checkpoint").write_bytes(checkpoint_of(signer.verifier.name, entries).sign(signer))


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
