"""The test's side of a process whose forks die at a step: orders go in, the steps passed come out."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from tests.harness.vaults import RealVault

_ROOT = Path(__file__).parent.parent.parent


class Dying:
    """The process; it takes longer to start than to do its work, so one serves many orders."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, known: RealVault, secret: str, die_at: str) -> list[str]:
        """Do its work on a vault by a DPO's identity and die at a step; return the steps that were passed.

        An empty step lets it live.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        orders = {"vault": asdict(known) | {"data": str(known.data)}, "identity": secret, "die_at": die_at}
        self._process.stdin.write(json.dumps(orders) + "\n")
        self._process.stdin.flush()
        passed: list[str] = []
        while not (passed and passed[-1].startswith("ended")):
            line = self._process.stdout.readline()
            assert line, "the process is gone"
            passed.append(line.rstrip())
        assert passed.pop() == f"ended {-signal.SIGKILL if die_at else 0}"
        return passed


@contextmanager
def dying_process(module: str) -> Iterator[Dying]:
    """Start the module; end it and its forks at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", module],
        cwd=_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        try:
            yield Dying(process)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
