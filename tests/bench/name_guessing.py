"""R11: names that exist and names that don't, side by side: whether answers or times tell them apart."""

from __future__ import annotations

import http.client
import json
import random
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from tests.bench import servers
from tests.bench.client import Peer
from tests.bench.grounds import Ground
from tests.bench.plan import Plan
from tests.bench.table import Row, percentile, render
from tests.harness.service import Service
from tests.harness.vaults import RealVault

_MILLISECONDS = 1000
_BOOTSTRAPS = 1000
_VARIES = {"date"}
_SEED = 11

Answer = tuple[int, tuple[tuple[str, str], ...], bytes]


@dataclass
class Asked:
    """One kind of guess: what is sent, how long answers took in milliseconds, and every answer that came."""

    path: str
    body: Callable[[int], dict[str, str]]
    times: list[float] = field(default_factory=list)
    answers: set[Answer] = field(default_factory=set)


def measure(plan: Plan) -> str:
    """Return the table, of the embedded database whatever was asked: its buckets are emptied by hand."""
    count = plan.pick(smoke=5, standard=30, full=300)
    with servers.scratch() as folder, servers.vault_service(Ground(), folder) as (service, known):
        customers, staff = _customers(known), _staff(known)
        with _buckets(known) as empty, _peer(service).connected() as connection:
            for number in range(count):
                for kind in (*customers, *staff):
                    empty()  # ten wrong passwords fill one, and only those before that are what is compared
                    _ask(connection, kind, number)
    title = f"R11: a known name (ours) beside an unknown one (peer), {count} guesses each, taking turns"
    return render(title, [*_rows("customer", customers), *_rows("staff", staff)])


def _customers(known: RealVault) -> tuple[Asked, ...]:
    """Return a known name with a wrong password, an unknown one likewise, and that with a right password."""
    path = "/v1/collect/sessions"
    return (
        Asked(path, lambda number: {"customer": "acme", "password": f"wrong-{number:06d}"}),
        Asked(path, lambda number: {"customer": f"n{number:03d}", "password": f"wrong-{number:06d}"}),
        Asked(path, lambda number: {"customer": f"n{number:03d}", "password": known.password}),
    )


def _staff(known: RealVault) -> tuple[Asked, ...]:
    path = "/v1/staff/sessions"
    return (
        Asked(path, lambda number: {"staff": "dana", "passphrase": f"wrong-{number:06d}"}),
        Asked(path, lambda number: {"staff": f"n{number:03d}", "passphrase": f"wrong-{number:06d}"}),
        Asked(path, lambda number: {"staff": f"n{number:03d}", "passphrase": known.passphrase}),
    )


def _ask(connection: http.client.HTTPConnection, kind: Asked, number: int) -> None:
    sent, headers = json.dumps(kind.body(number)).encode(), {"Content-Type": "application/json"}
    begun = time.perf_counter()
    connection.request("POST", kind.path, body=sent, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    kind.times.append((time.perf_counter() - begun) * _MILLISECONDS)
    shown = [(name.lower(), value) for name, value in answer.getheaders() if name.lower() not in _VARIES]
    kind.answers.add((answer.status, tuple(shown), body))


@contextmanager
def _buckets(known: RealVault) -> Iterator[Callable[[], object]]:
    """Yield what empties every bucket of guesses, and forgets the networks that are known."""
    with closing(sqlite3.connect(known.data / "vault.sqlite", isolation_level=None)) as database:
        database.execute("DELETE FROM known_networks")
        yield lambda: database.execute("DELETE FROM guess_buckets")


def _peer(service: Service) -> Peer:
    return Peer(int(service.url.rpartition(":")[2]))


def _rows(who: str, kinds: Sequence[Asked]) -> Iterator[Row]:
    known, unknown, lucky = kinds
    answers = set().union(*(kind.answers for kind in kinds))
    status = ", ".join(sorted({str(status) for status, _, _ in answers}))
    yield Row(f"{who}: answers that differ", "", len(answers) - 1, None, "0", note=f"status {status}")
    yield _beside(f"{who}: wrong password", known.times, unknown.times)
    yield _beside(f"{who}: unknown name, right password", lucky.times, unknown.times)
    ninth = (percentile(known.times, 90), percentile(unknown.times, 90))
    yield Row(f"{who}: wrong password, p90", "ms", *ninth, "alike")


def _beside(name: str, ours: Sequence[float], peers: Sequence[float]) -> Row:
    low, high = difference(ours, peers)
    note = f"the medians differ by {low:+.1f} to {high:+.1f} ms (95 %)"
    return Row(f"{name}, p50", "ms", statistics.median(ours), statistics.median(peers), "alike", note=note)


def difference(ours: Sequence[float], peers: Sequence[float]) -> tuple[float, float]:
    """Return the 95 % interval of the medians' difference (percentile bootstrap, Efron 1979)."""
    draw = random.Random(_SEED)  # noqa: S311 - statistics, no secret
    found = sorted(
        statistics.median(draw.choices(ours, k=len(ours)))
        - statistics.median(draw.choices(peers, k=len(peers)))
        for _ in range(_BOOTSTRAPS)
    )
    return found[_BOOTSTRAPS // 40], found[-_BOOTSTRAPS // 40]
