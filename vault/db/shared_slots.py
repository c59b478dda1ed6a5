"""Recordings that share a slot, which only damage brings about: to destroy one would destroy the other.

From revision 0008 on an index forbids it; a database that is older is looked at before it is renewed.
"""

from __future__ import annotations

from sqlalchemy import Connection, column, func, inspect, select, table

from vault.errors import Conflict

_SHOWN = 5
_recordings = table("recordings", column("id"), column("slot"))  # its older shapes have these two as well


def must_not_share_slots(connection: Connection) -> None:
    """Raise `Conflict`, which names the first of them, where recordings share a slot; pass without tables."""
    if not inspect(connection).has_table(_recordings.name):
        return
    shared = select(_recordings.c.slot).group_by(_recordings.c.slot).having(func.count() > 1)
    wanted = select(_recordings.c.slot, _recordings.c.id).where(_recordings.c.slot.in_(shared))
    found = connection.execute(wanted.order_by(_recordings.c.slot, _recordings.c.id).limit(_SHOWN)).all()
    if not found:
        return
    named = ", ".join(f"{recording} (slot {slot})" for slot, recording in found)
    raise Conflict(
        f"the database is damaged: recordings share a slot, such as {named}. Nothing was changed: put back a "
        "copy of the database from before the damage"
    )
