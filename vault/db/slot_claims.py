"""The numbers of slots: claimed once, in order, and known as destroyed for good."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import BindParameter, bindparam, func, insert, select, union, union_all, update

from vault.db.grant_tables import grants
from vault.db.staff_sessions import staff_sessions
from vault.db.statements import Statements
from vault.db.tables import identities, period_slots, recordings, sessions, slot_counter, slots
from vault.domain.recording import LIVING
from vault.ports.repositories import Period, PeriodSlot

# A database of millions of destroyed slots is walked through in memory of this many numbers.
_BATCH = 4096
_ASKED_AT_ONCE = 500

# The counter alone could be set back by hand: a slot would be handed out that a recording lies under, and go
# with whatever has it second. Each of these is one step at the end of an index.
_REFER = (slots.c.number, *(each.c.slot for each in (recordings, identities, sessions, staff_sessions)))
_HIGHEST = (*_REFER, grants.c.slot, period_slots.c.slot, slot_counter.c.next - 1)
_TAKEN = union_all(*(select(func.max(each).label("number")) for each in _HIGHEST)).subquery()
_LAST = select(func.max(_TAKEN.c.number)).scalar_subquery()
_COUNT = update(slot_counter).values(next=_LAST + 2).returning(slot_counter.c.next)
_CLAIM = insert(slots)
_DESTROYED = select(slots.c.number).where(slots.c.destroyed_at.is_not(None))
_NUMBERS: BindParameter[Any] = bindparam("numbers", expanding=True)
_IN_USE = union(
    select(recordings.c.slot).where(
        recordings.c.slot.in_(_NUMBERS), recordings.c.state.in_([state.value for state in LIVING])
    ),
    select(identities.c.slot).where(identities.c.slot.in_(_NUMBERS)),
    select(period_slots.c.slot).where(period_slots.c.slot.in_(_NUMBERS)),
    select(grants.c.slot).where(grants.c.slot.in_(_NUMBERS), grants.c.ended_at.is_(None)),
)
_PERIODS = (
    select(period_slots.c.period, period_slots.c.day, period_slots.c.slot, slots.c.claimed_at)
    .join(slots, slots.c.number == period_slots.c.slot)
    .order_by(period_slots.c.period, period_slots.c.day)
)
_PERIOD = select(period_slots.c.slot).where(
    period_slots.c.period == bindparam("period"), period_slots.c.day == bindparam("day")
)


class SqlSlotClaims:
    """`SlotClaims`. Units of work take turns, so a plain counter is dense."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def claim(self, purpose: str, now: datetime) -> int:
        """Return the next slot number, now taken. It is free again if the unit of work is undone.

        It is above every number that was claimed or that a row refers to.
        """
        number: int = (await self._statements.write(_COUNT)).scalar_one() - 1
        await self._statements.write(_CLAIM, {"number": number, "purpose": purpose, "claimed_at": now})
        return number

    async def mark_destroyed(self, numbers: Iterable[int], now: datetime) -> None:
        """Note these as destroyed; the first time counts."""
        rows = [{"of": number, "at": now} for number in numbers]
        if rows:
            destroyed = slots.c.destroyed_at
            mark = update(slots).where(slots.c.number == bindparam("of"), destroyed.is_(None))
            await self._statements.write(
                mark.values(destroyed_at=bindparam("at", type_=destroyed.type)), rows
            )

    async def period(self, period: Period, day: date) -> int | None:
        """Return the slot of that day, or of that day's month."""
        wanted = {"period": period.value, "day": _first_day(period, day)}
        slot: int | None = (await self._statements.read(_PERIOD, wanted)).scalar()
        return slot

    async def add_period(self, period: Period, day: date, number: int) -> None:
        """Give that day, or that day's month, its slot; raise `Conflict` if it has one."""
        row = {"period": period.value, "day": _first_day(period, day), "slot": number}
        await self._statements.write(insert(period_slots).values(row))

    async def renew_period(self, period: Period, day: date, number: int) -> None:
        """Give that day, or that day's month, another slot."""
        where = (period_slots.c.period == period.value, period_slots.c.day == _first_day(period, day))
        await self._statements.write(update(period_slots).where(*where).values(slot=number))

    async def periods(self) -> Sequence[PeriodSlot]:
        """Return the slot of every period."""
        rows = await self._statements.read(_PERIODS)
        return [PeriodSlot(Period(row.period), row.day, row.slot, row.claimed_at) for row in rows]

    async def destroyed(self) -> AsyncIterator[Sequence[int]]:
        """Yield every number known as destroyed, ascending, a batch at a time."""
        after = -1
        while True:
            above = _DESTROYED.where(slots.c.number > after).order_by(slots.c.number)
            numbers: Sequence[int] = (await self._statements.read(above.limit(_BATCH))).scalars().all()
            if numbers:
                yield numbers
            if len(numbers) < _BATCH:
                return
            after = numbers[-1]

    async def in_use(self, numbers: Iterable[int]) -> Sequence[int]:
        """Return those of the numbers, ascending, under which something lives by its row."""
        wanted, found = list(numbers), set[int]()
        for start in range(0, len(wanted), _ASKED_AT_ONCE):
            some = {"numbers": wanted[start : start + _ASKED_AT_ONCE]}
            found.update((await self._statements.read(_IN_USE, some)).scalars())
        return sorted(found)


def _first_day(period: Period, day: date) -> date:
    return day.replace(day=1) if period is Period.MONTH_INDEX else day
