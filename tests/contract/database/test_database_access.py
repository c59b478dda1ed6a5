"""Every database keeps links, sessions, guess buckets, known networks and blob deletions."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.contract.database.samples import ACME, ZENITH, add_parties, link, recording, session
from tests.fakes.clock import NOON
from vault.domain.guesses import Bucket
from vault.domain.names import BlobKey, LinkId, SessionId
from vault.errors import Ambiguous, NotFound
from vault.ports.database import Database

SECOND, FIRST = recording(2).id, recording(1).id


async def test_links_come_back_with_their_recordings(database: Database) -> None:
    """A link is found by its token and its id, its recordings in their order; `all` has the newest first."""
    await add_parties(database)
    narrow, wide = link(1, SECOND, FIRST), link(2)
    async with database.unit_of_work() as work:
        await work.links.add(narrow)
        await work.links.add(wide)
        await work.links.add(replace(link(3), customer=ZENITH.id))
        await work.commit()

    async with database.reading() as rows:
        assert await rows.links.by_token(narrow.token_id) == narrow
        assert await rows.links.get(wide.id) == wide
        assert list(await rows.links.all(ACME.id)) == [wide, narrow]
        assert len(await rows.links.all()) == 3
        assert await rows.links.by_token("another") is None
        assert await rows.links.get(LinkId("another")) is None


async def test_a_link_is_found_by_the_beginning_of_its_id(database: Database) -> None:
    """A prefix that fits one link finds it; one that fits none or several says so."""
    await add_parties(database)
    async with database.unit_of_work() as work:
        for each in (link(1), link(2)):
            await work.links.add(each)
        await work.commit()

    async with database.reading() as rows:
        assert await rows.links.find(link(2).id) == link(2)
        with pytest.raises(Ambiguous):
            await rows.links.find("link")
        with pytest.raises(NotFound):
            await rows.links.find("lint")


async def test_a_revoked_link_is_kept(database: Database) -> None:
    """`save` keeps a revocation, and the link its recordings."""
    await add_parties(database)
    async with database.unit_of_work() as work:
        await work.links.add(link(1, FIRST))
        await work.links.save(link(1, FIRST).revoke(NOON))
        await work.commit()

    async with database.reading() as rows:
        assert await rows.links.get(link(1).id) == link(1, FIRST).revoke(NOON)


async def test_sessions_come_and_go(database: Database) -> None:
    """A session comes back whole, and is gone with its openings once removed; twice is no error."""
    await add_parties(database)
    async with database.unit_of_work() as work:
        await work.sessions.add(session(1, FIRST, SECOND))
        await work.sessions.add(session(2))
        await work.sessions.first_opening(session(1).id, FIRST)
        await work.commit()

    async with database.unit_of_work() as work:
        assert await work.sessions.get(session(1).id) == session(1, FIRST, SECOND)
        assert len(await work.sessions.of_customer(ACME.id)) == 2
        for _ in range(2):
            await work.sessions.remove(session(1).id)
        await work.commit()

    async with database.reading() as rows:
        assert await rows.sessions.get(session(1).id) is None
        assert not await rows.sessions.has_opened(session(1).id, FIRST)
        assert list(await rows.sessions.of_customer(ACME.id)) == [session(2)]


async def test_sessions_are_found_by_their_link(database: Database) -> None:
    """A link names the sessions that came by it, and no other."""
    await add_parties(database)
    one, other = link(1).id, link(2).id
    async with database.unit_of_work() as work:
        for each in (session(1, by=one), session(2), session(3, FIRST, by=one), session(4, by=other)):
            await work.sessions.add(each)
        await work.commit()

    async with database.reading() as rows:
        assert list(await rows.sessions.of_link(one)) == [session(1, by=one), session(3, FIRST, by=one)]
        assert list(await rows.sessions.of_link(link(3).id)) == []
        assert await rows.sessions.get(session(4).id) == session(4, by=other)


async def test_expired_sessions_are_found(database: Database) -> None:
    """Those whose time has come are found, `limit` at most; the others are left."""
    await add_parties(database)
    async with database.unit_of_work() as work:
        for number in (3, 1, 2):
            await work.sessions.add(session(number))
        await work.commit()

    async with database.reading() as rows:
        assert {each.id for each in await rows.sessions.expired(session(2).expires_at, 9)} == {
            "session1",
            "session2",
        }
        assert len(await rows.sessions.expired(session(3).expires_at, 2)) == 2


async def test_the_first_opening_is_told_from_the_next(database: Database) -> None:
    """A session opens a recording for the first time once; other pairs are apart."""
    await add_parties(database)
    async with database.unit_of_work() as work:
        for number in (1, 2):
            await work.sessions.add(session(number))
        one, two = session(1).id, session(2).id
        pairs = [(one, FIRST), (one, FIRST), (one, SECOND), (two, FIRST), (one, FIRST)]
        told = [await work.sessions.first_opening(*pair) for pair in pairs]
        await work.commit()

    assert told == [True, False, True, True, False]
    async with database.reading() as rows:
        assert await rows.sessions.has_opened(one, SECOND)
        assert not await rows.sessions.has_opened(two, SECOND)
        assert not await rows.sessions.has_opened(SessionId("another"), FIRST)


async def test_guess_buckets_are_counted_and_forgotten(database: Database) -> None:
    """A bucket is kept over itself, the old ones are found oldest first, and removed."""
    old, new = Bucket("name:acme", NOON, 1), Bucket("net:1", NOON + timedelta(hours=1), 2, 5)
    async with database.unit_of_work() as work:
        await work.guesses.save(new)
        await work.guesses.save(old)
        await work.guesses.save(replace(old, tries=10))
        await work.commit()

    async with database.unit_of_work() as work:
        assert await work.guesses.bucket(old.key) == replace(old, tries=10)
        assert await work.guesses.bucket("another") is None
        assert list(await work.guesses.begun_before(new.since, 9)) == [replace(old, tries=10)]
        assert len(await work.guesses.begun_before(NOON + timedelta(days=1), 1)) == 1
        for _ in range(2):
            await work.guesses.remove(old.key)
        await work.commit()

    async with database.reading() as rows:
        assert await rows.guesses.bucket(old.key) is None
        assert await rows.guesses.bucket(new.key) == new


async def test_networks_are_known_per_customer(database: Database) -> None:
    """A network is known to the customer that signed in from it, however often, and to no other."""
    await add_parties(database)
    async with database.unit_of_work() as work:
        for _ in range(2):
            await work.guesses.remember_network(ACME.id, "blinded", NOON)
        await work.commit()

    async with database.reading() as rows:
        assert await rows.guesses.knows_network(ACME.id, "blinded")
        assert not await rows.guesses.knows_network(ACME.id, "other")
        assert not await rows.guesses.knows_network(ZENITH.id, "blinded")


async def test_blobs_are_retried_until_they_are_gone(database: Database) -> None:
    """A queued blob is due at once, later after a failure, and never again once it is gone."""
    one, two, later = BlobKey("one"), BlobKey("two"), NOON + timedelta(minutes=5)
    async with database.unit_of_work() as work:
        await work.blob_deletions.queue(one, NOON)
        await work.blob_deletions.queue(two, NOON)
        await work.blob_deletions.queue(two, later)
        await work.blob_deletions.failed(one, later)
        await work.commit()

    async with database.unit_of_work() as work:
        assert list(await work.blob_deletions.due(NOON, 9)) == [two]
        assert set(await work.blob_deletions.due(later, 9)) == {one, two}
        assert len(await work.blob_deletions.due(later, 1)) == 1
        assert await work.blob_deletions.waiting() == 2
        for _ in range(2):
            await work.blob_deletions.done(two)
        await work.commit()

    async with database.reading() as rows:
        assert await rows.blob_deletions.waiting() == 1
