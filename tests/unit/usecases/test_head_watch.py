"""A second machine with slots of its own is noticed by the first turn after its first commit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.scene import OPERATOR, Scene
from vault.domain.names import CustomerName
from vault.errors import LogCorrupt
from vault.usecases.change_customer import change_customer
from vault.usecases.recover import recover
from vault.usecases.watch_head import HeadWatch


async def one_more(scene: Scene) -> None:
    """Append an entry."""
    await change_customer(scene.vault, CustomerName("acme"), by=OPERATOR, title="x")


async def test_one_set_of_slots_is_quiet(scene: Scene) -> None:
    """However the log grows between turns, and while it does not."""
    watch = HeadWatch()
    for _ in range(3):
        await watch(scene.vault)
        await one_more(scene)
        await watch(scene.vault)


async def test_a_crash_before_the_head_is_not_told_of(scene: Scene) -> None:
    """Killed between a commit and its checkpoint, the service starts and is quiet, though nobody writes."""
    slots = scene.parts.slots.copy()
    await one_more(scene)
    started = scene.over(scene.parts.beside(slots)).vault

    await recover(started)

    watch = HeadWatch()
    for _ in range(2):
        await watch(started)


async def test_other_slots_are_noticed(scene: Scene) -> None:
    """Entries whose checkpoint lies beside other slots: told a turn later, and until it is mended."""
    here, watch = replace(scene.vault, slots=scene.parts.slots.copy()), HeadWatch()
    await watch(here)
    await one_more(scene)

    await watch(here)  # it may be on its way
    for _ in range(2):
        with pytest.raises(LogCorrupt, match="slots of its own"):
            await watch(here)
