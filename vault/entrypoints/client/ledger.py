"""What this folder holds already: a line for every recording that arrived and for every certificate.

It lets a later run confirm what an earlier one could not, and pass over what is kept by the vault.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

_FILE_NAME = ".callvault-fetched"


@dataclass(frozen=True, slots=True)
class Held:
    """A recording on our disk: its file in the folder, and how the vault answered our receipt, if it did."""

    id: str
    file: str
    sha256: str
    state: str | None = None


@dataclass(slots=True)
class Ledger:
    """The lines of one folder, by recording; the last one of a recording counts."""

    folder: Path
    held: dict[str, Held] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path) -> Ledger:
        """Read the ledger; a line that a crash cut short is passed over."""
        ledger = cls(folder)
        path = folder / _FILE_NAME
        lines = path.read_text("utf-8", "replace").splitlines() if path.exists() else []
        for line in lines:
            if entry := _parse(line):
                ledger.held[entry.id] = entry
        return ledger

    def note(self, entry: Held) -> None:
        """Add a line, durably."""
        line = json.dumps({"id": entry.id, "file": entry.file, "sha256": entry.sha256, "state": entry.state})
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        fd = os.open(self.folder / _FILE_NAME, flags, 0o600)
        try:
            # The newline before it ends a line that a crash may have cut short.
            os.write(fd, f"\n{line}\n".encode())
            os.fsync(fd)
        finally:
            os.close(fd)
        self.held[entry.id] = entry


def _parse(line: str) -> Held | None:
    try:
        entry = Held(**json.loads(line))
    except (ValueError, TypeError):
        return None
    # The folder may be shared: a line must not lead anywhere else.
    return entry if Path(str(entry.file)).name == entry.file else None
