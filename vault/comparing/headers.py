"""Headers held against their recordings and slots: without its own, a recording is lost to everybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from keys.secret import Secret
from vault.domain.names import RecordingId
from vault.domain.recording import Recording, RecordingState
from vault.ports.recording_parts import Beside
from vault.sealing.own_slots import lies_there, of_recording


def wrong_headers(
    batch: Sequence[Recording], beside: Mapping[RecordingId, Beside], living: Mapping[int, Secret]
) -> Mapping[RecordingId, str]:
    """Return what is wrong with whose header; `living` are the batch's slots that are not destroyed."""
    told = {each.id: _wrong(each, beside[each.id].header, living.get(each.slot)) for each in batch}
    return {recording: what for recording, what in told.items() if what is not None}


def _wrong(recording: Recording, header: bytes | None, slot: Secret | None) -> str | None:
    if recording.state is RecordingState.SHREDDED:
        return None if header is None else "it is shredded, but its header is there still"
    if header is None:
        return "its header is gone, without which nobody opens it"
    if slot is not None and not lies_there(slot, of_recording(recording, header)):
        return "its header is not the one that was sealed under its slot"
    return None
