"""Where recordings are written to, piece by piece: a new file for its owner alone, or standard output."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

from cyclopts import Parameter

from vault.entrypoints.cli.exits import CommandFailed

STDOUT = "-"

Target = Annotated[str, Parameter(name=("--output", "-o"), allow_leading_hyphen=True)]
"""A new file to write to; `-` is standard output."""


@contextmanager
def new_stream(target: str) -> Iterator[BinaryIO]:
    """Yield what is written to: durable once this is left, gone once it is left by an error.

    Raise `CommandFailed` where there is a file already. What went to standard output can't be taken back.
    """
    if target == STDOUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path = Path(target)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise CommandFailed(f"{path} exists already; nothing was opened") from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise


async def write_all(stream: BinaryIO, pieces: AsyncGenerator[bytes, None]) -> int:
    """Write every piece; return how many bytes that were."""
    written = 0
    async with aclosing(pieces):
        async for piece in pieces:
            written += stream.write(piece)
    return written
