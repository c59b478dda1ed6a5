"""Where recordings are written to, piece by piece: a new file for its owner alone, or standard output."""

from __future__ import annotations

import os
import secrets
import signal
import sys
import threading
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated, BinaryIO

from cyclopts import Parameter

from vault.entrypoints.cli.exits import CommandFailed

STDOUT = "-"
_SIGNAL_EXIT = 128  # as shells say it

Target = Annotated[str, Parameter(name=("--output", "-o"), allow_leading_hyphen=True)]
"""A new file to write to; `-` is standard output."""


@contextmanager
def new_stream(target: str) -> Iterator[BinaryIO]:
    """Yield what is written to: whole and durable once this is left, gone if an error or a signal ends it.

    Raise `CommandFailed` where there is a file already. What went to standard output can't be taken back.
    """
    if target == STDOUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path = Path(target)
    part = path.with_name(f".callvault-{secrets.token_hex(8)}.part")
    with _ended_by_sigterm():
        _create(path)  # the name is ours from here on, and empty until everything is there
        try:
            _create(part)
            with part.open("wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
            _sync_folder(path.parent)
        except BaseException:
            part.unlink(missing_ok=True)
            path.unlink(missing_ok=True)
            raise


def _create(path: Path) -> None:
    """Create an empty file that only its owner can read; raise `CommandFailed` where there is one."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        raise CommandFailed(f"{path} exists already; nothing was opened") from None


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM raise `SystemExit` meanwhile, so that what is half written is removed."""
    if threading.current_thread() is not threading.main_thread():  # only there Python takes signals
        yield
        return
    before = signal.signal(signal.SIGTERM, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _end(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(_SIGNAL_EXIT + number)


async def write_all(stream: BinaryIO, pieces: AsyncGenerator[bytes, None]) -> int:
    """Write every piece; return how many bytes that were."""
    written = 0
    async with aclosing(pieces):
        async for piece in pieces:
            written += stream.write(piece)
    return written
