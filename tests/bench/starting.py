"""P10: how soon the command is there, and what an idle worker holds."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import ExitStack

from tests.bench import servers
from tests.bench.grounds import ground
from tests.bench.plan import Plan
from tests.bench.table import Row, interleaved, render
from tests.harness.processes import memory_bytes
from tests.harness.service import COMMAND

_MILLISECONDS = 1000
_NOT_FOR_COMMANDS = ("CALLVAULT_", "PYTHONDONTWRITEBYTECODE")


def measure(plan: Plan) -> str:
    """Return the table."""
    rounds = plan.pick(smoke=1, standard=7, full=21)
    driver = {"sqlite": "aiosqlite", "postgresql": "psycopg"}[plan.database]
    with ExitStack() as stack:
        folder = stack.enter_context(servers.scratch())
        here = stack.enter_context(ground(plan, folder))
        service, known = stack.enter_context(servers.vault_service(here, folder))
        idle = memory_bytes(service.worker_pids[0], "VmRSS") / (1 << 20)
        python, ours = str(sys.executable), str(COMMAND)
        data = ["--data", str(known.data)]
        seen = interleaved(
            rounds,
            {
                "version": lambda: _run(ours, "--version"),
                "pass": lambda: _run(python, "-c", "pass"),
                "list": lambda: _run(ours, *data, "audit", "list"),
                "import": lambda: _run(python, "-c", f"import sqlalchemy.ext.asyncio, {driver}"),
            },
        )
    return render(
        f"P10: start, and memory at rest{plan.where}",
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
    """Return the milliseconds that a command takes. As installed, it has its bytecode like the libraries."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_FOR_COMMANDS)}
    begun = time.perf_counter()
    subprocess.run(command, env=clean, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - begun) * _MILLISECONDS
