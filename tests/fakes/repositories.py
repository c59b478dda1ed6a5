"""The repositories of people, access and housekeeping in memory; their contract is in `vault.ports`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import TypeVar

from tests.fakes.state import State
from vault.domain.access import Link, Session
from vault.domain.customer import Customer
from vault.domain.guesses import Bucket
from vault.domain.names import (
    BlobKey,
    CustomerId,
    CustomerName,
    LinkId,
    RecordingId,
    SessionId,
    SourceId,
    SourceName,
    StaffId,
    StaffName,
)
from vault.domain.source import Source
from vault.domain.staff import LockedIdentity, Owner, StaffMember
from vault.errors import Ambiguous, Conflict, NameTaken, NotFound
from vault.ports.repositories import VaultRecord

Id = TypeVar("Id", bound=str)


def the_only(ids: Sequence[Id], prefix: str) -> Id:
    """Return the id that begins so; raise `NotFound` or `Ambiguous`."""
    found = [each for each in ids if each.startswith(prefix)]
    if not found:
        raise NotFound(f"no id begins with {prefix}")
    if len(found) > 1:
        raise Ambiguous(f"more than one id begins with {prefix}")
    return found[0]


class Memory:
    """A repository on the state of one unit of work or snapshot."""

    def __init__(self, state: State) -> None:
        self._state = state


class MemoryIdentity(Memory):
    """`Identity`."""

    async def get(self) -> VaultRecord | None:
        """Return the vault's row."""
        return self._state.vault

    async def add(self, record: VaultRecord) -> None:
        """Add it, once."""
        if self._state.vault is not None:
            raise Conflict("the vault is there already")
        self._state.vault = record

    async def save(self, record: VaultRecord) -> None:
        """Replace it."""
        self._state.vault = record


class MemoryCustomers(Memory):
    """`Customers`."""

    async def get(self, name: CustomerName) -> Customer | None:
        """Return the customer of that name."""
        return next((each for each in self._state.customers.values() if each.name == name), None)

    async def by_id(self, customer: CustomerId) -> Customer | None:
        """Return the customer of that id."""
        return self._state.customers.get(customer)

    async def add(self, customer: Customer) -> None:
        """Add a customer with a new name."""
        if await self.get(customer.name) is not None:
            raise NameTaken(f"a customer named {customer.name} exists already")
        self._state.customers[customer.id] = customer

    async def save(self, customer: Customer) -> None:
        """Keep it changed."""
        self._state.customers[customer.id] = customer

    async def all(self) -> Sequence[Customer]:
        """Return all by name."""
        return sorted(self._state.customers.values(), key=lambda each: each.name)


class MemorySources(Memory):
    """`Sources`."""

    async def get(self, name: SourceName) -> Source | None:
        """Return the source of that name."""
        return next((each for each in self._state.sources.values() if each.name == name), None)

    async def by_id(self, source: SourceId) -> Source | None:
        """Return the source of that id."""
        return self._state.sources.get(source)

    async def by_token(self, token_id: str) -> Source | None:
        """Return whose bearer token has that digest."""
        return next((each for each in self._state.sources.values() if each.token_id == token_id), None)

    async def by_hook_token(self, token_id: str) -> Source | None:
        """Return whose URL token has that digest."""
        return next((each for each in self._state.sources.values() if each.hook_token_id == token_id), None)

    async def add(self, source: Source) -> None:
        """Add a source with a new name."""
        if await self.get(source.name) is not None:
            raise NameTaken(f"a source named {source.name} exists already")
        self._state.sources[source.id] = source

    async def save(self, source: Source) -> None:
        """Keep it changed."""
        self._state.sources[source.id] = source

    async def all(self) -> Sequence[Source]:
        """Return all by name."""
        return sorted(self._state.sources.values(), key=lambda each: each.name)


class MemoryStaff(Memory):
    """`StaffMembers`."""

    async def get(self, name: StaffName) -> StaffMember | None:
        """Return the person of that name."""
        return self._state.staff.get(name)

    async def by_id(self, member: StaffId) -> StaffMember | None:
        """Return the person of that id."""
        return next((each for each in self._state.staff.values() if each.id == member), None)

    async def add(self, member: StaffMember) -> None:
        """Add a person with a new name."""
        if member.name in self._state.staff:
            raise NameTaken(f"somebody named {member.name} exists already")
        self._state.staff[member.name] = member

    async def save(self, member: StaffMember) -> None:
        """Keep it changed."""
        if member.name not in self._state.staff:
            raise NotFound("no such person")
        self._state.staff[member.name] = member

    async def all(self) -> Sequence[StaffMember]:
        """Return all by name."""
        return [self._state.staff[name] for name in sorted(self._state.staff)]


