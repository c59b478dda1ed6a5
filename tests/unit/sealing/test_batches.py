"""Batches: the whole body in order, without copies of what is large or crowds of what is small."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator

import pytest

from vault.sealing.batches import BATCH_BYTES, Batch, in_batches

CONTENT = hashlib.shake_256(b"body").digest(2 * BATCH_BYTES + 12345)


async def batches_of(content: bytes, step: int) -> list[Batch]:
    """Return the batches of a body that comes in pieces of that size."""

    async def body() -> AsyncIterator[bytes]:
        for start in range(0, len(content), step):
            yield content[start : start + step]

    return [batch async for batch in in_batches(body())]


@pytest.mark.parametrize("step", [1000, 65536, BATCH_BYTES, len(CONTENT)])
async def test_nothing_is_lost_or_moved(step: int) -> None:
    """Joined, the batches are the body; their lengths are true; only the last says that it is."""
    batches = await batches_of(CONTENT, step)

    assert b"".join(bytes(piece) for batch in batches for piece in batch.pieces) == CONTENT
    assert all(batch.length == sum(map(len, batch.pieces)) for batch in batches)
    assert [batch.last for batch in batches] == [False] * (len(batches) - 1) + [True]
    assert all(batch.length < BATCH_BYTES + step for batch in batches)


async def test_a_body_of_whole_batches_ends_with_one() -> None:
    """No empty batch follows: the last bytes are in the last batch."""
    batches = await batches_of(CONTENT[: 2 * BATCH_BYTES], BATCH_BYTES)

    assert [(batch.length, batch.last) for batch in batches] == [(BATCH_BYTES, False), (BATCH_BYTES, True)]


async def test_no_body_is_one_empty_batch() -> None:
    """Nothing at all is a last batch of nothing."""
    assert await batches_of(b"", 1) == [Batch([], 0, last=True)]


async def test_crumbs_are_joined() -> None:
    """A sender of single bytes makes no crowd of objects, each many times its content."""
    (batch,) = await batches_of(CONTENT[:50_000], 1)

    assert len(batch.pieces) == 1
