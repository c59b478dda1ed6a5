"""`audit verify` where everything has happened: silent as it is, and plain about each change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from tests.fakes.clock import NOON
from tests.fakes.eventful import Eventful, eventful
from tests.fakes.scene import OPERATOR
from tests.fakes.state import State
from vault.audit.entry import time_text
from vault.domain.event import Action, AuditEvent
from vault.domain.grant import GrantState
from vault.domain.names import BlobKey, RecordingId
from vault.domain.recording import RecordingState
from vault.domain.staff import Owner
from vault.ports.repositories import Period
from vault.usecases.verify_log import verify_log

Forgery = Callable[[State, Eventful], None]

ANOTHER_TIME = NOON + timedelta(days=99)


@pytest.fixture
def made() -> Eventful:
    """Return the scene, to be changed."""
    return eventful().copy()


async def test_an_eventful_vault_agrees(made: Eventful) -> None:
    """Holds, grants, erasures, rotations, removals and renewals under way: nothing of it is a finding."""
    verification = await verify_log(made.scene.vault)

    assert list(verification.findings) == []
    assert verification.erased == 3


def first(table: Mapping[Any, Any], **fields: object) -> Any:  # noqa: ANN401 - a row of any table
    """Return the key of the first row with these fields."""
    wanted = fields.items()
    return next(
        key for key, row in table.items() if all(getattr(row, name) == value for name, value in wanted)
    )


def change(table: dict[Any, Any], key: Any, **changes: object) -> None:  # noqa: ANN401 - as above
    """Change a row."""
    table[key] = replace(table[key], **changes)


def recording(**changes: object) -> Forgery:
    """Change the row of the recording that waits."""
    return lambda state, made: change(state.recordings, made.waiting, **changes)


def upload(**changes: object) -> Forgery:
    """Change what lies beside the recording that waits."""
    return lambda state, made: change(state.uploads, made.waiting, **changes)


def lose_header(state: State, made: Eventful) -> None:
    """Delete a header."""
    del state.headers[made.waiting]


def swap_headers(state: State, made: Eventful) -> None:
    """Put another recording's header in the place of one."""
    state.headers[made.waiting] = state.headers[made.kept]


def keep_header(state: State, made: Eventful) -> None:
    """Put a header back whose slot is destroyed."""
    state.headers[made.ended] = state.headers[made.kept]


def move_slot(state: State, made: Eventful) -> None:
    """Point a recording to a slot that was destroyed long ago, and its own to nobody."""
    change(state.recordings, made.waiting, slot=state.recordings[made.ended].slot)


def lose_details(state: State, made: Eventful) -> None:
    """Delete call details."""
    state.details_dropped.add(made.waiting)


def swap_details(state: State, made: Eventful) -> None:
    """Put another call's details in the place of one's."""
    change(state.uploads, made.waiting, details=state.uploads[made.kept].details)


def lose_day(state: State, _: Eventful) -> None:
    """Delete the row of a day's slot."""
    del state.periods[Period.DAY_DETAILS, date(2026, 11, 20)]


def orphan_parts(state: State, made: Eventful) -> None:
    """Leave parts of a recording that nobody knows."""
    state.headers[RecordingId("stranger")] = state.headers[made.waiting]


def orphan_detail(state: State, _: Eventful) -> None:
    """Leave a detail row without an entry."""
    state.orphaned_details.add(99_999)


def destroy_slot(state: State, made: Eventful) -> None:
    """Call a living slot destroyed."""
    slot = state.recordings[made.waiting].slot
    state.slots_destroyed[slot] = state.slots_claimed[slot][1]


def destroy_day(state: State, _: Eventful) -> None:
    """Call the slot of a day's calls destroyed."""
    slot = state.periods[Period.DAY_DETAILS, date(2026, 11, 20)]
    state.slots_destroyed[slot] = state.slots_claimed[slot][1]


def lend_link(state: State, _: Eventful) -> None:
    """Let a link live for years."""
    key = first(state.links, revoked_at=None)
    change(state.links, key, expires_at=state.links[key].expires_at + timedelta(days=999))


def steal_link(state: State, _: Eventful) -> None:
    """Let another token lead by a link."""
    change(state.links, first(state.links, revoked_at=None), token_id="0" * 64)


def change_case(state: State, _: Eventful) -> None:
    """Let a hold be for another case, under which its release would be asked for."""
    change(state.holds, first(state.holds, case="H-1"), case="H-9")


def put_review_off(state: State, _: Eventful) -> None:
    """Let nobody look at a hold for years."""
    change(state.holds, first(state.holds, case="H-1"), review_on=date(2099, 1, 1))


