"""Working ahead: in order, never twice at once, and with nothing left behind."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from vault.sealing.ahead import one_ahead


async def test_results_come_in_order_until_none() -> None:
    """Every result is given out, once, and None ends it."""
    left = [1, 2, 3]

    async def step() -> int | None:
        await asyncio.sleep(0)
        return left.pop(0) if left else None

    assert [made async for made in one_ahead(step)] == [1, 2, 3]


async def test_steps_never_overlap() -> None:
    """However slow the taker is, one step is under way at a time, and one result ahead."""
    under_way, begun = 0, 0

    async def step() -> int | None:
        nonlocal under_way, begun
        under_way, begun = under_way + 1, begun + 1
        assert under_way == 1
        await asyncio.sleep(0)
        under_way -= 1
        return begun if begun < 9 else None

    async for made in one_ahead(step):
        for _ in range(5):
            await asyncio.sleep(0)
        assert begun <= made + 1


async def test_closing_ends_the_step_under_way() -> None:
    """Whoever leaves early finds nothing still reading from what it closes next."""
    ended = asyncio.Event()

    async def step() -> int | None:
        if not steps:
            steps.append(1)
            return 1
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.set()
        return None

    steps: list[int] = []
    async with aclosing(one_ahead(step)) as made:
        assert await anext(made) == 1
        await asyncio.sleep(0)

    assert ended.is_set()


async def test_a_failure_comes_after_what_was_made_before() -> None:
    """A step that fails ahead is heard of in its turn, and not instead of a good result."""
    results: list[int | Exception] = [1, ValueError("broken")]

    async def step() -> int | None:
        result = results.pop(0)
        if isinstance(result, Exception):
            raise result
        return result

    made = one_ahead(step)
    assert await anext(made) == 1
    with pytest.raises(ValueError, match="broken"):
        await anext(made)


async def test_cancelling_the_taker_ends_the_step() -> None:
    """A cancelled upload leaves no step behind."""
    cancelled = asyncio.Event()

    async def step() -> int | None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return None

    async def take() -> None:
        async with aclosing(one_ahead(step)) as made:
            async for _ in made:
                pass

    taker = asyncio.create_task(take())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    taker.cancel()
    await asyncio.wait([taker])

    assert taker.cancelled()
    assert cancelled.is_set()
