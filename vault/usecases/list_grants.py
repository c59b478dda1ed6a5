"""List grants; on the log before it returns."""

from __future__ import annotations

from collections.abc import Sequence

from vault.domain.event import Action, Actor
from vault.domain.grant import Grant, GrantState
from vault.domain.names import StaffName
from vault.errors import NotFound
from vault.ports.database import Repositories
from vault.ports.grants import GrantFilter
from vault.ports.vault import Vault
from vault.usecases.record_reading import record_reading


async def list_grants(
    vault: Vault,
    *,
    recording: str | None = None,
    manager: StaffName | None = None,
    live: bool = False,
    pending: bool = False,
    by: Actor,
) -> Sequence[Grant]:
    """Return grants, newest first: of a recording, of a person, or `live` ones, pending ones included.

    `pending` leaves those alone that wait for a second DPO.

    Raise `NotFound`, or `Ambiguous` for the prefix of a recording's id.
    """
    now = vault.clock.now()
    async with vault.reading() as rows:
        which = await _filter(rows, recording, manager, live=live or pending)
        found = await rows.grants.list(which)
    listed = [grant for grant in found if not (which.unended and grant.expired(now))]
    if pending:
        listed = [grant for grant in listed if grant.state is GrantState.PENDING]
    await record_reading(vault, Action.GRANT_LISTED, by, count=len(listed), recording=which.recording)
    return listed


async def _filter(
    rows: Repositories, recording: str | None, manager: StaffName | None, *, live: bool
) -> GrantFilter:
    member = await rows.staff.get(manager) if manager is not None else None
    if manager is not None and member is None:
        raise NotFound(f"nobody of the staff is called {manager}")
    return GrantFilter(
        recording=await rows.recordings.find(recording) if recording else None,
        manager=member.id if member else None,
        unended=live,
    )
