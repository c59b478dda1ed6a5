"""Every database keeps the vault's row, customers, sources, staff and identities."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.contract.database.samples import ACME, OWN_PBX, PBX, ZENITH, add_parties
from tests.fakes.clock import NOON
from vault.domain.names import CustomerId, CustomerName, SourceId, StaffId, StaffName
from vault.domain.staff import LockedIdentity, Owner, Role, StaffMember
from vault.errors import NameTaken, VaultError
from vault.ports.database import Database
from vault.ports.repositories import VaultRecord

RECORD = VaultRecord("k3j4", "callvault/k3j4", b"wrapped \x00\xff", NOON + timedelta(microseconds=1))
DANA = StaffMember(StaffId("dana0id"), StaffName("dana"), Role.TECH_MANAGER, NOON)
LOCKED = LockedIdentity(Owner.CUSTOMER, ACME.id, 1, "age1pq…", b"vouched", 3, b"sealed \x00")


async def test_there_is_one_vault(database: Database) -> None:
    """A database holds one vault: a second is refused and changes nothing."""

    async def found(record: VaultRecord) -> None:
        async with database.unit_of_work() as work:
            await work.vault.add(record)
            await work.commit()

    await found(RECORD)
    with pytest.raises(VaultError):
        await found(replace(RECORD, id="another"))

    async with database.reading() as rows:
        assert await rows.vault.get() == RECORD


async def test_customers_come_back_as_they_were(database: Database) -> None:
    """A customer is found by name and id, every field as it was, times aware to the microsecond."""
    exact = replace(ACME, added_at=NOON + timedelta(microseconds=123_457))
    async with database.unit_of_work() as work:
        await work.customers.add(ZENITH)
        await work.customers.add(exact)
        await work.commit()

    async with database.reading() as rows:
        assert await rows.customers.get(ACME.name) == exact
        assert await rows.customers.by_id(ZENITH.id) == ZENITH
        assert list(await rows.customers.all()) == [exact, ZENITH]
        assert await rows.customers.get(CustomerName("nobody")) is None


async def test_a_changed_customer_is_kept(database: Database) -> None:
    """`save` keeps a change."""
    await add_parties(database)

    async with database.unit_of_work() as work:
        await work.customers.save(ACME.close(NOON))
        await work.commit()

    async with database.reading() as rows:
        assert await rows.customers.by_id(ACME.id) == ACME.close(NOON)


async def test_a_name_is_taken_once(database: Database) -> None:
    """A second customer, source or person of a name is refused by `NameTaken`; the body may go on."""
    await add_parties(database)
    async with database.unit_of_work() as work:
        await work.staff.add(DANA)
        with pytest.raises(NameTaken):
            await work.customers.add(replace(ACME, id=CustomerId("other")))
        with pytest.raises(NameTaken):
            await work.sources.add(replace(PBX, id=SourceId("other"), token_id="x", hook_token_id="y"))
        with pytest.raises(NameTaken):
            await work.staff.add(replace(DANA, id=StaffId("other")))
        await work.commit()

    async with database.reading() as rows:
        assert list(await rows.staff.all()) == [DANA]
        assert len(await rows.customers.all()) == 2


async def test_sources_are_found_by_their_tokens(database: Database) -> None:
    """A bearer token and a hook token find their source, and neither passes for the other."""
    await add_parties(database)

    async with database.reading() as rows:
        assert await rows.sources.by_token(PBX.token_id) == PBX
        assert await rows.sources.by_hook_token(PBX.hook_token_id) == PBX
        assert await rows.sources.by_token(PBX.hook_token_id) is None
        assert await rows.sources.by_hook_token(PBX.token_id) is None
        assert await rows.sources.by_id(OWN_PBX.id) == OWN_PBX
        assert list(await rows.sources.all()) == [OWN_PBX, PBX]


async def test_staff_are_found_by_name(database: Database) -> None:
    """A person comes back with its role."""
    async with database.unit_of_work() as work:
        await work.staff.add(DANA)
        await work.commit()

    async with database.reading() as rows:
        assert await rows.staff.get(DANA.name) == DANA
        assert await rows.staff.get(StaffName("nobody")) is None


async def test_the_current_identity_is_the_highest_generation(database: Database) -> None:
    """A new generation is the current one, whichever came first; owners don't mix."""
    second = replace(LOCKED, generation=2, slot=None, sealed=None)
    async with database.unit_of_work() as work:
        await work.identities.add(second)
        await work.identities.add(LOCKED)
        await work.identities.add(replace(LOCKED, owner=Owner.GROUP, generation=9))
        await work.commit()

    async with database.reading() as rows:
        assert await rows.identities.current(Owner.CUSTOMER, ACME.id) == second
        assert await rows.identities.current(Owner.STAFF, ACME.id) is None


async def test_a_new_lock_replaces_the_old_one(database: Database) -> None:
    """`save` keeps slot and sealed of that generation and touches no other."""
    relocked = replace(LOCKED, slot=8, sealed=b"locked anew")
    other = replace(LOCKED, generation=0)
    async with database.unit_of_work() as work:
        await work.identities.add(other)
        await work.identities.add(LOCKED)
        await work.identities.save(relocked)
        await work.commit()

    async with database.reading() as rows:
        assert await rows.identities.current(Owner.CUSTOMER, ACME.id) == relocked
