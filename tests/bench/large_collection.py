"""P3: one large collection over HTTP, beside aiohttp writing the same bytes in plaintext, and rclone."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from tests.bench import servers
from tests.bench.client import Peer, call, get_all, put_pieces
from tests.bench.large_upload import pieces
from tests.bench.table import Row, interleaved, render


def measure(full: bool) -> str:  # noqa: FBT001 - every bench is asked so
    """Return the table."""
    total, rounds = (1 << 30, 7) if full else (1 << 28, 5)
    with ExitStack() as stack:
        folder = stack.enter_context(servers.scratch())
        service, known = stack.enter_context(servers.vault_service(folder))
        put_pieces(servers.uploading(service, known), "large.wav", pieces(total), total)
        customer = servers.collecting(service, known)
        wanted = f"{only_waiting(customer)}/content"
        works: dict[str, Callable[[], float]] = {"ours": lambda: _rate(customer, wanted, total)}
        works["aiohttp"] = _reading(stack.enter_context(servers.plain_aiohttp(folder)), total)
        note = ""
        try:
            works["rclone"] = _reading(stack.enter_context(servers.rclone_crypt(folder)), total)
        except servers.Missing as error:
            note = str(error)
        seen = interleaved(rounds, works)
    rows = [seen.row("beside aiohttp, plaintext, no sendfile", "GB/s", "ours", "aiohttp", goal=">= 0.6")]
    if note:
        rows.append(Row("beside rclone crypt", "GB/s", seen.median("ours"), None, ">= 3", note=note))
    else:
        rows.append(seen.row("beside rclone crypt", "GB/s", "ours", "rclone", goal=">= 3"))
    return render(f"P3: one collection of {total >> 20} MiB", rows)


def only_waiting(customer: Peer) -> str:
    """Return the id of the newest recording that waits."""
    with customer.connected() as connection:
        return str(call(connection, customer, "GET", "/v1/collect/recordings")["items"][0]["id"])


def _reading(peer: Peer, total: int) -> Callable[[], float]:
    put_pieces(peer, "large.wav", pieces(total), total)
    return lambda: _rate(peer, "large.wav", total)


def _rate(peer: Peer, name: str, total: int) -> float:
    return total / get_all(peer, name, total) / 1e9
