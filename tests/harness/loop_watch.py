"""Watching an event loop's thread for what must never run on it: waiting for a disk, long computing.

No clock is asked: what would block is recognised by what it is, however quick it was this time.
"""

from __future__ import annotations

import hashlib
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest

LONGEST_HASHED_BYTES = 2048
"""Python's hashes keep the interpreter to themselves up to 2,047 bytes, and are done in microseconds."""

_WAITING_FOR_A_DISK = {
    *("fsync", "fdatasync", "sync", "pread", "pwrite", "preadv", "pwritev", "write", "read", "sendfile"),
    *("open", "unlink", "remove", "rename", "replace", "link", "mkdir", "rmdir", "scandir", "listdir"),
    *("ftruncate", "truncate", "posix_fadvise", "statvfs", "fstatvfs", "flock", "lockf"),
}
_MODULES_OF_THEM = {"posix", "io", "_io", "fcntl"}
_SQL = {"execute", "executemany", "executescript", "commit", "rollback", "fetchall", "connect"}
_CIPHER = {"encrypt", "decrypt", "encrypt_into", "decrypt_into"}
_CIPHERS_FOR_THREADS = ("keys/age/sealing.py", "keys/age/opening.py", "keys/age/hybrid.py")
"""Payloads, and what costs an ML-KEM encapsulation. Small things under a slot may be sealed anywhere."""
_LONG_COMPUTING = {"hash_secret_raw", "hash_secret", "from_seed_bytes"}


class LoopWatch:
    """Notes what blocks on the thread in which `watching` was entered."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self.findings: set[str] = set()

    def profile(self, frame: FrameType, event: str, callee: Any) -> None:  # noqa: ANN401 - what `sys.setprofile` brings
        """Look at a call of a function written in C, or at one of Python by its name."""
        if event == "c_call" and _blocks(frame, callee):
            self.note(str(callee.__name__), frame)
        elif event == "call" and frame.f_code.co_name in _LONG_COMPUTING:
            self.note(frame.f_code.co_name, frame.f_back)

    def note(self, name: str, frame: FrameType | None) -> None:
        """Remember a finding, with the nearest places that led to it."""
        if threading.get_ident() != self._thread:
            return
        places: list[str] = []
        while frame is not None and len(places) < 4:
            places.append(f"{frame.f_code.co_filename}:{frame.f_lineno}")
            frame = frame.f_back
        self.findings.add(f"{name} from {' from '.join(places)}")

    @contextmanager
    def watching(self, patch: pytest.MonkeyPatch) -> Iterator[None]:
        """Watch this thread until the block ends; hashes everywhere, for they tell no size to a profile."""
        real = hashlib.sha256
        patch.setattr(hashlib, "sha256", lambda data=b"", **options: _Hash(self, real(**options), data))
        sys.setprofile(self.profile)
        try:
            yield
        finally:
            sys.setprofile(None)
            patch.undo()


class _Hash:
    """A hash that notes long input on the watched thread."""

    def __init__(self, watch: LoopWatch, real: Any, data: bytes) -> None:  # noqa: ANN401 - hashlib names no type
        self._watch, self._real = watch, real
        self.update(data)

    def update(self, data: bytes) -> None:
        """Hash more."""
        if len(data) > LONGEST_HASHED_BYTES:
            self._watch.note(f"sha256 of {len(data)} bytes", sys._getframe(1))
        self._real.update(data)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever else a hash has
        return getattr(self._real, name)


def _blocks(frame: FrameType, callee: Any) -> bool:  # noqa: ANN401 - any function written in C
    name, module = getattr(callee, "__name__", ""), getattr(callee, "__module__", None)
    owner = getattr(callee, "__self__", None)
    if name in _WAITING_FOR_A_DISK and module in _MODULES_OF_THEM:
        return "importlib" not in frame.f_code.co_filename
    if name == "sleep" and module == "time":
        return True
    if name in _SQL and type(owner).__module__ == "sqlite3":
        return True
    return name in _CIPHER and frame.f_code.co_filename.endswith(_CIPHERS_FOR_THREADS)
