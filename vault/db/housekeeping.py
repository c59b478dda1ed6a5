"""Blobs that must go, and the guess limit's buckets and known networks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, func, insert, select, update

from vault.db.rows import put_row, row_of
from vault.db.statements import Statements
from vault.db.tables import blob_deletions, guess_buckets, known_networks
from vault.domain.guesses import Bucket
from vault.domain.names import BlobKey, CustomerId

_BUCKET = select(guess_buckets).where(guess_buckets.c.key == bindparam("bucket"))
_KNOWN = select(known_networks.c.network).where(
    known_networks.c.customer == bindparam("owner"), known_networks.c.network == bindparam("from")
)


class SqlBlobDeletions:
    """`BlobDeletions`."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def queue(self, key: BlobKey, now: datetime) -> None:
        """Queue a blob, due at once; one that waits already keeps its place."""
        queued = select(blob_deletions.c.blob).where(blob_deletions.c.blob == key)
        if (await self._statements.read(queued)).first() is None:
            row = {"blob": key, "queued_at": now, "due_at": now}
            await self._statements.write(insert(blob_deletions).values(row))

    async def due(self, now: datetime, limit: int) -> Sequence[BlobKey]:
        """Return what is to be tried now, the longest due first, `limit` at most."""
        query = select(blob_deletions.c.blob).where(blob_deletions.c.due_at <= now)
        rows = await self._statements.read(query.order_by(blob_deletions.c.due_at).limit(limit))
        return [BlobKey(key) for key in rows.scalars()]

    async def done(self, key: BlobKey) -> None:
        """Forget a blob that was proven absent."""
        await self._statements.write(delete(blob_deletions).where(blob_deletions.c.blob == key))

    async def failed(self, key: BlobKey, retry_at: datetime) -> None:
        """Try the blob again at that time."""
        later = update(blob_deletions).where(blob_deletions.c.blob == key).values(due_at=retry_at)
        await self._statements.write(later)

    async def waiting(self) -> int:
        """Return how many blobs still have to go."""
        query = select(func.count()).select_from(blob_deletions)
        return int((await self._statements.read(query)).scalar_one())


class SqlGuesses:
    """`Guesses`."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def bucket(self, key: str) -> Bucket | None:
        """Return the bucket of that key."""
        row = (await self._statements.read(_BUCKET, {"bucket": key})).one_or_none()
        return None if row is None else Bucket(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping

    async def save(self, bucket: Bucket) -> None:
        """Keep a bucket, new or changed."""
        await put_row(self._statements, guess_buckets, {"key": bucket.key}, row_of(guess_buckets, bucket))

    async def remove(self, key: str) -> None:
        """Drop the bucket of that key; one that is gone is no error."""
        await self._statements.write(delete(guess_buckets).where(guess_buckets.c.key == key))

    async def begun_before(self, moment: datetime, limit: int) -> Sequence[Bucket]:
        """Return buckets whose window began before then, the oldest first, `limit` at most."""
        query = select(guess_buckets).where(guess_buckets.c.since < moment)
        rows = await self._statements.read(query.order_by(guess_buckets.c.since).limit(limit))
        return [Bucket(**row) for row in rows.mappings()]

    async def knows_network(self, customer: CustomerId, network: str) -> bool:
        """Say whether this customer has signed in from that network."""
        wanted = {"owner": customer, "from": network}
        return (await self._statements.read(_KNOWN, wanted)).first() is not None

    async def remember_network(self, customer: CustomerId, network: str, now: datetime) -> None:
        """Note that this customer signed in from that network, now for the last time."""
        key = {"customer": customer, "network": network}
        await put_row(self._statements, known_networks, key, {"seen_at": now})