class MemoryIdentities(Memory):
    """`Identities`."""

    async def current(self, owner: Owner, owner_id: str) -> LockedIdentity | None:
        """Return the highest generation."""
        found = [each for key, each in self._state.identities.items() if key[:2] == (owner, owner_id)]
        return max(found, key=lambda each: each.generation, default=None)

    async def add(self, identity: LockedIdentity) -> None:
        """Add a new generation."""
        key = (identity.owner, identity.owner_id, identity.generation)
        if key in self._state.identities:
            raise Conflict("that identity is there already")
        self._state.identities[key] = identity

    async def save(self, identity: LockedIdentity) -> None:
        """Keep a new lock."""
        key = (identity.owner, identity.owner_id, identity.generation)
        if key not in self._state.identities:
            raise NotFound("no such identity")
        self._state.identities[key] = identity

    async def get(self, owner: Owner, owner_id: str, generation: int) -> LockedIdentity | None:
        """Return one generation."""
        return self._state.identities.get((owner, owner_id, generation))

    async def owners(self, owner: Owner, *, after: str, limit: int) -> Sequence[str]:
        """Return the ids of owners of that kind."""
        ids = {key[1] for key in self._state.identities if key[0] is owner and key[1] > after}
        return sorted(ids)[:limit]

    async def scan(self) -> AsyncIterator[LockedIdentity]:
        """Yield all by owner and generation."""
        for key in sorted(self._state.identities):
            yield self._state.identities[key]


class MemoryLinks(Memory):
    """`Links`."""

    async def add(self, link: Link) -> None:
        """Add a link; each of its recordings stands in it once."""
        if link.id in self._state.links or len(set(link.recordings)) != len(link.recordings):
            raise Conflict("it is there already")
        self._state.links[link.id] = link

    async def save(self, link: Link) -> None:
        """Keep it changed."""
        self._state.links[link.id] = link

    async def by_token(self, token_id: str) -> Link | None:
        """Return the link whose token has that digest."""
        return next((each for each in self._state.links.values() if each.token_id == token_id), None)

    async def find(self, prefix: str) -> Link:
        """Return the link whose id begins so."""
        return self._state.links[the_only(list(self._state.links), prefix)]

    async def get(self, link: LinkId) -> Link | None:
        """Return the link of that id."""
        return self._state.links.get(link)

    async def all(self, customer: CustomerId | None = None) -> Sequence[Link]:
        """Return all, or a customer's, newest first."""
        newest = sorted(self._state.links.values(), key=lambda each: each.created_at, reverse=True)
        return [each for each in newest if customer in (None, each.customer)]


class MemorySessions(Memory):
    """`Sessions`."""

    async def add(self, session: Session) -> None:
        """Add a session."""
        self._state.sessions[session.id] = session

    async def get(self, session: SessionId) -> Session | None:
        """Return the session of that id."""
        return self._state.sessions.get(session)

    async def remove(self, session: SessionId) -> None:
        """Drop it with what it opened."""
        self._state.sessions.pop(session, None)
        self._state.openings = {each for each in self._state.openings if each[0] != session}

    async def of_customer(self, customer: CustomerId) -> Sequence[Session]:
        """Return a customer's sessions."""
        return [each for each in self._state.sessions.values() if each.customer == customer]

    async def of_link(self, link: LinkId) -> Sequence[Session]:
        """Return the sessions that came by a link."""
        return [each for each in self._state.sessions.values() if each.link == link]

    async def expired(self, now: datetime, limit: int) -> Sequence[Session]:
        """Return those whose time is over."""
        return [each for each in self._state.sessions.values() if each.expires_at <= now][:limit]

    async def first_opening(self, session: SessionId, recording: RecordingId) -> bool:
        """Note an opening; say whether it is the first."""
        first = (session, recording) not in self._state.openings
        self._state.openings.add((session, recording))
        return first

    async def has_opened(self, session: SessionId, recording: RecordingId) -> bool:
        """Say whether it was opened."""
        return (session, recording) in self._state.openings


class MemoryBlobDeletions(Memory):
    """`BlobDeletions`."""

    async def queue(self, key: BlobKey, now: datetime) -> None:
        """Queue a blob, once."""
        self._state.deletions.setdefault(key, now)

    async def due(self, now: datetime, limit: int) -> Sequence[BlobKey]:
        """Return what is to be tried now."""
        return [key for key, due_at in self._state.deletions.items() if due_at <= now][:limit]

    async def done(self, key: BlobKey) -> None:
        """Forget it."""
        self._state.deletions.pop(key, None)

    async def failed(self, key: BlobKey, retry_at: datetime) -> None:
        """Try again then."""
        if key in self._state.deletions:
            self._state.deletions[key] = retry_at

    async def waiting(self) -> int:
        """Count them."""
        return len(self._state.deletions)


class MemoryGuesses(Memory):
    """`Guesses`."""

    async def bucket(self, key: str) -> Bucket | None:
        """Return the bucket of that key."""
        return self._state.buckets.get(key)

    async def save(self, bucket: Bucket) -> None:
        """Keep it, new or changed."""
        self._state.buckets[bucket.key] = bucket

    async def remove(self, key: str) -> None:
        """Drop it."""
        self._state.buckets.pop(key, None)

    async def begun_before(self, moment: datetime, limit: int) -> Sequence[Bucket]:
        """Return the oldest first."""
        older = [each for each in self._state.buckets.values() if each.since < moment]
        return sorted(older, key=lambda each: each.since)[:limit]

    async def knows_network(self, customer: CustomerId, network: str) -> bool:
        """Say whether the customer came from there."""
        return (customer, network) in self._state.networks

    async def remember_network(self, customer: CustomerId, network: str, now: datetime) -> None:
        """Note that it did."""
        self._state.networks[customer, network] = now
