"""The report of a month: counted from the log, under a checkpoint, itself an entry."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from keys.secret import Secret
from tests.fakes.scene import DPO, OPERATOR, VISITOR, Scene
from tests.harness.staff import custodian, dana
from vault.audit.checkpoint import open_checkpoint
from vault.domain.event import Action
from vault.domain.month import Month, parse_month
from vault.domain.recording import RecordingState
from vault.domain.staff import Role
from vault.errors import AccessDenied, Collected, Invalid, LogUnavailable
from vault.usecases.confirm_receipt import confirm_receipt
from vault.usecases.export_recording import export_recording
from vault.usecases.make_report import MonthReport, make_report
from vault.usecases.open_as_staff import open_as_staff
from vault.usecases.open_recording import open_recording
from vault.usecases.place_hold import place_hold
from vault.usecases.release_hold import release_hold
from vault.usecases.shred_by_instruction import shred_by_instruction
from vault.usecases.sign_in import sign_in
from vault.usecases.unlock_staff import unlock_staff

DECEMBER = Month(2026, 12)


async def report(scene: Scene, month: Month = DECEMBER) -> MonthReport:
    """Make one."""
    return await make_report(scene.vault, month, by=OPERATOR)


async def collect(scene: Scene, recording: str, sha256: str) -> None:
    """Collect as acme does."""
    password = scene.acme.password.reveal().decode()
    signed_in = await sign_in(scene.vault, customer="acme", password=password, by=VISITOR)
    visitor = await scene.visitor(scene.acme, signed_in.token)
    with suppress(Collected):  # once collected, the receipt alone is sent again
        await open_recording(scene.vault, visitor, recording)  # type: ignore[arg-type]  # ids as receipts have them
    await confirm_receipt(scene.vault, visitor, recording, sha256)  # type: ignore[arg-type]  # likewise


async def test_what_staff_did_is_counted_by_day_role_and_person(scene: Scene) -> None:
    """Openings, exports and refusals of the month count; those of the days before and after it don't."""
    dpo = await dana(scene.vault, scene.founding.passphrase)
    mia = await custodian(scene.vault, dpo, "mia", Role.MANAGER)
    sealed = await scene.upload(scene.acme.source, b"sound")
    for moment in (DECEMBER.begin - timedelta(microseconds=1), DECEMBER.begin, DECEMBER.end):
        scene.parts.clock.moment = moment
        await open_as_staff(scene.vault, dpo, sealed.recording, reason="complaint")
        if moment == DECEMBER.begin:
            await export_recording(scene.vault, dpo, sealed.recording, reason="police")
            with pytest.raises(AccessDenied):
                await open_as_staff(scene.vault, mia, sealed.recording, reason="curious")
            with pytest.raises(AccessDenied):
                await unlock_staff(scene.vault, DPO, Secret(b"wrong"), by=OPERATOR)

    figures = (await report(scene)).figures

    assert figures.openings == {"dpo": [2] + [0] * 30}
    people = figures.people
    assert (people[dpo.actor.id].opened, people[dpo.actor.id].exported) == (1, 1)
    assert (people[mia.actor.id].role, people[mia.actor.id].refused) == ("manager", 1)
    assert figures.refusals == {"recording": [1] + [0] * 30, "password": [1] + [0] * 30}
    assert figures.entries == 4
    assert figures.actions["recording.opened"] == 1


