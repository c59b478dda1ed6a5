"""The slots: file systems that overwrite in place, and mirrors that are there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from keys.errors import KeysError
from keys.slots import SlotFile
from keys.slots.filesystem import describe_filesystem
from vault.config import Settings
from vault.domain.event import Action
from vault.entrypoints.cli.checks.check import Check, Level
from vault.ports.log import EventFilter
from vault.ports.vault import Vault

_SHOWN = 3
_MIRRORS = 100  # the newest of them; nobody has so many


def check_slot_folders(settings: Settings) -> Iterator[Check]:
    """Look at the file systems, and at how many there are."""
    allowed = settings.slots.allow_unsafe_filesystem
    for path in settings.slots.paths:
        filesystem = describe_filesystem(path)
        if filesystem.problem:
            level = Level.WARNING if allowed else Level.FAILURE
            yield Check(level, "slots", f"{path}: {filesystem}: {filesystem.problem}")
        else:
            yield Check(Level.OK, "slots", f"{path}: {filesystem} overwrites in place")
    if len(settings.slots.paths) == 1:
        yield Check(Level.WARNING, "slots", "one folder only: whoever loses its disk loses every recording")


def check_mirrors(vault: Vault, settings: Settings) -> Iterator[Check]:
    """See that every mirror is there and in use."""
    slots = settings.slots
    try:
        file = SlotFile.open(slots.paths, vault_id=vault.id, allow_unsafe=slots.allow_unsafe_filesystem)
        lost = file.lost_segments()
    except KeysError as error:
        yield Check(Level.FAILURE, "slot mirrors", str(error))
        return
    for path, why in file.away.items():
        yield Check(Level.FAILURE, "slot mirrors", f"{path} is away: {why}")
    if lost:
        names = ", ".join(f"{segment:08}.slots" for segment in lost[:_SHOWN])
        yield Check(
            Level.FAILURE,
            "slot mirrors",
            f"{len(lost)} files that were made are on no mirror, such as {names}: what lies under their "
            "slots can't be opened. Put that file back from a disk that was a mirror",
        )
    if not file.away:
        yield Check(Level.OK, "slot mirrors", f"all {len(file.paths)} in use")


async def check_dropped_mirrors(vault: Vault, settings: Settings) -> AsyncIterator[Check]:
    """Look in the log for mirrors that were filled and are listed no more: nothing is destroyed on those."""
    async with vault.reading() as rows:
        added = await rows.events.list(EventFilter(action=Action.MIRROR_ADDED), limit=_MIRRORS)
    filled = dict.fromkeys(str(entry.detail["path"]) for entry in added if entry.detail)
    for path in filled.keys() - {str(path.absolute()) for path in settings.slots.paths}:
        yield Check(
            Level.WARNING,
            "slot mirrors",
            f"{path} was filled with every slot and is not in [slots] paths: what is destroyed stays "
            "alive there. List it again, or destroy that disk",
        )
