"""What staff sees of recordings, and the figures at a glance."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.fakes.scene import OPERATOR, Scene
from vault.domain.call import CallDetails
from vault.domain.event import Action
from vault.domain.names import RecordingId
from vault.domain.recording import RecordingState
from vault.errors import Ambiguous, LogUnavailable, NotFound
from vault.ports.repositories import Period, RecordingFilter
from vault.usecases.check_readiness import check_readiness
from vault.usecases.confirm_receipt import confirm_receipt
from vault.usecases.list_recordings import list_recordings, show_recording
from vault.usecases.open_recording import open_recording
from vault.usecases.report_status import report_status

ALL = RecordingFilter()


async def called(scene: Scene, number: str, at: datetime, call_id: str | None = None) -> RecordingId:
    """Seal a call from that number."""
    details = CallDetails(calling=(number,), started_at=at, call_id=call_id)
    return (await scene.upload(scene.acme.source, number.encode() + str(at).encode(), details)).recording


async def find(scene: Scene, number: str, which: RecordingFilter = ALL) -> list[RecordingId]:
    """Search for a number."""
    listed = await list_recordings(scene.vault, which, by=OPERATOR, number=number)
    return [each.recording.id for each in listed]


async def test_numbers_are_found_however_written(scene: Scene) -> None:
    """A number is found in every month of the last year, in whatever form it came or is asked for."""
    november = await called(scene, "+44 20 7946 0000", datetime(2026, 11, 3, tzinfo=UTC))
    january = await called(scene, "02079460000", datetime(2026, 1, 31, 23, 59, tzinfo=UTC))
    await called(scene, "101", datetime(2026, 11, 3, tzinfo=UTC))

    for number in ("(020) 7946 0000", "00442079460000"):
        assert await find(scene, number) == [january, november]
    assert len(await find(scene, "101")) == 1
    assert await find(scene, "102") == []
    assert await find(scene, "anonymous") == []


async def test_a_search_may_be_bounded(scene: Scene) -> None:
    """`since` and `until` choose the months that are searched, and the calls in them."""
    days = [datetime(2024, month, 15, 12, tzinfo=UTC) for month in (1, 2, 12)]
    january, february, december = [await called(scene, "02079460000", day) for day in days]

    assert await find(scene, "02079460000") == []
    which = RecordingFilter(since=days[0] - timedelta(days=1), until=days[1] + timedelta(days=1))
    assert await find(scene, "02079460000", which) == [february, january]
    assert await find(scene, "02079460000", RecordingFilter(since=days[1])) == [december, february]
    assert await find(scene, "02079460000", RecordingFilter(since=days[1], until=days[0])) == []


async def test_an_erased_month_is_found_no_more(scene: Scene) -> None:
    """With the slot of its index a month can't be searched, by nobody, in any copy of the database."""
    day = datetime(2026, 11, 3, tzinfo=UTC)
    await called(scene, "02079460000", day)
    slot = scene.parts.database.state.periods[Period.MONTH_INDEX, day.date().replace(day=1)]
    await scene.vault.slots.destroy([slot])

    assert await find(scene, "02079460000") == []


async def test_tokens_of_two_months_differ(scene: Scene) -> None:
    """The index does not tell that two months' calls are of one number."""
    for month in (10, 11):
        await called(scene, "02079460000", datetime(2026, month, 3, tzinfo=UTC))
    first, second = scene.parts.database.state.uploads.values()

    assert first.numbers
    assert not set(first.numbers) & set(second.numbers)


async def test_a_call_is_found_by_its_id(scene: Scene) -> None:
    """A call id finds its recordings and no others."""
    wanted = await called(scene, "101", datetime(2026, 11, 3, tzinfo=UTC), "1795305066.3")
    await called(scene, "101", datetime(2026, 11, 3, tzinfo=UTC), "1795305066.4")

    listed = await list_recordings(scene.vault, ALL, by=OPERATOR, call_id="1795305066.3")

    assert [each.recording.id for each in listed] == [wanted]


async def test_every_listing_is_an_entry(scene: Scene) -> None:
    """Whatever was listed is on the log with its count before it is shown, an empty list too."""
    await called(scene, "101", datetime(2026, 11, 3, tzinfo=UTC))
    await find(scene, "101")
    await find(scene, "anonymous")
    await list_recordings(scene.vault, ALL, by=OPERATOR)

    listed = await scene.log(Action.RECORDING_LISTED)
    assert [each.entry.facts["count"] for each in listed] == [1, 0, 1]

    scene.parts.database.fail_commit_with(LogUnavailable("no disk"))
    with pytest.raises(LogUnavailable):
        await list_recordings(scene.vault, ALL, by=OPERATOR)


async def test_showing_ends_with_who_opened_it(scene: Scene) -> None:
    """One recording is shown with its details and its entries, the look at it included."""
    sealed = await called(scene, "101", datetime(2026, 11, 3, tzinfo=UTC))
    await called(scene, "102", datetime(2026, 11, 3, tzinfo=UTC))
    await open_recording(scene.vault, await scene.visitor(scene.acme), sealed)

    shown = await show_recording(scene.vault, sealed[:15], by=OPERATOR)

    assert shown.listed.recording.id == sealed
    assert shown.listed.details.calling == ("101",)
    assert [each.entry.action for each in shown.events] == [
        Action.RECORDING_LISTED,
        Action.RECORDING_OPENED,
        Action.RECORDING_SEALED,
    ]
    with pytest.raises(NotFound):
        await show_recording(scene.vault, "zzzz", by=OPERATOR)
    with pytest.raises(Ambiguous):
        await show_recording(scene.vault, "", by=OPERATOR)


async def test_the_status_counts(scene: Scene) -> None:
    """What waits, what ended and what is still to be done, at a glance."""
    await scene.upload(scene.acme.source, b"12345")
    ended = await scene.upload(scene.zenith.source, b"123")
    await confirm_receipt(scene.vault, await scene.visitor(scene.zenith), ended.recording, ended.sha256)

    status = await report_status(scene.vault)

    assert status.recordings == {
        RecordingState.WAITING: (1, 5),
        RecordingState.RETAINED: (0, 0),
        RecordingState.COLLECTED: (0, 0),
        RecordingState.SHREDDED: (1, 3),
    }
    assert (status.blobs_to_delete, status.customers, status.sources) == (1, 2, 3)
    assert status.log_size == len(await scene.log())


async def test_readiness_names_what_is_down(scene: Scene) -> None:
    """Each part says by itself whether it can serve."""
    assert set((await check_readiness(scene.vault)).values()) == {"ok"}
    scene.parts.database.down = scene.parts.blobs.down = scene.parts.slots.down = True

    assert await check_readiness(scene.vault) == {
        "database": "database_unavailable",
        "store": "store_unavailable",
        "slots": "slots_unavailable",
    }
