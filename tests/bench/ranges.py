"""P5: how long the first byte of any range of a large recording takes, beside a file served in plaintext."""

from __future__ import annotations

import itertools
import random
from contextlib import ExitStack
from pathlib import Path

from tests.bench import servers
from tests.bench.client import PIECE_BYTES, Peer, first_byte, put_pieces
from tests.bench.grounds import ground
from tests.bench.large_collection import only_waiting
from tests.bench.plan import Plan
from tests.bench.table import Row, percentile, render

RANGE_BYTES = 64 * 1024
_LIMIT = "CALLVAULT_LIMITS__RECORDING_BYTES"
_MILLISECONDS = 1000


def measure(plan: Plan) -> str:
    """Return the table."""
    total, count = plan.pick(smoke=(1 << 24, 20), standard=(1 << 30, 300), full=(10 << 30, 1000))
    with ExitStack() as stack:
        folder = stack.enter_context(servers.scratch())
        here = stack.enter_context(ground(plan, folder))
        service, known = stack.enter_context(
            servers.vault_service(here, folder, settings={_LIMIT: str(total)})
        )
        zeros = itertools.repeat(bytes(PIECE_BYTES), total // PIECE_BYTES)
        put_pieces(servers.uploading(service, known), "long.wav", zeros, total)
        customer = servers.collecting(service, known)
        plain = stack.enter_context(servers.plain_aiohttp(folder))
        _sparse(folder / "aiohttp" / "long.wav", total)
        ours, theirs = _both(
            (customer, f"{only_waiting(customer)}/content"), (plain, "long.wav"), _places(total, count)
        )
    rows = [
        Row(f"p{percent}", "ms", percentile(ours, percent), percentile(theirs, percent), goal)
        for percent, goal in ((50, ""), (99, "< 20"))
    ]
    return render(f"P5: first byte of {count} random ranges of 64 KiB of {total >> 20} MiB{plan.where}", rows)


def _both(
    ours: tuple[Peer, str], theirs: tuple[Peer, str], places: list[int]
) -> tuple[list[float], list[float]]:
    """Ask both for each range in turn; return milliseconds to the first byte."""
    found: tuple[list[float], list[float]] = ([], [])
    with ours[0].connected() as first, theirs[0].connected() as second:
        for start in places:
            span = (start, start + RANGE_BYTES - 1)
            for seen, connection, (peer, name) in zip(found, (first, second), (ours, theirs), strict=True):
                seen.append(first_byte(connection, peer, name, span) * _MILLISECONDS)
    return found


def _places(total: int, count: int) -> list[int]:
    draw = random.Random(total)  # noqa: S311 - the same places every time
    return [draw.randrange(total - RANGE_BYTES) for _ in range(count)]


def _sparse(path: Path, total: int) -> None:
    with path.open("wb") as file:
        file.truncate(total)
