"""Slots that are a row's own, and rows that say so of others'."""

from __future__ import annotations

import pytest

from keys.errors import SlotsUnavailable
from keys.slots.sealing import seal_under
from tests.fakes.vault import Parts, fake_vault
from vault.sealing.own_slots import Claim, living_slots, own_slots

WHAT = b"session 1"


async def sealed(parts: Parts, number: int) -> bytes:
    """Seal something under a slot."""
    return seal_under(await parts.slots.claimable(number), b"content", bound_to=WHAT)


async def test_what_proves_itself_is_own() -> None:
    """Living with the right content, or destroyed; not another's, nor with nothing to show."""
    parts = Parts()
    vault, content = fake_vault(parts), await sealed(parts, 1)
    await sealed(parts, 2)
    await sealed(parts, 3)
    await parts.slots.destroy([3])
    claims = [Claim(1, content, WHAT), Claim(2, content, WHAT), Claim(2, None, WHAT), Claim(3, None, WHAT)]

    assert await own_slots(vault, claims) == [1, 3]
    assert await own_slots(vault, [Claim(1, content, b"session 2")]) == []
    assert await own_slots(vault, []) == []


async def test_numbers_that_no_slot_has_are_nobodys() -> None:
    """A row may name any number; what else is asked for at once is answered all the same."""
    parts = Parts()
    vault, content = fake_vault(parts), await sealed(parts, 1)

    claims = [Claim(99, content, WHAT), Claim(-1, content, WHAT), Claim(1, content, WHAT)]

    assert await own_slots(vault, claims) == [1]
    assert set(await living_slots(vault, [99, -1, 1])) == {1}


async def test_slots_that_are_away_are_told_of() -> None:
    """Nothing is taken for destroyed because its disks are away."""
    parts = Parts()
    vault, content = fake_vault(parts), await sealed(parts, 1)
    parts.slots.down = True

    with pytest.raises(SlotsUnavailable):
        await own_slots(vault, [Claim(1, content, WHAT)])
