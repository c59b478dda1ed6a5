"""One step ahead: while one piece is on its way, the next is made."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def one_ahead(step: Callable[[], Coroutine[Any, Any, T | None]]) -> AsyncGenerator[T, None]:
    """Yield what each step returns, until one returns None; the next begins before a result is given out.

    Steps never overlap. Once the generator is closed, none is under way.
    """
    ahead = asyncio.create_task(step())
    try:
        while (made := await ahead) is not None:
            ahead = asyncio.create_task(step())
            yield made
    finally:
        ahead.cancel()
        await asyncio.wait([ahead])
        if not ahead.cancelled():
            ahead.exception()  # looked at: whoever failed first is heard
