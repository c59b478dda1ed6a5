"""Set the clock back by a day and forward by a year, keep house under it, and set it right again."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from tests.faults.powercuts import check_whole
from tests.faults.trial import Lost, Trial
from tests.harness.vaults import SOMEBODY, RealVault
from vault.app import clock, opening
from vault.audit.entry import Entry
from vault.domain.recording import RecordingState
from vault.entrypoints.serve.housekeeping import SUPERVISOR_CHORES
from vault.errors import AccessDenied
from vault.ports.log import EventFilter
from vault.ports.vault import Vault
from vault.usecases.sign_in import sign_in

DAY, YEAR = timedelta(days=1), timedelta(days=365)
JUMPS = (-DAY, YEAR, timedelta(0))
CONTENT = b"what is said is said" * 100


async def run(trial: Trial, known: RealVault, folder: Path) -> None:
    """Live through the jumps, a start of the vault at each, in a fresh vault every turn."""
    for turn in trial.turns():
        with trial.watched(f"life {turn}"):
            await _live(trial, known.copied_to(folder / str(turn)))


async def _live(trial: Trial, known: RealVault) -> None:
    before = await known.signed_in()
    for jump in JUMPS:
        with _clock_set(jump):
            async with known.opened() as vault:
                await known.upload(vault, CONTENT, name=None)
                for chore in SUPERVISOR_CHORES:
                    await chore.work(vault)
                # Once the year had passed, the session was over and its slot destroyed: that stays so.
                await _judge_session(before, vault, alive=jump < timedelta(0))
                await _judge_link(known, vault, alive=jump < YEAR)
            trial.note("starts")
    async with known.opened() as vault:
        await _check(vault, known)


@contextmanager
def _clock_set(jump: timedelta) -> Iterator[None]:
    """Let vaults that are opened in here have a clock that is wrong by so much."""
    right = clock.SystemClock

    class Wrong:
        def now(self) -> datetime:
            return right().now() + jump

    vars(opening)["SystemClock"] = Wrong
    try:
        yield
    finally:
        vars(opening)["SystemClock"] = right


async def _judge_session(before: RealVault, vault: Vault, *, alive: bool) -> None:
    try:
        await before.visit(vault)
    except AccessDenied:
        assert not alive, "a session that is not over is refused"
    else:
        assert alive, "a session that was over is there again"


async def _judge_link(known: RealVault, vault: Vault, *, alive: bool) -> None:
    try:
        await sign_in(vault, link=known.link, password=known.password, by=SOMEBODY)
    except AccessDenied:
        assert not alive, "a link that is not over is refused"
    else:
        assert alive, "a link opens after its term"


async def _check(vault: Vault, known: RealVault) -> None:
    """See that the log's time never went back, and that nothing was destroyed."""
    async with vault.reading() as rows:
        newest_first = await rows.events.list(EventFilter(), limit=1000)
        found = [recording async for recording in rows.recordings.scan()]
    times = [Entry.decode(stored.record).time for stored in newest_first]
    if any(later < earlier for later, earlier in itertools.pairwise(times)):
        raise Lost("the log's time goes back")
    if [recording.state for recording in found] != [RecordingState.WAITING] * len(JUMPS):
        raise Lost("recordings were destroyed by the clock")
    await check_whole(vault, known, found)
