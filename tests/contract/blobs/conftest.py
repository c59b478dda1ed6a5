"""Who runs the contract of `BlobStore`: a bench per adapter, chosen by the fixture's parameter.

An adapter joins by a class with these four members and a line in `BENCHES`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest

from tests.fakes.blobs import MemoryBlobs
from vault.domain.names import BlobKey
from vault.ports.blobs import BlobStore
from vault.store.filesystem import FilesystemBlobs
from vault.store.folders import MARKER


class Bench(Protocol):
    """A store and what its port does not offer: ways to put it into trouble."""

    @property
    def store(self) -> BlobStore:
        """The store, empty at first."""
        ...

    async def leave_unfinished(self, key: BlobKey) -> None:
        """Leave what a killed writer leaves."""
        ...

    async def cut(self, key: BlobKey, size: int) -> None:
        """Shorten a stored blob behind the store's back."""
        ...

    async def take_down(self) -> None:
        """Make the store unreachable, its content unharmed."""
        ...


class FilesystemBench:
    """Files in a temporary folder."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "blobs"
        self.store = FilesystemBlobs(self.root, reserve_bytes=0)
        self.store.create()

    async def leave_unfinished(self, key: BlobKey) -> None:
        """Write half of it under the unfinished name."""
        (self.root / key[:2]).mkdir(exist_ok=True)
        (self.root / key[:2] / f"{key}.part").write_bytes(b"half")

    async def cut(self, key: BlobKey, size: int) -> None:
        """Truncate the file."""
        (self.root / key[:2] / key).write_bytes(b"x" * size)

    async def take_down(self) -> None:
        """Unmount the disk, as far as the store can tell: an empty folder stays."""
        self.root.rename(self.root.with_name("elsewhere"))
        self.root.mkdir()
        assert not (self.root / MARKER).exists()


class MemoryBench:
    """The fake: whatever tests rely on it for must hold for the real ones."""

    def __init__(self, _folder: Path) -> None:
        self._memory = MemoryBlobs()

    @property
    def store(self) -> BlobStore:
        """The fake."""
        return self._memory

    async def leave_unfinished(self, key: BlobKey) -> None:
        """Put the key among the unfinished ones."""
        self._memory.unfinished.add(key)

    async def cut(self, key: BlobKey, size: int) -> None:
        """Keep the first bytes only."""
        self._memory.blobs[key] = self._memory.blobs[key][:size]

    async def take_down(self) -> None:
        """Say so."""
        self._memory.down = True


BENCHES: dict[str, Callable[[Path], Bench]] = {"filesystem": FilesystemBench, "memory": MemoryBench}


@pytest.fixture(params=sorted(BENCHES))
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    """Return a fresh, empty store of each kind."""
    return BENCHES[request.param](tmp_path)


@pytest.fixture
def store(bench: Bench) -> BlobStore:
    """Return the store itself, for promises that need no trouble."""
    return bench.store
