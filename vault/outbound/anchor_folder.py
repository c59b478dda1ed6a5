"""Anchors in a folder, best on a disk of somebody else's: a file for each checkpoint, never written over.

checkpoint.000000000042         the signed note of the log with 42 entries
checkpoint.000000000042.tsr     the RFC 3161 response on it, as `openssl ts -verify -in` reads it
"""

from __future__ import annotations

import asyncio
import errno
import os
import re
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from keys.durable import write_new
from keys.timestamps import MOST_STAMP_BYTES
from vault.errors import AnchorUnavailable
from vault.ports.anchors import Anchor

_MOST_NOTE_BYTES = 64 << 10
_NAME = re.compile(r"checkpoint\.([0-9]{12}|[1-9][0-9]{12,17})")


class AnchorFolder:
    """See `vault.ports.anchors.AnchorPlace`.

    The folder must be there already: where a disk is away, nothing may be kept on the one below it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def name(self) -> str:
        """The folder."""
        return str(self._folder)

    async def keep(self, anchor: Anchor) -> None:
        """Keep an anchor durably; raise `AnchorUnavailable`."""
        await asyncio.to_thread(self._keep, anchor)

    async def sizes(self) -> Sequence[int]:
        """Return the sizes of what is kept, smallest first; raise `AnchorUnavailable`."""
        return await asyncio.to_thread(self._sizes)

    async def read(self, size: int) -> Anchor:
        """Return what is kept as the anchor of that size; raise `AnchorUnavailable`."""
        return await asyncio.to_thread(self._read, size)

    def _keep(self, anchor: Anchor) -> None:
        path = self._path(anchor.size)
        # The stamp first: where the note is, the stamp that was got for it is too.
        files = [(path, anchor.note)]
        if anchor.stamp is not None:
            files.insert(0, (_stamp_of(path), anchor.stamp))
        try:
            with suppress(FileNotFoundError):
                _must_be(path, anchor.note)
            for each, content in files:
                with suppress(FileExistsError):
                    write_new(each, content)
            _must_be(path, anchor.note)
        except OSError as error:
            raise self._unavailable(error) from None

    def _sizes(self) -> list[int]:
        try:
            found = [_NAME.fullmatch(path.name) for path in self._folder.iterdir()]
        except OSError as error:
            raise self._unavailable(error) from None
        return sorted(int(match[1]) for match in found if match)

    def _read(self, size: int) -> Anchor:
        path = self._path(size)
        try:
            note, stamp = _beginning(path, _MOST_NOTE_BYTES), None
            with suppress(FileNotFoundError):
                stamp = _beginning(_stamp_of(path), MOST_STAMP_BYTES)
        except OSError as error:
            raise self._unavailable(error) from None
        return Anchor(size, note, stamp)

    def _path(self, size: int) -> Path:
        return self._folder / f"checkpoint.{size:012}"

    def _unavailable(self, error: OSError) -> AnchorUnavailable:
        if isinstance(error, FileNotFoundError) and not self._folder.is_dir():
            return AnchorUnavailable(f"anchors in {self._folder}: no such folder; make it, or mount its disk")
        return AnchorUnavailable(f"anchors in {self._folder}: {error.strerror}")


def _stamp_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.tsr")


def _must_be(path: Path, note: bytes) -> None:
    """Pass if that note is what lies there; raise `AnchorUnavailable`, or `OSError`."""
    if _beginning(path, _MOST_NOTE_BYTES) != note:
        raise AnchorUnavailable(
            f"anchors in {path.parent}: {path.name} is there, and is another than this log's; "
            "is the folder another vault's, too? Give each its own"
        )


def _beginning(path: Path, most_bytes: int) -> bytes:
    # Without O_NONBLOCK a named pipe would hold us up for ever.
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, f"{path.name} is no file")
        return file.read(most_bytes)
