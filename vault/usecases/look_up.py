"""Ids for names that somebody knows already, and names for ids. This lists nothing, so it leaves no entry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from vault.domain.names import CustomerId, CustomerName, RecordingId, SourceId, SourceName, StaffId, StaffName
from vault.domain.source import Source
from vault.domain.staff import StaffMember
from vault.errors import NotFound
from vault.ports.database import Repositories
from vault.ports.log import EventFilter
from vault.ports.vault import Vault
from vault.usecases.find_party import find_customer, find_source

_BLINDED_CHARACTERS = 16


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What was named, each None where no name was given."""

    customer: CustomerId | None
    source: Source | None
    recording: RecordingId | None
    actor: str | None


@dataclass(frozen=True, slots=True)
class OwnerNames:
    """The names of customers and sources by id."""

    customers: Mapping[str, str]
    sources: Mapping[str, str]


async def look_up(
    vault: Vault,
    *,
    customer: str | None = None,
    source: str | None = None,
    recording: str | None = None,
    actor: str | None = None,
) -> LookedUp:
    """Return the ids of what is named; raise `NotFound`, or `Ambiguous` for a recording's prefix.

    An actor who is neither staff, customer nor source is a user of this machine, who has acted already.
    """
    async with vault.reading() as rows:
        return LookedUp(
            customer=(await find_customer(rows, CustomerName(customer))).id if customer else None,
            source=await find_source(rows, SourceName(source)) if source else None,
            recording=await rows.recordings.find(recording) if recording else None,
            actor=await _actor_id(vault, rows, actor) if actor else None,
        )


async def look_up_staff(vault: Vault, name: StaffName) -> StaffMember | None:
    """Return the person of that name, whether still there or not."""
    async with vault.reading() as rows:
        return await rows.staff.get(name)


async def owner_names(
    vault: Vault, customers: Iterable[CustomerId | None], sources: Iterable[SourceId] = ()
) -> OwnerNames:
    """Return the names of exactly these; who asks was shown their ids already."""
    async with vault.reading() as rows:
        owners = [await rows.customers.by_id(each) for each in dict.fromkeys(customers) if each]
        brought = [await rows.sources.by_id(each) for each in dict.fromkeys(sources)]
    return OwnerNames(
        {owner.id: owner.name for owner in owners if owner},
        {source.id: source.name for source in brought if source},
    )


async def staff_names(vault: Vault, people: Iterable[StaffId | None]) -> Mapping[str, str]:
    """Return the names of exactly these people by id; who asks was shown their ids already."""
    wanted = set(people)
    async with vault.reading() as rows:
        return {member.id: member.name for member in await rows.staff.all() if member.id in wanted}


def system_actor_id(vault: Vault, name: str) -> str:
    """Return the opaque id under which the log knows a user of the operating system."""
    return "os:" + vault.keys.blind("os user", name)[:_BLINDED_CHARACTERS]


async def _actor_id(vault: Vault, rows: Repositories, name: str) -> str:
    """Return the id under which the log knows somebody: staff, customer, source, or a user of this machine.

    What holds a colon is an id already. Raise `NotFound` for a name that nobody ever bore.
    """
    if ":" in name or name == "service":
        return name
    if member := await rows.staff.get(StaffName(name)):
        return f"staff:{member.id}"
    if customer := await rows.customers.get(CustomerName(name)):
        return f"customer:{customer.id}"
    if source := await rows.sources.get(SourceName(name)):
        return f"source:{source.id}"
    user = system_actor_id(vault, name)
    if not await rows.events.list(EventFilter(actor=user), limit=1):
        raise NotFound("nobody of that name is known here, or has acted as a user of this machine")
    return user
