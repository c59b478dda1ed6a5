"""Where blobs lie in a folder: `ROOT/<first two characters>/<key>`, unfinished ones as `<key>.part`.

1,024 folders keep each one short at a million recordings. A marker file in the root tells the blob
folder from the empty mount point of a disk that is not there: without it a deletion would be
«proven» on an empty folder, and recordings would be written to the wrong disk. It also names the vault
whose blobs these are: to the sweep of another one, every one of them would be a blob without a recording.
"""

from __future__ import annotations

import errno
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from keys.durable import make_folder, sync_folder, write_new
from vault.domain.names import BlobKey
from vault.errors import ConfigInvalid, StorageFull, StoreUnavailable, VaultExists
from vault.store.blobkey import is_blob_key

MARKER = "callvault.blobs"
UNFINISHED = ".part"
_NAME_CHARACTERS = 2
_FOLDER_MODE = 0o700
_MARKER_TEXT = (
    b"Callvault keeps sealed recordings here. Leave this file: it tells the folder from an empty disk.\n"
)
_OWNER = b"vault "
_ANOTHERS = "the blob folder is another vault's; look at [store] url"
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Turn an `OSError` into `StorageFull` or `StoreUnavailable`; the message names `what` and no path."""
    try:
        yield
    except OSError as error:
        reason = f"{what}: {error.strerror or 'the disk does not answer'}"
        if error.errno in _FULL:
            raise StorageFull(reason) from error
        raise StoreUnavailable(reason) from error


@dataclass(frozen=True, slots=True)
class Place:
    """Where one blob lies, whole or unfinished."""

    folder: Path
    whole: Path
    unfinished: Path


class BlobFolders:
    """The folders of one store. All of it blocks; call it on a thread."""

    def __init__(self, root: Path, owner: str | None = None) -> None:
        self.root = root
        self._owner = owner
        self._is_ours = owner is None
        self._marker = root / MARKER
        # Folders whose own name is durable: an existing folder may be another put's, not synced yet.
        self._durable: set[Path] = set()

    def create(self) -> None:
        """Make the root and its marker, durably; what is there already stays.

        Raise `VaultExists` for a folder that is another vault's. It is ours once claimed: an `init` that
        comes to nothing leaves no name behind.
        """
        make_folder(self.root)
        if self._owner is not None and self._marker.exists():
            self._must_be_free(self._owner)
        with suppress(FileExistsError):
            write_new(self._marker, _MARKER_TEXT)

    def claim(self) -> None:
        """Name our vault in a marker that names none; raise `ConfigInvalid` for another vault's folder."""
        if self._owner is None or not self._marker.exists():
            return
        if self._owner_told() is None:
            with self._marker.open("ab") as marker:  # two that claim it at once: the first line counts
                marker.write(_OWNER + self._owner.encode() + b"\n")
                marker.flush()
                os.fsync(marker.fileno())
        if self._owner_told() != self._owner:
            raise ConfigInvalid(_ANOTHERS)

    def require(self) -> None:
        """Raise `StoreUnavailable` unless this is the folder that `create` made, for our vault."""
        if not self._marker.exists():
            raise StoreUnavailable("the blob folder is not there: is its disk mounted, was `init` run?")
        if not self._is_ours:
            told = self._owner_told()
            if told not in {None, self._owner}:
                raise StoreUnavailable(_ANOTHERS)
            self._is_ours = told is not None

    def place(self, key: BlobKey) -> Place:
        """Return where a key's blob lies."""
        folder = self.root / key[:_NAME_CHARACTERS]
        return Place(folder, folder / key, folder / (key + UNFINISHED))

    def prepare(self, place: Place) -> None:
        """Make the folder of a blob that is about to be written."""
        self.require()
        if place.folder not in self._durable:
            place.folder.mkdir(mode=_FOLDER_MODE, exist_ok=True)

    def sync(self, place: Place) -> None:
        """Make the blob's name durable, and its folder's name when this process has not done so yet."""
        sync_folder(place.folder)
        if place.folder not in self._durable:
            sync_folder(self.root)
            self._durable.add(place.folder)

    def remove(self, key: BlobKey) -> None:
        """Unlink the blob, finished or not, durably, and look that it is gone.

        The folder is synced even if nothing was there: an earlier removal may have stopped before that.
        """
        self.require()
        place = self.place(key)
        places = (place.whole, place.unfinished)
        for path in places:
            path.unlink(missing_ok=True)
        if place.folder.exists():
            sync_folder(place.folder)
        if any(os.path.lexists(path) for path in places):
            raise StoreUnavailable(f"blob {key}: still there after its removal")

    def names(self) -> list[str]:
        """Return the names of the two-character folders there are, sorted."""
        self.require()
        with os.scandir(self.root) as entries:
            return sorted(entry.name for entry in entries if len(entry.name) == _NAME_CHARACTERS)

    def probe(self) -> None:
        """Write a little file and take it away again; raise `OSError` if the folder takes none."""
        self.require()
        probe = self.root / f"probe.{os.getpid()}"
        probe.write_bytes(_MARKER_TEXT)
        probe.unlink(missing_ok=True)

    def keys_before(self, name: str, timestamp: float) -> list[BlobKey]:
        """Return the keys in one folder last written before `timestamp` (seconds), also unfinished ones."""
        found: set[BlobKey] = set()
        try:
            with os.scandir(self.root / name) as entries:
                for entry in entries:
                    key = entry.name.removesuffix(UNFINISHED)
                    if (
                        key[:_NAME_CHARACTERS] == name
                        and is_blob_key(key)
                        and _written_before(entry, timestamp)
                    ):
                        found.add(BlobKey(key))
        except (FileNotFoundError, NotADirectoryError):  # removed since it was listed, or none of ours
            return []
        return sorted(found)

    def _owner_told(self) -> str | None:
        """Return the vault that the marker names, None for a marker that names none."""
        lines = self._marker.read_bytes().splitlines()
        found = next((line for line in lines if line.startswith(_OWNER)), None)
        return None if found is None else found.removeprefix(_OWNER).decode(errors="replace")

    def _must_be_free(self, owner: str) -> None:
        told = self._owner_told()
        if told == owner:
            return
        with os.scandir(self.root) as entries:
            folders = [entry.name for entry in entries if len(entry.name) == _NAME_CHARACTERS]
        if told is not None or any(self.keys_before(name, math.inf) for name in folders):
            raise VaultExists(
                "the folder of [store] url is another vault's; choose another. If an init was cut off, "
                f"remove {MARKER} in it. Nothing was changed"
            )


def _written_before(entry: os.DirEntry[str], timestamp: float) -> bool:
    try:
        return entry.stat(follow_symlinks=False).st_mtime < timestamp
    except FileNotFoundError:  # removed, or finished under its other name, since it was listed
        return False
