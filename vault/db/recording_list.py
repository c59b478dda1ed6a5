"""Which recordings a filter means, found by an index whatever is asked.

Newest first with a limit asks for an index that ends in the place in the log. Filters that name little (ids,
numbers, a call, a span of time) are looked up first; else each state is walked from its newest end.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, func, select, union_all

from vault.db.tables import number_index, recordings
from vault.domain.recording import RecordingState
from vault.ports.repositories import RecordingFilter

_column = recordings.c
_PLACE = select(_column.log_index)

Conditions = list[ColumnElement[bool]]


def matching(which: RecordingFilter, before: int | None, limit: int) -> Select[int] | CompoundSelect[int]:
    """Select the places in the log of those that fit: the newest `limit` at least, or all of them."""
    named, timed = _named(which), _timed(which)
    if not named and not timed:
        states = dict.fromkeys(which.states or tuple(RecordingState))
        conditions = _of_kind(which, before, indexed=True)
        return union_all(*(_newest_of(state, conditions, limit) for state in states))
    conditions = _of_kind(which, before, indexed=not named)
    if which.states:
        conditions.append(func.coalesce(_column.state, "").in_([state.value for state in which.states]))
    return _PLACE.where(*named, *timed, *conditions)


def _newest_of(state: RecordingState, conditions: Conditions, limit: int) -> Select[int]:
    """Select the newest of one state: an index is walked from its end and left after `limit` rows."""
    query = _PLACE.where(_column.state == state.value, *conditions)
    newest = query.order_by(_column.log_index.desc()).limit(limit).subquery()
    return select(newest.c.log_index)


def _of_kind(which: RecordingFilter, before: int | None, *, indexed: bool) -> Conditions:
    """Return the conditions that many recordings fulfil.

    Beside ids, numbers or a call they must not tempt the planner into their own index, which may hold every
    recording of a customer. `coalesce` hides the column from it.
    """

    def column(of: ColumnElement[Any]) -> ColumnElement[Any]:
        return of if indexed else func.coalesce(of, "")

    found: Conditions = []
    if which.own:
        found.append(column(_column.customer) == (None if indexed else ""))
    if which.customers_only:
        found.append(func.coalesce(_column.customer, "") != "")
    if which.customer is not None:
        found.append(column(_column.customer) == which.customer)
    if which.source is not None:
        found.append(column(_column.source) == which.source)
    if before is not None:
        found.append(_column.log_index < before)
    return found


def _named(which: RecordingFilter) -> Conditions:
    """Return the conditions that few recordings fulfil."""
    found: Conditions = []
    if which.ids:
        found.append(_column.id.in_(which.ids))
    if which.numbers:
        tokens = number_index.c.token.in_(which.numbers)
        found.append(_column.id.in_(select(number_index.c.recording).where(tokens)))
    if which.call is not None:
        found.append(_column.call == which.call)
    return found


def _timed(which: RecordingFilter) -> Conditions:
    found: Conditions = []
    if which.since is not None:
        found.append(_column.started_at >= which.since)
    if which.until is not None:
        found.append(_column.started_at < which.until)
    return found
