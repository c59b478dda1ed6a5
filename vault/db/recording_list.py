"""Which recordings a filter means, found by an index whatever is asked.

Newest first with a limit asks for an index that ends in the place in the log. Filters that name little (ids,
numbers, a call, a span of days) are looked up first; else each state is walked from its newest end.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, CompoundSelect, Select, select, union_all

from vault.db.tables import number_index, recordings
from vault.domain.recording import RecordingState
from vault.ports.repositories import RecordingFilter

_column = recordings.c
_PLACE = select(_column.log_index)


def matching(which: RecordingFilter, before: int | None, limit: int) -> Select[int] | CompoundSelect[int]:
    """Select the places in the log of those that fit: the newest `limit` at least, or all of them."""
    looked_up = _looked_up(which)
    conditions = _conditions(which, before)
    if looked_up:
        if which.states:
            conditions.append(_column.state.in_([state.value for state in which.states]))
        return _PLACE.where(*looked_up, *conditions)
    states = which.states or tuple(RecordingState)
    return union_all(*(_newest_of(state, conditions, limit) for state in dict.fromkeys(states)))


def _newest_of(state: RecordingState, conditions: list[ColumnElement[bool]], limit: int) -> Select[int]:
    """Select the newest of one state: an index is walked from its end and left after `limit` rows."""
    query = _PLACE.where(_column.state == state.value, *conditions)
    newest = query.order_by(_column.log_index.desc()).limit(limit).subquery()
    return select(newest.c.log_index)


def _conditions(which: RecordingFilter, before: int | None) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if which.own:
        found.append(_column.customer.is_(None))
    if which.customer is not None:
        found.append(_column.customer == which.customer)
    if which.source is not None:
        found.append(_column.source == which.source)
    if before is not None:
        found.append(_column.log_index < before)
    return found


def _looked_up(which: RecordingFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if which.ids:
        found.append(_column.id.in_(which.ids))
    if which.numbers:
        tokens = number_index.c.token.in_(which.numbers)
        found.append(_column.id.in_(select(number_index.c.recording).where(tokens)))
    if which.call is not None:
        found.append(_column.call == which.call)
    if which.since is not None:
        found.append(_column.day >= which.since.date())
    if which.until is not None:
        found.append(_column.day <= _last_day_before(which.until))
    return found


def _last_day_before(moment: datetime) -> date:
    """Return the last day of which any part lies before that moment."""
    return (moment - timedelta(microseconds=1)).date()
