"""P2: one large upload, beside an aiohttp handler that only writes the body to disk; and its memory."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from tests.bench import servers
from tests.bench.client import PIECE_BYTES, Peer, put_pieces
from tests.bench.table import Row, interleaved, render


def pieces(total: int) -> Iterator[bytes]:
    """Yield that many bytes; no two bodies are alike."""
    yield os.urandom(PIECE_BYTES)
    yield from itertools.repeat(os.urandom(PIECE_BYTES), total // PIECE_BYTES - 1)


def upload(peer: Peer, number: int, total: int) -> float:
    """Upload one file; return GB/s."""
    return total / put_pieces(peer, f"large-{number}.wav", pieces(total), total) / 1e9


def most_memory_mib(pid: int) -> float:
    """Return the most memory that a process ever had, in MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def measure(full: bool) -> str:  # noqa: FBT001 - every bench is asked so
    """Return the table."""
    total, rounds = (1 << 30, 7) if full else (1 << 28, 5)
    numbers = itertools.count()
    with ExitStack() as stack:
        folder = stack.enter_context(servers.scratch())
        ours = servers.uploading(*stack.enter_context(servers.vault_service(folder)))
        plain = stack.enter_context(servers.plain_aiohttp(folder))
        upload(ours, next(numbers), 8 * PIECE_BYTES)
        before = most_memory_mib(ours.pid)
        upload(ours, next(numbers), total)
        grown = most_memory_mib(ours.pid) - before

        def beside() -> float:
            rate = upload(plain, 0, total)
            (folder / "aiohttp" / "large-0.wav").unlink()
            return rate

        seen = interleaved(rounds, {"ours": lambda: upload(ours, next(numbers), total), "aiohttp": beside})
    return render(
        f"P2: one upload of {total >> 20} MiB",
        [
            seen.row("beside aiohttp to disk, no fsync", "GB/s", "ours", "aiohttp", ">= 0.8"),
            Row("memory grown by it", "MiB", grown, None, "<= 32"),
        ],
    )
