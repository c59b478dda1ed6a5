"""P2: one large upload, beside an aiohttp handler that only writes the body to disk; and its memory."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import ExitStack

from tests.bench import servers
from tests.bench.client import PIECE_BYTES, Peer, put_pieces
from tests.bench.table import Row, interleaved, render
from tests.harness.processes import forget_peak_memory, memory_bytes


def pieces(total: int) -> Iterator[bytes]:
    """Yield that many bytes; no two bodies are alike."""
    yield os.urandom(PIECE_BYTES)
    yield from itertools.repeat(os.urandom(PIECE_BYTES), total // PIECE_BYTES - 1)


def upload(peer: Peer, number: int, total: int) -> float:
    """Upload one file; return GB/s."""
    return total / put_pieces(peer, f"large-{number}.wav", pieces(total), total) / 1e9


def measure(full: bool) -> str:  # noqa: FBT001 - every bench is asked so
    """Return the table."""
    total, rounds = (1 << 30, 7) if full else (1 << 28, 5)
    numbers = itertools.count()
    with ExitStack() as stack:
        folder = stack.enter_context(servers.scratch())
        ours = servers.uploading(*stack.enter_context(servers.vault_service(folder)))
        plain = stack.enter_context(servers.plain_aiohttp(folder))
        upload(ours, next(numbers), 8 * PIECE_BYTES)
        forget_peak_memory(ours.pid)
        before = memory_bytes(ours.pid, "VmRSS")
        upload(ours, next(numbers), total)
        grown = (memory_bytes(ours.pid, "VmHWM") - before) / (1 << 20)

        def beside() -> float:
            rate = upload(plain, 0, total)
            (folder / "aiohttp" / "large-0.wav").unlink()
            return rate

        seen = interleaved(rounds, {"ours": lambda: upload(ours, next(numbers), total), "aiohttp": beside})
    return render(
        f"P2: one upload of {total >> 20} MiB",
        [
            seen.row("beside aiohttp to disk, no fsync", "GB/s", "ours", "aiohttp", goal=">= 0.8"),
            Row("memory grown by it", "MiB", grown, None, "<= 32"),
        ],
    )
