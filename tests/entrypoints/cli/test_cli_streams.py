"""What is being written when a command ends: a recording, opened, is in its file whole or nowhere."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from vault.entrypoints.cli.streams import new_stream

_WRITER = """
import sys
from vault.entrypoints.cli.streams import new_stream
with new_stream(sys.argv[1]) as stream:
    stream.write(b"plaintext" * 100_000)
    stream.flush()
    print("writing", flush=True)
    sys.stdin.read()
"""


@contextmanager
def writing(target: Path, *before: str) -> Iterator[subprocess.Popen[str]]:
    """Run a program that is in the middle of writing; it ends by itself when its standard input does."""
    words = [*before, sys.executable, "-c", _WRITER, str(target)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        try:
            yield process
        finally:
            process.stdin.close()
            process.wait(30)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_nothing_stays_of_what_a_signal_ended(tmp_path: Path, number: signal.Signals) -> None:
    """A service manager, a terminal that is closed, Ctrl-C: neither the file nor a part of it is left."""
    with writing(tmp_path / "call.wav") as process:
        process.send_signal(number)
        assert process.wait(30) != 0
    assert list(tmp_path.iterdir()) == []


def test_a_killed_command_leaves_no_plaintext(tmp_path: Path) -> None:
    """What nobody can catch leaves the empty name at most: the bytes never had one."""
    try:
        os.close(os.open(tmp_path, os.O_TMPFILE | os.O_WRONLY))
    except OSError as error:
        pytest.skip(f"this file system has no files without names: {error.strerror}")
    with writing(tmp_path / "call.wav") as process:
        process.kill()
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) == 0


def test_nohup_goes_on(tmp_path: Path) -> None:
    """Who had hang-ups ignored writes to the end."""
    with writing(tmp_path / "call.wav", "nohup") as process:
        process.send_signal(signal.SIGHUP)
    assert (tmp_path / "call.wav").stat().st_size == 900_000


def test_without_files_that_have_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a file system knows none, a part file of its owner's alone becomes the whole one."""
    monkeypatch.setattr(os, "O_TMPFILE", os.O_DIRECTORY | os.O_CREAT | os.O_EXCL)  # refused everywhere
    with new_stream(str(tmp_path / "call.wav")) as stream:
        stream.write(b"plaintext")
        assert len(list(tmp_path.glob(".callvault-*.part"))) == 1
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("call.wav", b"plaintext")]
    assert (tmp_path / "call.wav").stat().st_mode & 0o777 == 0o600
