"""Customers, sources, links, sessions, identities: what each refuses of itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from vault.domain.access import Link, Session
from vault.domain.call import CallDetails
from vault.domain.customer import Customer, parse_agreement
from vault.domain.event import SERVICE, Action, Actor, AuditEvent, Channel
from vault.domain.names import (
    CustomerId,
    CustomerName,
    LinkId,
    RecordingId,
    SessionId,
    SourceId,
    SourceName,
)
from vault.domain.source import Source
from vault.domain.staff import LockedIdentity, Owner
from vault.errors import AccessDenied, BadToken, Closed, Invalid

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
LINK = Link(LinkId("l1"), "digest", CustomerId("c1"), (), NOW, NOW + timedelta(days=7))
SOURCE = Source(
    SourceId("s1"), SourceName("pbx"), CustomerId("c1"), "Europe/London", "GB", "bearer", "hook", NOW
)


def session(*recordings: str) -> Session:
    """Return a session of an hour, narrowed to these recordings."""
    narrowed = tuple(RecordingId(each) for each in recordings)
    return Session(SessionId("x"), CustomerId("c1"), 4, b"", narrowed, NOW, NOW + timedelta(hours=1))


def test_a_customer_closes_once() -> None:
    """An open customer passes and can be closed; a closed one does neither."""
    customer = Customer(CustomerId("c1"), CustomerName("acme"), "contract 7", NOW)
    customer.must_be_open()
    closed = customer.close(NOW)

    assert closed.closed_at == NOW
    with pytest.raises(Closed):
        closed.must_be_open()
    with pytest.raises(Closed):
        closed.close(NOW)


def test_an_agreement_is_never_blank() -> None:
    """A reference of spaces is none."""
    assert parse_agreement("  contract 7 \n") == "contract 7"
    for text in ("", " \t\n"):
        with pytest.raises(Invalid):
            parse_agreement(text)


def test_a_source_is_revoked_once() -> None:
    """A revoked source's token is as good as unknown."""
    SOURCE.must_be_live()
    revoked = SOURCE.revoke(NOW)

    with pytest.raises(BadToken):
        revoked.must_be_live()
    with pytest.raises(Closed):
        revoked.revoke(NOW)


def test_a_link_leads_nowhere_from_its_end_on() -> None:
    """A link lives to the last instant of its time, unless it was revoked before, which happens once."""
    assert LINK.live(LINK.expires_at - INSTANT)
    assert not LINK.live(LINK.expires_at)
    revoked = LINK.revoke(NOW)
    assert not revoked.live(NOW)
    with pytest.raises(Closed):
        revoked.revoke(NOW)


def test_a_session_ends() -> None:
    """A session lives to the last instant of its time."""
    alive = session()
    alive.must_be_live(alive.expires_at - INSTANT)
    with pytest.raises(AccessDenied):
        alive.must_be_live(alive.expires_at)


def test_a_narrowed_session_covers_only_its_recordings() -> None:
    """A session of a link to one recording touches no other; one of none touches all."""
    assert session("r1", "r2").covers(RecordingId("r2"))
    assert not session("r1", "r2").covers(RecordingId("r3"))
    assert session().covers(RecordingId("r3"))


def test_every_number_is_searched() -> None:
    """Calling, dialled and diverting numbers all lead to a call; a missing one is no number."""
    details = CallDetails(calling=("1", "2"), called="3", diverted_by=("4",))

    assert details.numbers() == ("1", "2", "3", "4")
    assert CallDetails().numbers() == ()


def test_names_and_reasons_stay_beside_the_log() -> None:
    """What names somebody lies in the detail row; what is not there is left out."""
    dana = Actor("staff:1", "Dana", Channel.CLI, "192.0.2.1")
    event = AuditEvent(Action.RECORDING_OPENED, dana, reason="complaint 4", detail={"customer": "acme"})

    assert event.detail_row() == {
        "customer": "acme",
        "name": "Dana",
        "address": "192.0.2.1",
        "reason": "complaint 4",
    }
    assert AuditEvent(Action.VAULT_CREATED, SERVICE).detail_row() == {"name": "service"}


def test_an_identity_states_whose_it_is() -> None:
    """Statement and binding differ for every owner, generation and recipient, and from each other."""
    identities = [
        LockedIdentity(Owner.CUSTOMER, "1", 1, "age1pqa", b"", None, None),
        LockedIdentity(Owner.CUSTOMER, "1", 2, "age1pqa", b"", None, None),
        LockedIdentity(Owner.CUSTOMER, "2", 1, "age1pqa", b"", None, None),
        LockedIdentity(Owner.STAFF, "1", 1, "age1pqa", b"", None, None),
        LockedIdentity(Owner.CUSTOMER, "1", 1, "age1pqb", b"", None, None),
    ]

    assert len({each.statement for each in identities} | {each.binding for each in identities}) == 10
