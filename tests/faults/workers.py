"""The process of `deeds`, as a trial drives it: orders out, words in, with a limit of time on each."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.harness.vaults import RealVault

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 60.0


class Worker:
    """Forks that do one thing and are watched; `words` is everything the present one has said."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._rest = b""
        self._killing = threading.Lock()
        self.pid = 0
        """The fork's, while there is one."""
        self.words: list[tuple[str, dict[str, Any]]] = []

    def begin(self, known: RealVault, deed: str, **order: object) -> None:
        """Order a deed over a vault, in a fork of its own; end one that a failed trial left in the middle."""
        self.kill()
        self.words.clear()
        self.tell(json.dumps({"vault": asdict(known) | {"data": str(known.data)}, "deed": deed, **order}))
        self.pid = self.wait_for("forked")["pid"]

    def tell(self, line: str) -> None:
        """Send a line: the fork reads it, or the process as its next order."""
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()

    def wait_for(self, *words: str) -> dict[str, Any]:
        """Return the facts of the next of these words; raise if the fork ends first."""
        while True:
            word, facts = self._next()
            if word in words:
                return facts
            assert word != "ended", f"ended with {facts['code']} before {words}: {self.words[-3:]}"

    def kill(self) -> None:
        """End the fork as kill -9 does, if there is one; read whatever it says to its end."""
        with self._killing:
            if self.pid:
                with suppress(ProcessLookupError):
                    os.kill(self.pid, signal.SIGKILL)
                self.wait_for("ended")

    def said(self, word: str) -> list[dict[str, Any]]:
        """Return the facts of every such word so far."""
        return [facts for each, facts in self.words if each == word]

    def _next(self) -> tuple[str, dict[str, Any]]:
        assert self._process.stdout is not None
        while b"\n" not in self._rest:
            ready, _, _ = select.select([self._process.stdout], [], [], PATIENCE_SECONDS)
            assert ready, f"nothing came for {PATIENCE_SECONDS:.0f} s after {self.words[-3:]}"
            more = os.read(self._process.stdout.fileno(), 65536)
            assert more, "the process is gone"
            self._rest += more
        line, _, self._rest = self._rest.partition(b"\n")
        word, _, facts = line.decode().partition(" ")
        self.words.append((word, json.loads(facts)))
        if word == "ended":
            self.pid = 0
        return self.words[-1]


@contextmanager
def worker(log: Path) -> Iterator[Worker]:
    """Start one in a process group of its own; end all of it whatever happens. Its errors go to `log`."""
    with log.open("ab") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.deeds"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            process_group=0,
        )
    with process:
        try:
            yield Worker(process)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
