"""The time by the log where the clock is behind it: what was over once does not begin again."""

from __future__ import annotations

from datetime import datetime

from vault.audit.entry import Entry, next_time
from vault.ports.database import Repositories


async def not_before_the_log(rows: Repositories, now: datetime) -> datetime:
    """Return `now`, or the time of the newest entry should the clock have been set back."""
    newest = await rows.events.entry(await rows.events.size() - 1)
    return now if newest is None else next_time(now, Entry.decode(newest.record).time)
