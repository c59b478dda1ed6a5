"""See where blobs and the root key lie, and put it on record when that is outside the regions allowed."""

from __future__ import annotations

from collections.abc import Collection

from vault.domain.event import SERVICE, Action, AuditEvent
from vault.ports.log import EventFilter
from vault.ports.vault import Vault
from vault.usecases.recorded_events import events_of


async def examine_places(
    vault: Vault, *, regions: Collection[str], exception: str | None, root_key_region: str | None
) -> dict[str, str]:
    """Return the regions of what lies outside `regions` (empty: nothing does), by part.

    With an `exception`, its reason is logged once, and again whenever it or a region has changed. Raise
    `ConfigInvalid` for a store that can't keep the vault's promises, `StoreUnavailable`.
    """
    places = {"store": await vault.blobs.examine(), "root_key": root_key_region}
    outside = {
        part: region for part, region in places.items() if regions and region and region not in regions
    }
    if outside and exception is not None:
        await _record(vault, {**outside, "allowed": ", ".join(sorted(regions))}, exception)
    return outside


async def _record(vault: Vault, facts: dict[str, str], reason: str) -> None:
    event = AuditEvent(Action.RESIDENCY_EXCEPTED, SERVICE, facts=facts, reason=reason)
    async with vault.unit_of_work() as work:
        last = await events_of(work, EventFilter(action=Action.RESIDENCY_EXCEPTED), limit=1)
        if last and last[0].entry.facts == facts and (last[0].detail or {}).get("reason") == reason:
            return
        await work.log.append(event)
        await work.commit()
