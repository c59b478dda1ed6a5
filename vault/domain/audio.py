"""What the first bytes and the name of a recording tell: its length, and whether its header was completed.

PBXs write WAV header sizes when a file is closed: sizes of 0 mean that it was not. Headerless formats
(ulaw, gsm, ...) are told by their extension alone.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

HEAD_BYTES = 512
"""How much of the beginning `inspect` wants to see."""

_BYTES_PER_SECOND = {
    "ulaw": 8000,
    "alaw": 8000,
    "pcm": 8000,
    "g722": 8000,
    "gsm": 1650,  # 33 bytes every 20 ms
    "sln": 16000,
    "sln16": 32000,
}


@dataclass(frozen=True, slots=True)
class AudioFacts:
    """Length in seconds by the file's own length, if the format tells; the flag of an unfinished header."""

    duration_seconds: float | None = None
    header_incomplete: bool = False


def inspect(head: bytes, total_bytes: int, file_name: str | None) -> AudioFacts:
    """Return what the head of a recording of `total_bytes` and its name tell; never raises."""
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return _inspect_wave(head, total_bytes)
    extension = (file_name or "").rpartition(".")[2].lower()
    rate = _BYTES_PER_SECOND.get(extension)
    return AudioFacts(duration_seconds=total_bytes / rate if rate else None)


def _inspect_wave(head: bytes, total_bytes: int) -> AudioFacts:
    """Walk the RIFF chunks up to `data`; trust the file's length over the sizes written in it.

    Where `data` lies beyond the head, as after a long `bext` or `LIST`, nothing is known of it.
    """
    bytes_per_second = 0
    offset = 12
    while offset + 8 <= len(head):
        name, size = head[offset : offset + 4], struct.unpack_from("<I", head, offset + 4)[0]
        if name == b"fmt " and offset + 24 <= len(head):
            bytes_per_second = struct.unpack_from("<I", head, offset + 16)[0]
        if name == b"data":
            sound_bytes = total_bytes - offset - 8
            duration = sound_bytes / bytes_per_second if bytes_per_second else None
            return AudioFacts(duration, header_incomplete=size == 0 and sound_bytes > 0)
        offset += 8 + size + size % 2
    return AudioFacts(header_incomplete=offset + 8 > total_bytes)
