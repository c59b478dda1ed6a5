"""Stores of these tests: a folder without a reserve, and a disk that is really small."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from vault.store.filesystem import FilesystemBlobs


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return where the blobs of `store` lie."""
    return tmp_path / "blobs"


@pytest.fixture
def store(root: Path) -> Iterator[FilesystemBlobs]:
    """Return an empty store that keeps no reserve."""
    store = FilesystemBlobs(root, reserve_bytes=0)
    store.create()
    yield store
    store.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a folder on a disk of 8 MiB of its own."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk takes root")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"a small disk can't be mounted here: {mounted.stderr.decode().strip()}")
    yield folder
    # Lazily: a test that failed may still hold a file, and no disk must stay behind.
    subprocess.run(["umount", "--lazy", folder], check=True)
