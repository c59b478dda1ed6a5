"""Put on record that somebody read what names people, or who did what, before it is shown.

Every use case that lists such things ends in here, so that no door can forget.
"""

from __future__ import annotations

from vault.domain.event import Action, Actor, AuditEvent
from vault.domain.names import CustomerId, RecordingId
from vault.ports.vault import Vault


async def record_reading(
    vault: Vault,
    action: Action,
    by: Actor,
    *,
    count: int,
    customer: CustomerId | None = None,
    recording: RecordingId | None = None,
    **facts: str | int | bool,
) -> None:
    """Log the reading of `count` things durably; raise `LogUnavailable`, and then nothing is shown.

    `customer` and `recording` are given where it was about one alone: its entries are found by them.
    """
    told: dict[str, str | int | bool] = {"count": count, **facts}
    if customer is not None:
        told["customer"] = customer
    async with vault.unit_of_work() as work:
        await work.log.append(AuditEvent(action, by, recording=recording, facts=told))
        await work.commit()
