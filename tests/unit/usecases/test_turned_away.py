"""Promises about a flood of guesses: once a bucket is full, they cost no look at the database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.fakes.scene import VISITOR, Scene
from vault.app.tally import GuessTally
from vault.domain.event import Actor, Channel
from vault.domain.guesses import GUESSES_PER_WINDOW, Bucket
from vault.errors import AccessDenied, TooManyGuesses
from vault.usecases.sign_in import sign_in
from vault.usecases.sum_up_guesses import count_stopped_guesses

STRANGER = Actor("visitor", "somebody", Channel.HTTP, "203.0.113.9")


@pytest.fixture
def remembering(scene: Scene) -> Scene:
    """A scene whose vault remembers full buckets, as a real one does."""
    return replace(scene, vault=replace(scene.vault, stopped_guesses=GuessTally()))


async def guess(scene: Scene, by: Actor = STRANGER) -> None:
    """Guess at acme's password, wrongly."""
    await sign_in(scene.vault, customer="acme", password="wrong", by=by)


async def fill(scene: Scene) -> None:
    """Use the bucket up, and be turned away once."""
    for _ in range(GUESSES_PER_WINDOW):
        with pytest.raises(AccessDenied):
            await guess(scene)
    with pytest.raises(TooManyGuesses):
        await guess(scene)


async def test_a_flood_reads_nothing(remembering: Scene) -> None:
    """The next wrong guess is turned away though no database could be asked, and is counted in its bucket."""
    await fill(remembering)
    away = remembering.parts.database.reading
    remembering.parts.database.reading = None  # type: ignore[method-assign, assignment]  # asking it is an error
    for _ in range(100):
        with pytest.raises(TooManyGuesses):
            await guess(remembering)
    remembering.parts.database.reading = away  # type: ignore[method-assign]

    await count_stopped_guesses(remembering.vault)

    assert sum(bucket.stopped for bucket in remembering.parts.database.state.buckets.values()) == 101


async def test_the_customer_is_not_taken_for_the_guesser(remembering: Scene) -> None:
    """From its own network, and with its link from the guesser's, the customer gets in at that moment."""
    await fill(remembering)

    by_name = await sign_in(
        remembering.vault,
        customer="acme",
        password=remembering.acme.password.reveal().decode(),
        by=VISITOR,
    )
    assert by_name.token


async def test_a_moment_passes(remembering: Scene) -> None:
    """What was remembered is asked anew after a moment: a try may have been given back since."""
    await fill(remembering)
    bucket = next(iter(remembering.parts.database.state.buckets))
    remembering.parts.database.state.buckets[bucket] = Bucket(bucket, remembering.parts.clock.now())

    remembering.parts.clock.advance(timedelta(seconds=11))

    with pytest.raises(AccessDenied):
        await guess(remembering)


async def test_memory_is_bounded(remembering: Scene) -> None:
    """However many names and networks are made up, no more than some thousand are remembered."""
    tally, now = GuessTally(), remembering.parts.clock.now()
    for number in range(20_000):
        tally.remember(str(number), Bucket("name 1", now, GUESSES_PER_WINDOW), now)

    assert len(tally._full) <= 4096
