"""P2: one large upload, beside an aiohttp handler that only writes the body to disk; and its memory."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from tests.bench import servers
from tests.bench.client import PIECE_BYTES, Peer, put_pieces
from tests.bench.grounds import Ground, ground
from tests.bench.plan import Plan
from tests.bench.table import Row, interleaved, render
from tests.harness.processes import forget_peak_memory, memory_bytes


def pieces(total: int) -> Iterator[bytes]:
    """Yield that many bytes; no two bodies are alike."""
    yield os.urandom(PIECE_BYTES)
    yield from itertools.repeat(os.urandom(PIECE_BYTES), total // PIECE_BYTES - 1)


def upload(peer: Peer, number: int, total: int) -> float:
    """Upload one file; return GB/s."""
    return total / put_pieces(peer, f"large-{number}.wav", pieces(total), total) / 1e9


def measure(plan: Plan) -> str:
    """Return the table."""
    total, rounds = plan.pick(smoke=(1 << 25, 1), standard=(1 << 28, 5), full=(1 << 30, 7))
    numbers = itertools.count()
    with ExitStack() as stack:
        folder = stack.enter_context(servers.scratch())
        here = stack.enter_context(ground(plan, folder))
        ours = servers.uploading(*stack.enter_context(servers.vault_service(here, folder)))
        said, goal, beside = _peer(stack, here, folder, total)
        upload(ours, next(numbers), 8 * PIECE_BYTES)
        forget_peak_memory(ours.pid)
        before = memory_bytes(ours.pid, "VmRSS")
        upload(ours, next(numbers), total)
        grown = (memory_bytes(ours.pid, "VmHWM") - before) / (1 << 20)
        seen = interleaved(rounds, {"ours": lambda: upload(ours, next(numbers), total), "peer": beside})
    return render(
        f"P2: one upload of {total >> 20} MiB{plan.where}",
        [
            seen.row(f"beside {said}", "GB/s", "ours", "peer", goal=goal),
            Row("memory grown by it", "MiB", grown, None, "<= 32"),
        ],
    )


def _peer(stack: ExitStack, here: Ground, folder: Path, total: int) -> tuple[str, str, Callable[[], float]]:
    """Return what it is measured beside, the goal, and the peer's work, which leaves nothing behind."""
    if here.aws:
        from tests.bench import bucket  # noqa: PLC0415 - needs the SDK

        aws = here.aws

        def put() -> float:
            rate = total / bucket.put_parts(aws, "large", pieces(total)) / 1e9
            bucket.remove(aws, "large")
            return rate

        return "a loop that puts the same parts into the same bucket, one after another", "", put
    plain = stack.enter_context(servers.plain_aiohttp(folder))

    def write() -> float:
        rate = upload(plain, 0, total)
        (folder / "aiohttp" / "large-0.wav").unlink()
        return rate

    return "aiohttp to disk, no fsync", ">= 0.8", write