async def test_what_ended_and_why(scene: Scene) -> None:
    """Each destruction is counted under what brought it about, also where that began in an earlier month."""
    dpo = await dana(scene.vault, scene.founding.passphrase)
    sealed = [await scene.upload(scene.acme.source, bytes([n]) * (n + 1)) for n in range(4)]
    await place_hold(scene.vault, dpo, [sealed[2].recording], case="H-1")
    scene.parts.clock.moment = DECEMBER.begin - timedelta(hours=1)
    scene.parts.slots.away = {1}
    await collect(scene, sealed[3].recording, sealed[3].sha256)
    scene.parts.slots.away = set()
    scene.parts.clock.moment = DECEMBER.begin + timedelta(days=1)
    for each in (sealed[0], sealed[2], sealed[3]):
        await collect(scene, each.recording, each.sha256)
    await shred_by_instruction(
        scene.vault, dpo, sealed[1].recording, reason="erasure", instructed_by="J. Smith"
    )
    await release_hold(scene.vault, dpo, "H-1")

    figures = (await report(scene)).figures

    assert {cause: sum(days) for cause, days in figures.destroyed.items()} == {
        "collection": 2, "instruction": 1, "hold released": 1,
    }  # fmt: skip
    assert figures.destroyed_bytes == {"collection": 5, "instruction": 2, "hold released": 3}
    assert len(figures.waits) == 2, "received in December: two; a third was received in November"
    assert all(seconds > 10 * 86400 for seconds in figures.waits)
    assert figures.customers == {scene.acme.customer.id: 2}


async def test_what_waits(scene: Scene) -> None:
    """What waits is counted by age; for a fortnight or longer by customer; the company's own for nobody."""
    await scene.upload(scene.acme.source, b"old")
    await scene.upload(scene.own, b"own")
    scene.parts.clock.advance(timedelta(days=14))
    sealed = await scene.upload(scene.zenith.source, b"new")
    dpo = await dana(scene.vault, scene.founding.passphrase)
    await place_hold(scene.vault, dpo, [sealed.recording], case="H-1", review_on=date(2026, 11, 30))

    pending = (await report(scene)).pending

    assert pending.ages == [1, 0, 0, 0, 1, 0, 0]
    assert {owner: waits.recordings for owner, waits in pending.late.items()} == {scene.acme.customer.id: 1}
    assert (pending.holds, pending.overdue_holds, pending.shreds) == (1, 1, 0)


async def test_a_report_is_an_entry_under_its_own_checkpoint(scene: Scene) -> None:
    """The entry says which month and whether the log held; the signed checkpoint covers that entry."""
    scene.parts.clock.moment = DECEMBER.begin
    made = await report(scene)

    (entry,) = await scene.log(Action.REPORT_MADE)
    assert dict(entry.entry.facts) == {"month": "2026-12", "entries": 0, "held": True}
    assert made.index == entry.entry.index
    checkpoint = open_checkpoint(made.note.encode(), scene.vault.keys.verifier)
    assert checkpoint == made.checkpoint
    assert checkpoint.size == made.index + 1
    assert not made.complete


async def test_a_report_says_that_the_log_does_not_hold(scene: Scene) -> None:
    """What verification found is in the report, and its entry says so."""
    sealed = await scene.upload(scene.acme.source, b"sound")
    rows = scene.parts.database.state.recordings
    rows[sealed.recording] = replace(rows[sealed.recording], state=RecordingState.RETAINED)
    scene.parts.clock.moment = DECEMBER.end

    made = await report(scene)

    assert len(made.verification.findings) == 1
    assert (await scene.log(Action.REPORT_MADE))[0].entry.facts["held"] is False
    assert made.complete


async def test_no_report_without_its_entry(scene: Scene) -> None:
    """While the log can't be written there is no report, and none of a month that has not begun."""
    with pytest.raises(Invalid):
        await report(scene, Month(2027, 1))
    scene.parts.clock.moment = DECEMBER.end
    scene.parts.database.fail_commit_with(LogUnavailable("no disk"))
    with pytest.raises(LogUnavailable):
        await report(scene)


def test_months_are_calendar_months_in_utc() -> None:
    """A month begins at midnight UTC and ends where the next one begins; what is none is refused."""
    assert parse_month(" 2026-12 ") == DECEMBER
    assert (DECEMBER.begin, DECEMBER.end) == (
        datetime(2026, 12, 1, tzinfo=UTC),
        datetime(2027, 1, 1, tzinfo=UTC),
    )
    assert (DECEMBER.days, Month(2028, 2).days, str(Month(2028, 2))) == (31, 29, "2028-02")
    assert DECEMBER.title == "December 2026"
    for text in ("2026-13", "2026", "2026-1", "9999-12", "0000-01", "2026-00", "26-11", "٢٠٢٦-11"):
        with pytest.raises(Invalid):
            parse_month(text)
