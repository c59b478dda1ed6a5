"""The README's transcript is what `make demo` prints."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.processes import children_of, wait_for_end

ROOT = Path(__file__).resolve().parents[2]

# What differs from run to run, and nothing else.
CHANGING = {
    r"\b[a-z]+(?:-[a-z]+){5,}\b": "PASSWORD",
    r"/\S*/callvault-demo-\w+": "FOLDER",
    r"127\.0\.0\.1:\d+": "HOST",
    r"--port \d+": "--port PORT",
    r"#[\w-]{22}": "#TOKEN",
    r"callvault/\w{20}\+[0-9a-f]{8}\+\S+": "VERIFIER-KEY",
    r"\b[0-9a-hjkmnp-tv-z]{20}\b": "ID",
    r"show [0-9a-z]{6}\b": "show ID",
    r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+Z)?": "TIME",
    r"(?m)^root +\S+$": "root  HASH",
    r"searched \d+ files": "searched N files",
    r"  +": "  ",  # columns are as wide as what is in them
}


def steady(text: str) -> str:
    """Return a transcript without what differs from run to run."""
    for pattern, word in CHANGING.items():
        text = re.sub(pattern, word, text)
    return text.strip()


def demonstration(**parts: str) -> subprocess.CompletedProcess[str]:
    """Run it as `make demo` does."""
    return subprocess.run(
        [sys.executable, "-m", "deploy.demo"],
        cwd=ROOT,
        env={**os.environ, "TZ": "UTC", **parts},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"STORE": "s3"},
        {"DATABASE": "postgresql"},
        {"STORE": "s3", "DATABASE": "postgresql", "CUSTODY": "awskms"},
    ],
    ids=lambda parts: " ".join(parts.values()) or "default",
)
def test_the_transcript_is_what_the_demonstration_prints(parts: dict[str, str]) -> None:
    """`make demo` exits 0, and prints what the README shows, line by line, whatever the vault stands on."""
    shown = re.search(r"```text\n(.*?)\n```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert shown is not None
    done = demonstration(**parts)
    if done.stderr.startswith("demo: there is no PostgreSQL"):
        pytest.skip(done.stderr)
    assert done.returncode == 0, done.stdout + done.stderr
    assert steady(done.stdout).splitlines() == steady(shown[1]).splitlines()


def test_an_unknown_part_is_told_in_one_line() -> None:
    """A slip of the pen neither runs something else nor shows a traceback."""
    done = demonstration(STORE="s4")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "demo: STORE=s4 is unknown: STORE is files or s3\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_demonstration_that_is_ended_leaves_nothing(number: signal.Signals, tmp_path: Path) -> None:
    """Ctrl-C, or `kill`, while the service runs: no process and no folder stays."""
    process = subprocess.Popen(
        [sys.executable, "-m", "deploy.demo"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path), "STORE": "s3"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    while "accepting" not in process.stdout.readline():
        assert process.poll() is None
    started = [pid for child in children_of(process.pid) for pid in (child, *children_of(child))]
    process.send_signal(number)
    _, told = process.communicate(timeout=60)
    assert (process.returncode, told) == (130, "demo: stopped\n")
    for pid in started:
        wait_for_end(pid, 20)
    assert list(tmp_path.iterdir()) == []