def rename_customer(state: State, _: Eventful) -> None:
    """Give a customer another name."""
    change(state.customers, first(state.customers, name="zenith"), name="zennith")


def rename_person(state: State, _: Eventful) -> None:
    """Give somebody of the staff another name."""
    change(state.staff, "mia", name="mira")


def move_zone(state: State, _: Eventful) -> None:
    """Let a source's times mean others."""
    change(state.sources, first(state.sources, name="office"), zone="Asia/Tokyo")


def swap_token(state: State, _: Eventful) -> None:
    """Let another token bring a customer's calls."""
    change(state.sources, first(state.sources, name="acme-pbx"), token_id="0" * 64)


def lose_identity(state: State, made: Eventful) -> None:
    """Delete a customer's identity."""
    del state.identities[Owner.CUSTOMER, made.scene.acme.customer.id, 1]


def slip_in_identity(state: State, _: Eventful) -> None:
    """Add the identity of somebody whom nobody added."""
    key = first(state.identities, owner=Owner.STAFF)
    state.identities[Owner.STAFF, "eve", 1] = replace(state.identities[key], owner_id="eve")


def change_recipient(state: State, made: Eventful) -> None:
    """Let recordings be sealed to another recipient."""
    other = state.identities[Owner.CUSTOMER, made.scene.zenith.customer.id, 2].recipient
    change(state.identities, (Owner.CUSTOMER, made.scene.acme.customer.id, 1), recipient=other)


def shut_out(state: State, made: Eventful) -> None:
    """Take a customer's lock from under its slot."""
    change(state.identities, (Owner.CUSTOMER, made.scene.acme.customer.id, 1), sealed=b"x" * 99)


def point_elsewhere(state: State, made: Eventful) -> None:
    """Let a customer's lock name a slot that is destroyed."""
    slot = state.recordings[made.ended].slot
    change(state.identities, (Owner.CUSTOMER, made.scene.acme.customer.id, 1), slot=slot)


def prolong_grant(state: State, _: Eventful) -> None:
    """Let a grant that was used up have had more time."""
    key = first(state.grants, state=GrantState.USED)
    change(state.grants, key, expires_at=state.grants[key].expires_at + timedelta(days=1))


def blame_issuer(state: State, _: Eventful) -> None:
    """Let another have issued a grant."""
    change(state.grants, first(state.grants, state=GrantState.USED), issued_by="somebody")


def multiply_grant(state: State, _: Eventful) -> None:
    """Let a grant be good for more."""
    change(state.grants, first(state.grants, state=GrantState.LIVE), used=0)


def unspend(state: State, _: Eventful) -> None:
    """Let an approval be there once more."""
    key = next(key for key, each in state.opening_requests.items() if each.used_at)
    change(state.opening_requests, key, used_at=None)


def approve_alone(state: State, made: Eventful) -> None:
    """Approve what nobody did."""
    now = made.scene.parts.clock.now()
    change(
        state.opening_requests,
        first(state.opening_requests, approved_by=None),
        approved_by="dora",
        approved_at=now,
        vouched=b"x" * 32,
    )


def lose_request(state: State, _: Eventful) -> None:
    """Delete a request."""
    del state.opening_requests[first(state.opening_requests, approved_by=None)]


def redirect_request(state: State, made: Eventful) -> None:
    """Let a request be for another recording."""
    change(state.opening_requests, first(state.opening_requests, approved_by=None), recording=made.kept)


