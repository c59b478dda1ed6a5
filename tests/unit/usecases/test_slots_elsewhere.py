"""Slots of another machine, or put back under a running service: what was destroyed ends there too."""

from __future__ import annotations

import pytest

from tests.fakes.scene import OPERATOR, Scene, digest
from vault.entrypoints.cli.checks.check import Level
from vault.entrypoints.cli.checks.endings import check_endings
from vault.errors import LogCorrupt
from vault.usecases.confirm_receipt import confirm_receipt
from vault.usecases.end_session import end_session
from vault.usecases.reconcile_slots import destroy_left_slots, returned_slots


@pytest.fixture
async def elsewhere(scene: Scene) -> Scene:
    """A machine over the same database, with a copy of the slots from before a recording ended."""
    sealed = await scene.upload(scene.acme.source, b"sound")
    copy = scene.parts.slots.copy()
    await confirm_receipt(scene.vault, await scene.visitor(scene.acme), sealed.recording, digest(b"sound"))
    return scene.over(scene.parts.beside(copy))


async def test_a_copy_of_the_slots_is_found_out_and_ended(elsewhere: Scene) -> None:
    """Its service destroys what was certified as destroyed, and says that there are two sets of slots."""
    (number,) = await returned_slots(elsewhere.vault)

    with pytest.raises(LogCorrupt, match="another machine"):
        await destroy_left_slots(elsewhere.vault)

    assert not elsewhere.parts.slots.alive(number)
    assert await destroy_left_slots(elsewhere.vault) == 0


async def test_the_doctor_names_it(elsewhere: Scene) -> None:
    """Looking changes nothing."""
    for _ in range(2):
        (check,) = [each async for each in check_endings(elsewhere.vault)]
        assert check.level is Level.FAILURE
        assert "slots of its own" in check.finding


async def test_what_a_crash_left_is_no_second_set_of_slots(scene: Scene) -> None:
    """A session that ended before its slot was destroyed is destroyed without a word."""
    before = scene.parts.slots.copy()
    await end_session(scene.vault, (await scene.visitor(scene.acme)).session, by=OPERATOR)
    again = scene.over(scene.parts.beside(before))

    assert await returned_slots(again.vault) == []
    assert await destroy_left_slots(again.vault) == 1
