"""Legal holds: a tech manager may place one, a DPO releases it."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from vault.domain.names import parse_id_prefix
from vault.entrypoints.staff.hold_rows import hold_row
from vault.entrypoints.staff.operation import DPO_ALONE, OFFICE, Acting, IdText, LineText, Operation, Rows
from vault.ports.vault import Vault
from vault.usecases.list_holds import list_holds
from vault.usecases.place_hold import place_hold
from vault.usecases.release_hold import ReleasedHold, release_hold


class PlaceHold(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Recordings, all held or none; the reference of the case; the day it is to be looked at again."""

    recordings: list[IdText]
    case: LineText
    review: date | None = None


class ReleaseHold(Struct, frozen=True, forbid_unknown_fields=True):
    """The reference of a case, or the id of a hold, or the beginning of it."""

    hold: LineText


class ListHolds(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Those in force, or with `released` all of them."""

    released: bool = False


async def _place(vault: Vault, acting: Acting, asked: PlaceHold) -> Rows:
    """Place a hold: nothing destroys the recordings while it stands."""
    prefixes = [parse_id_prefix(each) for each in asked.recordings]
    placed = await place_hold(vault, acting.proven, prefixes, case=asked.case, review_on=asked.review)
    return [hold_row(hold) for hold in placed]


async def _release(vault: Vault, acting: Acting, asked: ReleaseHold) -> Rows:
    """Release a hold, or a case's; what its customer had collected is destroyed now."""
    released = await release_hold(vault, acting.proven, asked.hold)
    return [
        {**hold_row(each.hold), "outcome": _outcome(each), "certificate": each.certificate}
        for each in released
    ]


async def _list(vault: Vault, acting: Acting, asked: ListHolds) -> Rows:
    """List holds, newest first."""
    found = await list_holds(vault, by=acting.actor, in_force=not asked.released)
    return [hold_row(hold) for hold in found]


def _outcome(released: ReleasedHold) -> str:
    """Say what became of the recording."""
    if not released.ends:
        return "kept"
    return "shredded" if released.certificate else "pending"


PLACE = Operation("holds place", PlaceHold, _place, OFFICE, many=True, proof=True)
RELEASE = Operation("holds release", ReleaseHold, _release, DPO_ALONE, many=True, proof=True)
LIST = Operation("holds list", ListHolds, _list, DPO_ALONE, many=True)
OPERATIONS = (PLACE, RELEASE, LIST)
