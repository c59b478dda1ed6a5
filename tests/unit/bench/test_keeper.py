"""A bench leaves nothing, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.processes import children_of, eventually, wait_for_end

ROOT = Path(__file__).resolve().parents[3]

# A server in a session of its own, a folder with something in it, and a block that removes both.
WORK = """
import subprocess, sys, tempfile
from pathlib import Path
from tests.bench.keeper import kept_clean

def work():
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "a-file").touch()
        server = subprocess.Popen(["sleep", "600"], start_new_session=True)
        try:
            print(server.pid, flush=True)
            {ending}
        finally:
            server.terminate()
            server.wait()

sys.exit(kept_clean(work))
"""
WAITS = "server.wait()"


def started(folder: Path, ending: str = WAITS) -> subprocess.Popen[str]:
    """Start the work with temporary files below the folder."""
    return subprocess.Popen(
        [sys.executable, "-c", WORK.format(ending=ending)],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def server_of(process: subprocess.Popen[str]) -> int:
    """Wait for the server; return its process."""
    assert process.stdout is not None
    return int(process.stdout.readline())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_all_of_it(number: signal.Signals, tmp_path: Path) -> None:
    """`kill`, Ctrl-C, a closed terminal: no server and no folder stays, and the exit code says why."""
    process = started(tmp_path)
    server = server_of(process)
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode == 128 + number
    wait_for_end(server, 10)
    assert list(tmp_path.iterdir()) == []


def test_a_bench_that_is_killed_is_tidied_up_after(tmp_path: Path) -> None:
    """SIGKILL leaves it no time: whoever watches over it ends the server and removes the folder."""
    process = started(tmp_path)
    server = server_of(process)
    os.kill(children_of(process.pid)[0], signal.SIGKILL)
    process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGKILL
    wait_for_end(server, 10)
    assert list(tmp_path.iterdir()) == []


def test_a_killed_watcher_takes_the_bench_with_it(tmp_path: Path) -> None:
    """SIGKILL for the first process: the bench notices, and tidies up by itself."""
    process = started(tmp_path)
    server = server_of(process)
    process.kill()
    process.communicate(timeout=30)
    wait_for_end(server, 10)
    eventually(lambda: list(tmp_path.iterdir()) == [])


def test_an_error_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    """An exception ends with its traceback and exit code 1."""
    process = started(tmp_path, "raise LookupError('the figure')")
    server = server_of(process)
    _, told = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "LookupError: the figure" in told
    wait_for_end(server, 10)
    assert list(tmp_path.iterdir()) == []


def test_work_that_is_done_gives_its_code(tmp_path: Path) -> None:
    """What the bench returns is what the command exits with."""
    process = started(tmp_path, "return 3")
    process.communicate(timeout=30)
    assert process.returncode == 3
    assert list(tmp_path.iterdir()) == []
