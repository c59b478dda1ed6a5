"""The README's transcript is what `make demo` prints."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

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
    r"(?m)^root  \S+$": "root  HASH",
    r"searched \d+ files": "searched N files",
    r"  +": "  ",  # columns are as wide as what is in them
}


def steady(text: str) -> str:
    """Return a transcript without what differs from run to run."""
    for pattern, word in CHANGING.items():
        text = re.sub(pattern, word, text)
    return text.strip()


@pytest.mark.timeout(300)
def test_the_transcript_is_what_the_demonstration_prints() -> None:
    """`make demo` exits 0, and prints what the README shows, line by line."""
    shown = re.search(r"```text\n(.*?)\n```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert shown is not None
    done = subprocess.run(
        [sys.executable, "deploy/demo.py"],
        cwd=ROOT,
        env={**os.environ, "TZ": "UTC"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert steady(done.stdout).splitlines() == steady(shown[1]).splitlines()
