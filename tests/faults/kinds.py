"""The kinds of faults that are tried, each by its name."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.faults import (
    clocks,
    failing_calls,
    full_disks,
    kills,
    mirrors_away,
    powercuts,
    remnants,
    restores,
    slow_connections,
)
from tests.faults.trial import CannotTry, Trial
from tests.harness.chance import say
from tests.harness.vaults import RealVault


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fault: the goal it serves, what a turn is, and how many the goal asks for."""

    run: Callable[[Trial, RealVault, Path], Awaitable[None]]
    goal: str
    unit: str
    most: int


KINDS = {
    "kills": Kind(kills.run, "R4, R5", "kills", 1000),
    "failing-calls": Kind(failing_calls.run, "R1, R5", "faults", 2000),
    "powercuts": Kind(powercuts.run, "R4", "cuts", 500),
    "powercuts-xfs": Kind(partial(powercuts.run, kind="xfs"), "R4", "cuts", 100),
    "remnants": Kind(remnants.run, "R2", "disks", 20),
    "remnants-xfs": Kind(partial(remnants.run, kind="xfs"), "R2", "disks", 5),
    "full-disks": Kind(full_disks.run, "R4", "degrees", 60),
    "mirrors-away": Kind(mirrors_away.run, "R15", "losses", 20),
    "restores": Kind(restores.run, "R15", "histories", 30),
    "slowhttptest": Kind(slow_connections.run, "R13", "attacks", len(slow_connections.ATTACKS)),
    "clocks": Kind(clocks.run, "log time", "lives", 5),
}


def attempt(name: str, most: int, seconds: float, known: RealVault, folder: Path) -> Trial:
    """Try one kind; whatever ends it early is a violation too, but for a machine that can't."""
    kind = KINDS[name]
    trial = Trial(name, kind.goal, kind.unit, most=most, seconds=seconds)
    folder.mkdir(parents=True, exist_ok=True)
    say(f"{name}: at most {most} {kind.unit} or {seconds:.0f} s")
    try:
        asyncio.run(_tried(kind, trial, known, folder))
    except CannotTry as reason:
        trial.reason = str(reason)
    except Exception as error:  # noqa: BLE001 - told in the table, with what was found before it
        trial.found.append(f"it ended with {type(error).__name__}: {error}")
    trial.elapsed = time.monotonic() - trial.begun
    say(f"{name}: {' | '.join(trial.row()[2:])}")
    return trial


async def _tried(kind: Kind, trial: Trial, known: RealVault, folder: Path) -> None:
    await kind.run(trial, known, folder)
