"""Slots: 32 random bytes each, overwritten in place when what lies under them has to be gone.

A slot file is a folder of segments, mirrored on as many disks as the operator likes. See "The slot
file" in the design, and `sealing` for what is put under a slot.
"""

from keys.slots.filesystem import FileSystem, describe_filesystem
from keys.slots.layout import SEGMENT_BYTES, SLOT_BYTES, SLOTS_PER_SEGMENT
from keys.slots.mirror import holds_slots
from keys.slots.repair import Repair
from keys.slots.sealing import open_under, seal_under
from keys.slots.slotfile import Destruction, SlotFile

__all__ = [
    "SEGMENT_BYTES",
    "SLOTS_PER_SEGMENT",
    "SLOT_BYTES",
    "Destruction",
    "FileSystem",
    "Repair",
    "SlotFile",
    "describe_filesystem",
    "holds_slots",
    "open_under",
    "seal_under",
]
