"""What is shown of a recording."""

from __future__ import annotations

from vault.entrypoints.staff.row import Row
from vault.usecases.list_waiting import Listed
from vault.usecases.look_up import OwnerNames

RECORDING_COLUMNS = (
    "id",
    "state",
    "customer",
    "started_at",
    "calling",
    "called",
    "duration_seconds",
    "bytes",
    "file_name",
)


def recording_row(listed: Listed, owners: OwnerNames) -> Row:
    """Return a recording and its call details. The digest stays out: to know it is to be able to collect."""
    recording, details = listed.recording, listed.details
    return {
        "id": recording.id,
        "state": recording.state.value,
        "customer": owners.customers.get(recording.customer) if recording.customer else None,
        "own": recording.customer is None,
        "source": owners.sources.get(recording.source, recording.source),
        "bytes": recording.bytes,
        "sealed_at": recording.sealed_at,
        "received_at": recording.received_at,
        "shredded_at": recording.shredded_at,
        "log_index": recording.log_index,
        "holds": recording.holds,
        "file_name": details.file_name,
        "call_id": details.call_id,
        "calling": list(details.calling),
        "called": details.called,
        "diverted_by": list(details.diverted_by),
        "started_at": details.started_at,
        "duration_seconds": details.duration_seconds,
        "direction": details.direction.value if details.direction else None,
        "carrier": details.carrier,
        "agent": details.agent,
        "content_type": details.content_type,
        "header_incomplete": details.header_incomplete,
    }
