"""The numbers of slots: claimed once, in order, and known as destroyed for good."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import date, datetime

from sqlalchemy import bindparam, insert, select, update

from vault.db.statements import Statements
from vault.db.tables import period_slots, slot_counter, slots
from vault.ports.repositories import Period

NUMBERS_PER_STEP = 10_000

_COUNT = update(slot_counter).values(next=slot_counter.c.next + 1).returning(slot_counter.c.next)
_CLAIM = insert(slots)
_PERIOD = select(period_slots.c.slot).where(
    period_slots.c.period == bindparam("period"), period_slots.c.day == bindparam("day")
)


class SqlSlotClaims:
    """`SlotClaims`. Units of work take turns, so a plain counter is dense."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def claim(self, purpose: str, now: datetime) -> int:
        """Return the next slot number, now taken. It is free again if the unit of work is undone."""
        number: int = (await self._statements.write(_COUNT)).scalar_one() - 1
        await self._statements.write(_CLAIM, {"number": number, "purpose": purpose, "claimed_at": now})
        return number

    async def skip_to(self, number: int) -> None:
        """Claim nothing below `number` any more."""
        forward = update(slot_counter).where(slot_counter.c.next < number).values(next=number)
        await self._statements.write(forward)

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

    async def destroyed(self) -> AsyncIterator[int]:
        """Yield every number known as destroyed, ascending."""
        after = -1
        while True:
            query = select(slots.c.number).where(slots.c.destroyed_at.is_not(None), slots.c.number > after)
            rows = await self._statements.read(query.order_by(slots.c.number).limit(NUMBERS_PER_STEP))
            numbers = rows.scalars().all()
            for number in numbers:
                yield number
            if len(numbers) < NUMBERS_PER_STEP:
                return
            after = numbers[-1]


def _first_day(period: Period, day: date) -> date:
    return day.replace(day=1) if period is Period.MONTH_INDEX else day
