"""List the openings and exports that wait for a second DPO; on the log before it returns."""

from __future__ import annotations

from collections.abc import Sequence

from vault.domain.event import Action, Actor
from vault.domain.names import StaffId
from vault.domain.opening_request import OpeningRequest
from vault.domain.recording import LIVING
from vault.ports.vault import Vault
from vault.usecases.record_reading import record_reading


async def list_requests(
    vault: Vault, *, requested_by: StaffId | None = None, limit: int = 100, by: Actor
) -> Sequence[OpeningRequest]:
    """Return requests that wait to be approved or, being approved, to be used; the newest first.

    `requested_by` leaves one person's. Left out are those of recordings that open no more, requests that
    waited too long, and approvals that are a day old.
    """
    now = vault.clock.now()
    async with vault.reading() as rows:
        found = [
            each
            for each in await rows.opening_requests.not_used(requested_by, limit)
            if each.waits(now, vault.policy.request_patience)
            and (recording := await rows.recordings.get(each.recording)) is not None
            and recording.state in LIVING
        ]
    await record_reading(vault, Action.OPENING_LISTED, by, count=len(found))
    return found
