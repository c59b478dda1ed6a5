"""Slot files of one vault, in folders that any file system may hold."""

from __future__ import annotations

from pathlib import Path

from keys.slots import SlotFile

VAULT = "vault-1"


def made(*folders: Path) -> SlotFile:
    """Return a new one with its first segment."""
    slots = SlotFile.create(folders, vault_id=VAULT, allow_unsafe=True)
    slots.ensure(0)
    return slots


def reopen(*folders: Path) -> SlotFile:
    """Open it as another process would."""
    return SlotFile.open(folders, vault_id=VAULT, allow_unsafe=True)


def segment_of(folder: Path, segment: int = 0) -> bytes:
    """Read the raw bytes of a segment."""
    return (folder / f"{segment:08d}.slots").read_bytes()
