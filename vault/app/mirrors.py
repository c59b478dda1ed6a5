"""Adds a folder for the slots to a vault that is not running."""

from __future__ import annotations

import asyncio
from pathlib import Path

from msgspec import structs

from keys.slots import SlotFile
from vault.app.opening import read_record
from vault.config import Settings


async def add_mirror(settings: Settings, path: Path) -> Settings:
    """Fill a new folder with every slot; return the settings that use it.

    No service may run meanwhile: it would not know of the folder. Raise what `SlotFile.add_mirror` does.
    """
    record = await read_record(settings)
    known = tuple(each for each in settings.slots.paths if each != path)
    slots = await asyncio.to_thread(
        SlotFile.open,
        known,
        vault_id=record.id,
        allow_unsafe=settings.slots.allow_unsafe_filesystem,
    )
    await asyncio.to_thread(slots.add_mirror, path)
    return structs.replace(settings, slots=structs.replace(settings.slots, paths=(*known, path)))
