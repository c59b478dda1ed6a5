"""R13: uploads and sign-ins of those who are quick, in quiet and beside a thousand slow connections."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tests.bench import servers
from tests.bench.grounds import ground
from tests.bench.guessing import Seen, belong_here
from tests.bench.plan import Plan
from tests.bench.table import Row, percentile, render

CONNECTIONS = 1000
_WARMING_SECONDS = 3.0


def measure(plan: Plan) -> str:
    """Return the table."""
    seconds, rounds = plan.pick(smoke=(1.0, 1), standard=(5.0, 2), full=(20.0, 3))
    quiet, beside, held = Seen(), Seen(), 0
    with ExitStack() as stack:
        folder = stack.enter_context(servers.scratch())
        here = stack.enter_context(ground(plan, folder))
        service, known = stack.enter_context(servers.vault_service(here, folder, workers=2))
        source = servers.uploading(service, known)
        for number in range(rounds):
            belong_here(source, known, seconds, quiet, f"quiet-{number}")
            with crawling(source.port, seconds + 2 * _WARMING_SECONDS) as slow:
                time.sleep(_WARMING_SECONDS)
                belong_here(source, known, seconds, beside, f"beside-{number}")
            held += int(slow.communicate(timeout=30)[0]) // rounds
    note = f"{held} of {CONNECTIONS} were held open to the end"
    return render(
        f"R13: beside 1,000 slow connections (ours), and the same in quiet (peer){plan.where}",
        [
            *_rows("upload of 1 MiB", beside.uploads, quiet.uploads, note),
            *_rows("sign-in by link", beside.sign_ins, quiet.sign_ins, note),
        ],
    )


@contextmanager
def crawling(port: int, seconds: float) -> Iterator[subprocess.Popen[str]]:
    """Let a process hold slow connections until it has had its time."""
    command = [sys.executable, "-m", "tests.bench.crawler", str(port), str(CONNECTIONS), str(seconds)]
    process = subprocess.Popen(command, cwd=servers.ROOT, stdout=subprocess.PIPE, text=True)
    try:
        yield process
        process.wait(seconds + 30)
    finally:
        process.kill()
        process.wait()


def _rows(name: str, beside: list[float], quiet: list[float], note: str) -> list[Row]:
    return [
        Row(f"{name}, p50", "ms", percentile(beside, 50), percentile(quiet, 50), "", note=note),
        Row(f"{name}, p99", "ms", percentile(beside, 99), percentile(quiet, 99), "<= 2", note=note),
    ]
