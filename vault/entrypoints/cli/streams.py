"""Where recordings are written to, piece by piece: a new file for its owner alone, or standard output."""

from __future__ import annotations

import os
import secrets
import signal
import sys
import threading
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager, suppress
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

    Until then it has no name where the file system can do without, so that not even a kill leaves anything.

    Raise `CommandFailed` where there is a file already. What went to standard output can't be taken back.
    """
    if target == STDOUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path = Path(target)
    part = path.with_name(f".callvault-{secrets.token_hex(8)}.part")
    with _ended_by_signals():
        _create(path)  # the name is ours from here on, and empty until everything is there
        try:
            with _part_file(part) as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
                if not part.exists():
                    _give_name(file.fileno(), part)
            part.replace(path)
            _sync_folder(path.parent)
        except BaseException:
            part.unlink(missing_ok=True)
            path.unlink(missing_ok=True)
            raise


def _part_file(part: Path) -> BinaryIO:
    """Open a new file without a name, or of that name where the file system knows no others."""
    with suppress(OSError):
        unnamed = os.open(part.parent, os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        if Path(f"/proc/self/fd/{unnamed}").exists():
            return os.fdopen(unnamed, "wb")
        os.close(unnamed)
    _create(part)
    return part.open("wb")


def _give_name(descriptor: int, path: Path) -> None:
    """Name a file that has none (open(2), O_TMPFILE); with a folder given, Python follows the link."""
    os.link(f"/proc/self/fd/{descriptor}", path, src_dir_fd=descriptor, follow_symlinks=True)


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
def _ended_by_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP raise `SystemExit` meanwhile, so that what is half written is removed.

    A terminal that is closed, or a line to it that breaks, sends SIGHUP; who runs under `nohup` ignores it.
    """
    if threading.current_thread() is not threading.main_thread():  # only there Python takes signals
        yield
        return
    before = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGHUP)}
    for each, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(each, _end)
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _end(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(_SIGNAL_EXIT + number)


async def write_all(stream: BinaryIO, pieces: AsyncGenerator[bytes, None]) -> int:
    """Write every piece; return how many bytes that were."""
    written = 0
    async with aclosing(pieces):
        async for piece in pieces:
            written += stream.write(piece)
    return written
