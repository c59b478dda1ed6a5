"""Work on threads ends before its caller goes on."""

from __future__ import annotations

import asyncio
import threading

import pytest

from vault.store.threads import Threads, finished, settled


class Gate:
    """Work that waits on its thread until the test lets it go on."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.open = threading.Event()
        self.ended = False

    def pass_through(self, error: Exception | None = None) -> str:
        """Wait; then return, or raise what was asked."""
        self.begun.set()
        assert self.open.wait(30)
        self.ended = True
        if error is not None:
            raise error
        return "through"


async def turns(count: int = 20) -> None:
    """Give the loop some turns."""
    for _ in range(count):
        await asyncio.sleep(0)


async def test_what_work_returns_or_raises_comes_back() -> None:
    """A hop is like a call."""
    threads = Threads("test", 1)
    assert await threads.run(divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        await threads.run(divmod, 7, 0)
    threads.close()


@pytest.mark.parametrize("times", [1, 2, 5])
@pytest.mark.parametrize("error", [None, OSError("late")])
async def test_a_cancelled_caller_waits_for_its_thread(times: int, error: Exception | None) -> None:
    """However often it is cancelled, the caller goes on only when the thread is done; an error is dropped."""
    threads, gate = Threads("test", 1), Gate()
    calling = asyncio.create_task(threads.run(gate.pass_through, error))
    await asyncio.to_thread(gate.begun.wait, 30)
    for _ in range(times):
        calling.cancel()
        await turns()
    assert not calling.done()
    gate.open.set()
    with pytest.raises(asyncio.CancelledError):
        await calling
    assert gate.ended
    threads.close()


async def test_work_that_waits_for_a_thread_is_waited_for_too() -> None:
    """A hop that is still queued when its caller is cancelled has run, too, when the caller goes on."""
    threads, gate = Threads("test", 1), Gate()
    first = threads.start(gate.pass_through)
    did: list[int] = []
    second = asyncio.create_task(threads.run(did.append, 1))
    await turns()
    second.cancel()
    await turns()
    gate.open.set()
    assert await finished(first) == "through"
    with pytest.raises(asyncio.CancelledError):
        await second
    assert did == [1]
    threads.close()


async def test_settled_swallows_every_outcome() -> None:
    """Cleaning up waits for work without caring for it."""
    threads = Threads("test", 1)
    work = threads.start(divmod, 7, 0)
    await settled(work)
    await settled(work)
    assert work.done()
    threads.close()


async def test_never_more_threads_than_asked() -> None:
    """A thousand hops at once share the pool."""
    threads, running, most, lock = Threads("test", 3), 0, 0, threading.Lock()

    def count() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        with lock:
            running -= 1

    await asyncio.gather(*(threads.run(count) for _ in range(1000)))
    assert 1 <= most <= 3
    threads.close()
