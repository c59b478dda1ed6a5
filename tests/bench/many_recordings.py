"""P8: what lists, searches, uploads and collections cost over HTTP in a large vault, beside a small one."""

from __future__ import annotations

import http.client
import itertools
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import uvloop

from tests.bench import servers
from tests.bench.client import Peer, call, get, put
from tests.bench.grounds import Ground, ground
from tests.bench.plan import Plan
from tests.bench.recordings_in_bulk import Bulk, number_of
from tests.bench.table import Row, percentile, render
from tests.bench.vaults import MILLISECONDS
from tests.harness.service import Service
from tests.harness.vaults import RealVault, sha256

_PAGE = 100
_SIGN_IN = "/v1/collect/sessions"


@dataclass
class Filled:
    """A service over a vault with many recordings, and a connection of each of those who use it."""

    known: RealVault
    size: int
    source: Peer
    customer: Peer
    office: Peer
    uploading: http.client.HTTPConnection
    collecting: http.client.HTTPConnection
    asking: http.client.HTTPConnection
    numbers: Iterator[int] = field(default_factory=itertools.count)
    uploaded: list[tuple[str, bytes]] = field(default_factory=list)

    def list_all(self) -> None:
        """The newest page of everything, as staff sees it."""
        assert len(self._list({})) == _PAGE

    def list_own(self) -> None:
        """The newest page of what waits, as the customer sees it."""
        page = call(self.collecting, self.customer, "GET", "/v1/collect/recordings")
        assert len(page["items"]) == _PAGE

    def search(self) -> None:
        """Every recording of one number, by staff."""
        assert self._list({"number": number_of(self.size // 2)})

    def upload(self) -> None:
        """A small recording, durable: its row, header and details, and its entry on the log."""
        number = next(self.numbers)
        content = b"recording %d" % number
        receipt = json.loads(put(self.uploading, self.source, f"new-{number:06d}.wav", content))
        self.uploaded.append((receipt["recording"], content))

    def sign_in(self) -> None:
        """The customer's link and password: Argon2id is most of it, on purpose."""
        asked = {"link": self.known.link, "password": self.known.password}
        assert call(self.collecting, self.customer, "POST", _SIGN_IN, asked)["token"]

    def collect(self) -> None:
        """One of what was uploaded: read, its receipt posted, destroyed, and certified."""
        recording, content = self.uploaded.pop()
        assert get(self.collecting, self.customer, f"{recording}/content") == content
        path, proof = f"{self.customer.path}{recording}/receipt", {"sha256": sha256(content)}
        assert call(self.collecting, self.customer, "POST", path, proof)["state"] == "shredded"

    def _list(self, asked: Mapping[str, str]) -> Sequence[object]:
        items: Sequence[object] = call(
            self.asking, self.office, "POST", f"{self.office.path}recordings/list", asked
        )["items"]
        return items


_WORKS: Mapping[str, Callable[[Filled], None]] = {
    "list, staff": Filled.list_all,
    "list, customer": Filled.list_own,
    "search a number, staff": Filled.search,
    "upload": Filled.upload,
    "sign in by link": Filled.sign_in,
    "collect: read, receipt, destroyed": Filled.collect,
}


def measure(plan: Plan) -> str:
    """Return the table."""
    small, large = plan.pick(smoke=(500, 2_000), standard=(10_000, 100_000), full=(10_000, 1_000_000))
    rounds = plan.pick(smoke=3, standard=60, full=60)
    with ExitStack() as stack:
        folder = stack.enter_context(servers.scratch())
        here = stack.enter_context(ground(plan, folder))
        made = {size: _made(here, folder / f"{size}", size) for size in (large, small)}
        vaults = [_served(stack, made[size], size) for size in (small, large)]
        seen = {name: _measured(rounds, work, vaults) for name, work in _WORKS.items()}
    rows = [
        Row(name, "ms", percentile(of_large, 50), percentile(of_small, 50), "<= 1.5")
        for name, (of_small, of_large) in seen.items()
    ]
    return render(f"P8: {large:,} recordings beside {small:,}, over HTTP (p50){plan.where}", rows)


def _made(here: Ground, folder: Path, size: int) -> RealVault:
    """Found a vault and fill it."""
    known = here.found(folder)

    async def _fill() -> None:
        async with known.opened() as vault:
            await Bulk(known, vault).fill(size)

    uvloop.run(_fill())
    return known


def _served(stack: ExitStack, known: RealVault, size: int) -> Filled:
    """Serve a vault until the stack ends, its users signed in."""
    service: Service = stack.enter_context(servers.served(known))
    source, customer = servers.uploading(service, known), servers.collecting(service, known)
    office = servers.asking(service, known)
    uploading, collecting, asking = [
        stack.enter_context(peer.connected()) for peer in (source, customer, office)
    ]
    return Filled(known, size, source, customer, office, uploading, collecting, asking)


def _measured(rounds: int, work: Callable[[Filled], None], vaults: Sequence[Filled]) -> list[list[float]]:
    """Let the vaults do the same by turns; return the milliseconds of each, the first time left out."""
    seen: list[list[float]] = [[] for _ in vaults]
    for at in range(rounds + 1):
        for values, vault in zip(seen, vaults, strict=True):
            begun = time.perf_counter()
            work(vault)
            if at:
                values.append((time.perf_counter() - begun) * MILLISECONDS)
    return seen