FORGERIES: dict[str, tuple[Forgery, str]] = {
    "blob": (recording(blob=BlobKey("elsewhere")), "its blob, nonce or time of sealing differ"),
    "nonce": (recording(nonce=bytes(16)), "its blob, nonce or time of sealing differ"),
    "sealed_at": (recording(sealed_at=ANOTHER_TIME), "its blob, nonce or time of sealing differ"),
    "bytes": (recording(bytes=1), "customer, source or size differ"),
    "received_at": (recording(received_at=ANOTHER_TIME), "said to hold it, which no entry says"),
    "received later": (
        lambda state, made: change(state.recordings, made.kept, received_at=ANOTHER_TIME),
        "when its customer proved to hold it",
    ),
    "never received": (
        lambda state, made: change(state.recordings, made.ended, received_at=None),
        "when its customer proved to hold it",
    ),
    "shredded_at": (
        lambda state, made: change(state.recordings, made.ended, shredded_at=ANOTHER_TIME),
        "disagree on its destruction",
    ),
    "shredded slot": (
        lambda state, made: change(state.recordings, made.ended, slot=0),
        "disagree on its destruction",
    ),
    "header lost": (lose_header, "its header is gone"),
    "header swapped": (swap_headers, "not the one that was sealed under its slot"),
    "header kept": (keep_header, "its header is there still"),
    "slot moved": (move_slot, "its slot is destroyed"),
    "details lost": (lose_details, "its call details are gone"),
    "details swapped": (swap_details, "its call details are not those that were sealed"),
    "day lost": (lose_day, "day 2026-11-20: the slot of its call details is gone"),
    "parts orphaned": (orphan_parts, "parts of it are in the database, but it is not"),
    "detail row orphaned": (orphan_detail, "entry 99999: a detail row is there, but no such entry"),
    "number lost": (upload(numbers=()), "a number of its call is not in the search index"),
    "call id": (upload(call="another"), "listed or found by something else"),
    "idempotency key": (upload(same_as="another"), "listed or found by something else"),
    "start": (upload(started_at=ANOTHER_TIME), "listed or found by something else"),
    "slot called destroyed": (destroy_slot, "it is called destroyed, but something lives under it"),
    "day called destroyed": (destroy_day, "it is called destroyed, but something lives under it"),
    "link prolonged": (lend_link, "disagree on its token, to what it leads or until when"),
    "link's token": (steal_link, "disagree on its token, to what it leads or until when"),
    "hold's case": (change_case, "disagree on its case"),
    "hold's review": (put_review_off, "disagree on when it is to be looked at again"),
    "customer's name": (rename_customer, "disagree on its name, agreement or address"),
    "person's name": (rename_person, "disagree on the name"),
    "source's zone": (move_zone, "disagree on its name, zone or region"),
    "source's token": (swap_token, "disagree on its tokens"),
    "identity lost": (lose_identity, "its identity (generation 1) is not in the database"),
    "identity slipped in": (slip_in_identity, "but no entry tells of it"),
    "recipient changed": (change_recipient, "a recipient that this vault did not vouch for"),
    "lock changed": (shut_out, "is not what lies under its slot"),
    "lock moved": (point_elsewhere, "its slot is destroyed or not named"),
    "grant prolonged": (prolong_grant, "differs from its entries"),
    "grant's issuer": (blame_issuer, "differs from its entries"),
    "approval unspent": (unspend, "disagree on whether it was used"),
    "approval made": (approve_alone, "disagree on who approved it"),
    "request lost": (lose_request, "on the log, but not in the database"),
    "request redirected": (redirect_request, "what is asked for, or by whom, differs"),
}


@pytest.mark.parametrize("name", FORGERIES)
async def test_each_change_is_named(made: Eventful, name: str) -> None:
    """Whatever a writer to the database changes is told in a sentence, and nothing else is."""
    forge, sentence = FORGERIES[name]
    forge(made.scene.parts.database.state, made)

    found = (await verify_log(made.scene.vault)).findings

    assert len(found) == 1, found
    assert sentence in found[0]


async def test_a_grant_that_gains_is_named_twice(made: Eventful) -> None:
    """More uses of a living grant contradict its entries, and what lies under its slot."""
    multiply_grant(made.scene.parts.database.state, made)

    found = (await verify_log(made.scene.vault)).findings

    assert ["differs from its entries" in each for each in found] == [True, False]
    assert "not the one that was sealed under its slot" in found[1]


async def test_a_day_whose_slot_is_destroyed_says_nothing(made: Eventful) -> None:
    """Call details that are erased with their day are no finding."""
    state = made.scene.parts.database.state
    await made.scene.vault.slots.destroy([state.periods[Period.DAY_DETAILS, date(2026, 11, 20)]])
    state.details_dropped.add(made.waiting)

    assert list((await verify_log(made.scene.vault)).findings) == []


async def test_a_regime_changed_for_a_moment_is_found(made: Eventful) -> None:
    """What collection destroyed against the customer's instruction is named; the row is as it was."""
    scene, state = made.scene, made.scene.parts.database.state
    zenith = scene.zenith.customer.id
    kept = next(each for each in state.recordings.values() if each.customer == zenith)
    change(state.customers, zenith, delete_on_collection=True)
    async with scene.vault.unit_of_work() as work:
        await work.recordings.save(replace(kept, state=RecordingState.COLLECTED))
        facts = {"customer": zenith, "received_at": time_text(kept.received_at or NOON)}
        event = AuditEvent(Action.RECORDING_COLLECTED, OPERATOR, recording=kept.id, facts=facts)
        await work.log.append(event)
        await work.commit()
    change(scene.parts.database.state.customers, zenith, delete_on_collection=False)

    (finding,) = (await verify_log(scene.vault)).findings

    assert "although its customer instructed that collection keeps it" in finding
