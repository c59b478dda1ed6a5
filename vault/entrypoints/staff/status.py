"""The vault at a glance, in counts that name nobody."""

from __future__ import annotations

from msgspec import Struct

from vault.domain.recording import RecordingState
from vault.entrypoints.staff.operation import OFFICE, Acting, Operation
from vault.entrypoints.staff.row import Row, Value
from vault.ports.vault import Vault
from vault.usecases.report_status import report_status


class ShowStatus(Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing has to be said."""


async def _show(vault: Vault, _acting: Acting, _asked: ShowStatus) -> Row:
    """Show what waits and what is due."""
    found = await report_status(vault)
    states: dict[str, Value] = {}
    for state in RecordingState:
        count, size = found.recordings[state]
        states |= {f"{state}_recordings": count, f"{state}_bytes": size}
    return {
        **states,
        "blobs_to_delete": found.blobs_to_delete,
        "to_seal_anew": found.to_seal_anew,
        "log_size": found.log_size,
        "customers": found.customers,
        "sources": found.sources,
    }


SHOW = Operation("status", ShowStatus, _show, OFFICE, many=False)
OPERATIONS = (SHOW,)
