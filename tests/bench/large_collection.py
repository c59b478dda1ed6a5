"""P3: one large collection over HTTP, beside aiohttp writing the same bytes in plaintext, and rclone."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from tests.bench import servers
from tests.bench.client import Peer, call, get_all, put_pieces
from tests.bench.grounds import Missing, ground
from tests.bench.large_upload import pieces
from tests.bench.plan import Plan
from tests.bench.table import Row, interleaved, render

if TYPE_CHECKING:
    from tests.harness.aws import Aws


def measure(plan: Plan) -> str:
    """Return the table."""
    total, rounds = plan.pick(smoke=(1 << 25, 1), standard=(1 << 28, 5), full=(1 << 30, 7))
    with ExitStack() as stack:
        folder = stack.enter_context(servers.scratch())
        here = stack.enter_context(ground(plan, folder))
        service, known = stack.enter_context(servers.vault_service(here, folder))
        put_pieces(servers.uploading(service, known), "large.wav", pieces(total), total)
        customer = servers.collecting(service, known)
        wanted = f"{only_waiting(customer)}/content"
        works: dict[str, Callable[[], float]] = {"ours": lambda: _rate(customer, wanted, total)}
        if here.aws:
            works["bucket"] = _reading_bucket(here.aws, total)
        else:
            works["aiohttp"] = _reading(stack.enter_context(servers.plain_aiohttp(folder)), total)
        note = ""
        try:
            if not here.aws:
                works["rclone"] = _reading(stack.enter_context(servers.rclone_crypt(folder)), total)
        except Missing as error:
            note = str(error)
        seen = interleaved(rounds, works)
    peers = {name: each for name, each in _PEERS.items() if name in works}
    rows = [seen.row(said, "GB/s", "ours", name, goal=goal) for name, (said, goal) in peers.items()]
    if note:
        rows.append(Row(_PEERS["rclone"][0], "GB/s", seen.median("ours"), None, ">= 3", note=note))
    return render(f"P3: one collection of {total >> 20} MiB{plan.where}", rows)


_PEERS = {
    "aiohttp": ("beside aiohttp, plaintext, no sendfile", ">= 0.6"),
    "rclone": ("beside rclone crypt", ">= 3"),
    "bucket": ("beside a loop that reads the same from the same bucket", ""),
}


def only_waiting(customer: Peer) -> str:
    """Return the id of the newest recording that waits."""
    with customer.connected() as connection:
        return str(call(connection, customer, "GET", "/v1/collect/recordings")["items"][0]["id"])


def _reading_bucket(aws: Aws, total: int) -> Callable[[], float]:
    from tests.bench import bucket  # noqa: PLC0415 - needs the SDK

    bucket.put_parts(aws, "large", pieces(total))
    return lambda: total / bucket.get_all(aws, "large", total) / 1e9


def _reading(peer: Peer, total: int) -> Callable[[], float]:
    put_pieces(peer, "large.wav", pieces(total), total)
    return lambda: _rate(peer, "large.wav", total)


def _rate(peer: Peer, name: str, total: int) -> float:
    return total / get_all(peer, name, total) / 1e9
