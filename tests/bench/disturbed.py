"""Those who belong here: how long uploads and sign-ins take them, in quiet and under a disturbance."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.bench import servers
from tests.bench.client import Peer, call, put
from tests.bench.table import Row, percentile
from tests.bench.uploads import content_of
from tests.harness.vaults import RealVault

_MILLISECONDS = 1000
_ENDING_SECONDS = 30.0


@dataclass
class Seen:
    """How long uploads and sign-ins took, in milliseconds: by link, and by name from a known network."""

    uploads: list[float] = field(default_factory=list)
    sign_ins: list[float] = field(default_factory=list)
    by_name: list[float] = field(default_factory=list)


def belong_here(source: Peer, known: RealVault, seconds: float, seen: Seen, name: str) -> None:
    """Upload and sign in by turns for that long."""
    until, number = time.perf_counter() + seconds, 0
    door = Peer(source.port)
    by_link = {"link": known.link, "password": known.password}
    by_name = {"customer": "acme", "password": known.password}
    with source.connected() as uploading, door.connected() as signing_in:
        while time.perf_counter() < until:
            file_name = f"{name}-{number:05d}.wav"
            begun = time.perf_counter()
            put(uploading, source, file_name, content_of(file_name))
            taken = time.perf_counter()
            seen.uploads.append((taken - begun) * _MILLISECONDS)
            call(signing_in, door, "POST", "/v1/collect/sessions", by_link)
            linked = time.perf_counter()
            seen.sign_ins.append((linked - taken) * _MILLISECONDS)
            call(signing_in, door, "POST", "/v1/collect/sessions", by_name)
            seen.by_name.append((time.perf_counter() - linked) * _MILLISECONDS)
            number += 1


@dataclass
class Disturbance:
    """What the disturbing process counted, once it is over."""

    counted: int = 0


@contextmanager
def disturbed(module: str, port: int, amount: int, seconds: float) -> Iterator[Disturbance]:
    """Let a module of this package disturb a port, as a process, until it has had its time.

    Its arguments are the port, the amount and the seconds; what it prints is what it counted.
    """
    command = [sys.executable, "-m", f"tests.bench.{module}", str(port), str(amount), str(seconds)]
    disturbance = Disturbance()
    process = subprocess.Popen(command, cwd=servers.ROOT, stdout=subprocess.PIPE, text=True)
    try:
        yield disturbance
        disturbance.counted = int(process.communicate(timeout=seconds + _ENDING_SECONDS)[0])
    finally:
        process.kill()
        process.wait()


def rows(name: str, under: list[float], quiet: list[float], goal: str, note: str) -> list[Row]:
    """Return the median and the tail; the goal is the tail's."""
    return [
        Row(f"{name}, p50", "ms", percentile(under, 50), percentile(quiet, 50), "", note=note),
        Row(f"{name}, p99", "ms", percentile(under, 99), percentile(quiet, 99), goal, note=note),
    ]
