"""What a grant allows, and an approval: so long, so often, to whom it was given."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.contract.database.test_database_grants import grant, request
from tests.fakes.clock import NOON
from vault.domain.grant import DEFAULT_LIFETIME, Grant, GrantState, parse_terms
from vault.domain.names import StaffId
from vault.domain.opening_request import APPROVAL_LIFETIME
from vault.errors import AccessDenied, Closed, Conflict, Invalid

LIVE, PENDING = grant(2), grant(1)
OTHER = StaffId("dora0id")
MOMENT = timedelta(microseconds=1)


def test_a_grant_opens_until_its_time_is_over() -> None:
    """The last moment counts, the next does not, and what has ended says how."""
    LIVE.must_open(LIVE.expires_at - MOMENT)
    for closed, why in (
        (replace(LIVE, expires_at=NOON), "grant_expired"),
        (PENDING, "grant_pending"),
        (LIVE.end(GrantState.REVOKED, NOON), "grant_revoked"),
        (replace(LIVE.end(GrantState.USED, NOON), expires_at=NOON), "grant_used"),
    ):
        with pytest.raises(AccessDenied) as refused:
            closed.must_open(NOON)
        assert refused.value.why == why


def test_the_last_use_ends_a_grant() -> None:
    """Used as often as it may be, it holds nothing sealed, and can be used and ended no more."""
    once = LIVE.use(NOON)
    ended: Grant = once.use(NOON).use(NOON)

    assert (once.used, once.ended, once.sealed) == (1, False, LIVE.sealed)
    assert (ended.used, ended.state, ended.sealed, ended.ended_at) == (3, GrantState.USED, None, NOON)
    with pytest.raises(AccessDenied):
        ended.use(NOON)
    with pytest.raises(Closed):
        ended.end(GrantState.EXPIRED, NOON)


def test_who_approves_a_grant_did_not_issue_it() -> None:
    """Another DPO does, in time and once."""
    approved = PENDING.approve(OTHER, NOON)
    assert (approved.state, approved.approved_by) == (GrantState.LIVE, OTHER)
    with pytest.raises(AccessDenied):
        PENDING.approve(PENDING.issued_by, NOON)
    for early, now in ((approved, NOON), (PENDING, PENDING.expires_at)):
        with pytest.raises(Conflict):
            early.approve(OTHER, now)


def test_terms_have_bounds() -> None:
    """A day and once unless said otherwise; 30 days and 100 times at most."""
    most = timedelta(days=30)
    assert parse_terms(None, 1) == (DEFAULT_LIFETIME, 1)
    assert parse_terms(most, 100) == (most, 100)
    for lifetime, uses in ((timedelta(), 1), (-MOMENT, 1), (most + MOMENT, 1), (None, 0), (None, 101)):
        with pytest.raises(Invalid):
            parse_terms(lifetime, uses)


def test_an_approval_is_good_for_once_and_a_day() -> None:
    """Not before it is given, not after a day, not twice; and nobody approves their own request."""
    asked = request(1)
    patience = timedelta(days=1)
    approved = asked.approve(OTHER, NOON, patience)

    assert [asked.usable(NOON), approved.usable(NOON), approved.use(NOON).usable(NOON)] == [
        False,
        True,
        False,
    ]
    assert approved.usable(NOON + APPROVAL_LIFETIME - MOMENT)
    assert not approved.usable(NOON + APPROVAL_LIFETIME)
    with pytest.raises(Conflict):
        approved.approve(OTHER, NOON, patience)
    with pytest.raises(AccessDenied):
        asked.approve(asked.requested_by, NOON, patience)
    assert asked.statement != approved.statement
