"""P10: how soon the command is there, and what an idle worker holds."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import ExitStack

from tests.bench import servers
from tests.bench.table import Row, interleaved, render
from tests.harness.processes import memory_bytes
from tests.harness.service import COMMAND

_MILLISECONDS = 1000


def measure(full: bool) -> str:  # noqa: FBT001 - every bench is asked so
    """Return the table."""
    rounds = 21 if full else 7
    with ExitStack() as stack:
        folder = stack.enter_context(servers.scratch())
        service, known = stack.enter_context(servers.vault_service(folder))
        idle = memory_bytes(service.worker_pids[0], "VmRSS") / (1 << 20)
        python, ours = str(sys.executable), str(COMMAND)
        data = ["--data", str(known.data)]
        seen = interleaved(
            rounds,
            {
                "version": lambda: _run(ours, "--version"),
                "pass": lambda: _run(python, "-c", "pass"),
                "list": lambda: _run(ours, *data, "audit", "list"),
                "import": lambda: _run(python, "-c", "import sqlalchemy.ext.asyncio, aiosqlite"),
            },
        )
    return render(
        "P10: start, and memory at rest",
        [
            seen.row("`callvault --version`, beside `python -c pass`", "ms", "version", "pass", goal="<= 3"),
            seen.row(
                "`audit list`, beside importing SQLAlchemy and its driver",
                "ms",
                "list",
                "import",
                goal="<= 1.3",
            ),
            Row("resident memory of an idle worker", "MiB", idle, None, "<= 120"),
        ],
    )


def _run(*command: str) -> float:
    """Return the milliseconds that a command takes."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CALLVAULT_")}
    begun = time.perf_counter()
    subprocess.run(command, env=clean, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - begun) * _MILLISECONDS
