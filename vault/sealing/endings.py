"""What lets a recording's slot be destroyed: the signed log says that it ended, and the slot is its own.

Neither is taken from its row, where a writer to the database could put both.
"""

from __future__ import annotations

from collections.abc import Iterable

from vault.audit.entry import Entry
from vault.domain.event import Action, Outcome
from vault.domain.grant import Grant
from vault.domain.names import RecordingId
from vault.domain.recording import Recording
from vault.errors import LogCorrupt
from vault.ports.log import EventFilter
from vault.ports.vault import Vault
from vault.sealing.own_slots import of_grant, of_recording, own_slots
from vault.sealing.signed_log import signed_entries

_ENDS = {Action.RECORDING_COLLECTED, Action.SHRED_INSTRUCTED}
_MOST_ENTRIES = 100
"""Nothing that is done to a recording after it ended is an entry, but for what happens once."""


def ends(entry: Entry) -> bool:
    """Say whether an entry is a recording's point of no return, rather than a receipt for what is kept."""
    if entry.recording is None or entry.outcome != Outcome.DONE:
        return False
    if entry.action == Action.HOLD_RELEASED:
        return entry.facts.get("collected") is True
    return entry.action in _ENDS and "kept" not in entry.facts


async def slots_of(
    vault: Vault, recording: Recording, header: bytes | None, grants: Iterable[Grant]
) -> list[int]:
    """Return the slots of a recording and of its grants, each of which is destroyed or proves to be its own.

    Raise `LogCorrupt` if the recording's does not. A grant's that does not is left out.
    """
    claims = [of_recording(recording, header), *(of_grant(grant, recording) for grant in grants)]
    own = await own_slots(vault, claims)
    if recording.slot not in own:
        raise LogCorrupt(
            f"what lies under slot {recording.slot} is not the header of recording {recording.id}: "
            "the database was changed by hand. Nothing was destroyed"
        )
    return own


async def must_have_ended(vault: Vault, recording: RecordingId) -> None:
    """Raise `LogCorrupt` unless the signed log says that the recording ended."""
    which = EventFilter(recording=recording, outcome=Outcome.DONE)
    said = await signed_entries(vault, which, limit=_MOST_ENTRIES)
    # The columns by which they were found are no part of what was signed.
    if not any(ends(entry) and entry.recording == recording for entry in said):
        raise LogCorrupt(
            f"recording {recording} is collected in the database, which the log does not say: "
            "it was changed by hand. Nothing was destroyed"
        )
