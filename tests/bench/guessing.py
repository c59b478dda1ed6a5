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
from tests.bench.table import Row, percentile, render
from tests.bench.uploads import content_of
from tests.harness.vaults import RealVault

GUESSES_PER_SECOND = 1000
_MILLISECONDS = 1000
_WARMING_SECONDS = 2.0


@dataclass
class Seen:
    """How long uploads and sign-ins took, in milliseconds."""

    uploads: list[float] = field(default_factory=list)
    sign_ins: list[float] = field(default_factory=list)


def measure(full: bool) -> str:  # noqa: FBT001 - every bench is asked so
    """Return the table."""
    seconds, rounds = (20.0, 3) if full else (5.0, 2)
    quiet, attacked, answered = Seen(), Seen(), 0.0
    with ExitStack() as stack:
        folder = stack.enter_context(servers.scratch())
        service, known = stack.enter_context(servers.vault_service(folder, workers=2))
        source = servers.uploading(service, known)
        for number in range(rounds):
            belong_here(source, known, seconds, quiet, f"quiet-{number}")
            with guessing(source.port, seconds + 2 * _WARMING_SECONDS) as attack:
                time.sleep(_WARMING_SECONDS)
                belong_here(source, known, seconds, attacked, f"attacked-{number}")
            answered += attack.answered / (seconds + 2 * _WARMING_SECONDS) / rounds
    note = f"{answered:.0f} guesses/s were answered, of {GUESSES_PER_SECOND} meant"
    return render(
        "P11: under wrong guesses (ours), beside the same in quiet (peer)",
        [
            *_rows("upload of 1 MiB", attacked.uploads, quiet.uploads, "<= 2", note),
            *_rows("sign-in by link", attacked.sign_ins, quiet.sign_ins, "<= 2; < 500 ms", note),
        ],
    )


def belong_here(source: Peer, known: RealVault, seconds: float, seen: Seen, name: str) -> None:
    """Upload and sign in by turns for that long."""
    until, number = time.perf_counter() + seconds, 0
    door = Peer(source.port)
    asked = {"link": known.link, "password": known.password}
    with source.connected() as uploading, door.connected() as signing_in:
        while time.perf_counter() < until:
            file_name = f"{name}-{number:05d}.wav"
            begun = time.perf_counter()
            put(uploading, source, file_name, content_of(file_name))
            taken = time.perf_counter()
            seen.uploads.append((taken - begun) * _MILLISECONDS)
            call(signing_in, door, "POST", "/v1/collect/sessions", asked)
            seen.sign_ins.append((time.perf_counter() - taken) * _MILLISECONDS)
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
