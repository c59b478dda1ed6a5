"""P11: uploads and sign-ins of those who belong here, quiet and under a thousand wrong guesses a second."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from tests.bench import servers
from tests.bench.client import Peer, call, put
from tests.bench.footprint import Footprint, footprint
from tests.bench.grounds import ground
from tests.bench.plan import Plan
from tests.bench.table import Row, percentile, render
from tests.bench.uploads import content_of
from tests.harness.vaults import RealVault

GUESSES_PER_SECOND = 1000
_MILLISECONDS = 1000
_MIB = 1 << 20
_WARMING_SECONDS = 2.0


@dataclass
class Seen:
    """How long uploads and sign-ins took, in milliseconds: by link, and by name from a known network."""

    uploads: list[float] = field(default_factory=list)
    sign_ins: list[float] = field(default_factory=list)
    by_name: list[float] = field(default_factory=list)


def measure(plan: Plan) -> str:
    """Return the table."""
    seconds, rounds = plan.pick(smoke=(1.0, 1), standard=(5.0, 2), full=(20.0, 3))
    quiet, attacked, answered = Seen(), Seen(), 0
    left = Footprint()
    with ExitStack() as stack:
        folder = stack.enter_context(servers.scratch())
        here = stack.enter_context(ground(plan, folder))
        service, known = stack.enter_context(servers.vault_service(here, folder, workers=2))
        source = servers.uploading(service, known)
        for number in range(rounds):
            belong_here(source, known, seconds, quiet, f"quiet-{number}")
            before = footprint(service)
            with guessing(source.port, seconds + 2 * _WARMING_SECONDS) as attack:
                time.sleep(_WARMING_SECONDS)
                belong_here(source, known, seconds, attacked, f"attacked-{number}")
            answered += attack.answered
            left = left.grown(before, footprint(service))
    rate = answered / (seconds + 2 * _WARMING_SECONDS) / rounds
    note = f"{rate:.0f} guesses/s were answered, of {GUESSES_PER_SECOND} meant"
    return render(
        f"P11: under wrong guesses (ours), beside the same in quiet (peer){plan.where}",
        [
            *_rows("upload of 1 MiB", attacked.uploads, quiet.uploads, "<= 2", note),
            *_rows("sign-in by link", attacked.sign_ins, quiet.sign_ins, "<= 2; < 500 ms", note),
            *_rows("sign-in by name", attacked.by_name, quiet.by_name, "<= 2; < 500 ms", note),
            *_left_behind(left, answered, attacked),
        ],
    )


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
class Attack:
    """How many guesses got an answer, once it is over."""

    answered: int = 0


@contextmanager
def guessing(port: int, seconds: float) -> Iterator[Attack]:
    """Let a process guess until it has had its time."""
    command = [sys.executable, "-m", "tests.bench.guesser", str(port), str(GUESSES_PER_SECOND), str(seconds)]
    attack = Attack()
    process = subprocess.Popen(command, cwd=servers.ROOT, stdout=subprocess.PIPE, text=True)
    try:
        yield attack
        attack.answered = int(process.communicate(timeout=seconds + 30)[0])
    finally:
        process.kill()
        process.wait()


def _rows(name: str, attacked: list[float], quiet: list[float], goal: str, note: str) -> list[Row]:
    return [
        Row(f"{name}, p50", "ms", percentile(attacked, 50), percentile(quiet, 50), "", note=note),
        Row(f"{name}, p99", "ms", percentile(attacked, 99), percentile(quiet, 99), goal, note=note),
    ]


def _left_behind(left: Footprint, answered: int, attacked: Seen) -> list[Row]:
    """Return what the guesses left; entries of those who belong here are taken off."""
    ours = len(attacked.uploads) + len(attacked.sign_ins) + len(attacked.by_name)
    note = f"by {answered} guesses beside {len(attacked.uploads)} uploads"
    return [
        Row("entries of the log, of guesses", "", left.entries - ours, None, "summaries", note=note),
        Row("memory of both workers, more", "MiB", left.memory_bytes / _MIB, None, "", note=note),
        Row(
            "lines on standard error", "bytes/guess", left.told_bytes / max(1, answered), None, "", note=note
        ),
        Row("the database, more", "KiB", left.database_bytes / 1024, None, "", note=note),
    ]
