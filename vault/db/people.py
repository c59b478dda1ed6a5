"""The vault itself, its customers, sources and staff."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Column, bindparam, insert, select, update

from vault.db.failures import Duplicate, unique_name
from vault.db.rows import row_of, save_row
from vault.db.statements import AnyRow, Statements
from vault.db.tables import customers, sources, staff, vault
from vault.domain.customer import Customer
from vault.domain.names import CustomerId, CustomerName, SourceId, SourceName, StaffId, StaffName
from vault.domain.source import Source
from vault.domain.staff import Role, StaffMember
from vault.errors import VaultExists
from vault.ports.repositories import VaultRecord

_BY_KEY = {
    column: select(column.table).where(column == bindparam("key"))
    for column in (
        customers.c.name,
        customers.c.id,
        sources.c.name,
        sources.c.id,
        sources.c.token_id,
        sources.c.hook_token_id,
    )
}


class SqlIdentity:
    """`Identity`: the one row of the vault itself."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def get(self) -> VaultRecord | None:
        """Return the row, or None before the vault is made."""
        table = vault.c
        query = select(table.id, table.log_name, table.wrapped_secret, table.created_at)
        row = (await self._statements.read(query)).one_or_none()
        return None if row is None else VaultRecord(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping

    async def add(self, record: VaultRecord) -> None:
        """Make the row; raise `VaultExists` the second time."""
        try:
            await self._statements.write(insert(vault).values(row=1, **row_of(vault, record)))
        except Duplicate as error:
            raise VaultExists("the database holds a vault already") from error

    async def save(self, record: VaultRecord) -> None:
        """Replace the wrapped secret."""
        await self._statements.write(update(vault).values(wrapped_secret=record.wrapped_secret))


class SqlCustomers:
    """`Customers`."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def get(self, name: CustomerName) -> Customer | None:
        """Return the customer of that name."""
        return await self._one(customers.c.name, name)

    async def by_id(self, customer: CustomerId) -> Customer | None:
        """Return the customer of that id."""
        return await self._one(customers.c.id, customer)

    async def add(self, customer: Customer) -> None:
        """Add a customer; raise `NameTaken`."""
        with unique_name("customer", customer.name):
            await self._statements.write(insert(customers).values(row_of(customers, customer)))

    async def save(self, customer: Customer) -> None:
        """Keep a changed customer; raise `NotFound`."""
        with unique_name("customer", customer.name):
            await save_row(self._statements, customers, customer, customers.c.id == customer.id)

    async def all(self) -> Sequence[Customer]:
        """Return every customer, by name."""
        rows = await self._statements.read(select(customers).order_by(customers.c.name))
        return [_customer(row) for row in rows]

    async def _one(self, column: Column[str], key: str) -> Customer | None:
        row = (await self._statements.read(_BY_KEY[column], {"key": key})).one_or_none()
        return None if row is None else _customer(row)


class SqlSources:
    """`Sources`."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def get(self, name: SourceName) -> Source | None:
        """Return the source of that name."""
        return await self._one(sources.c.name, name)

    async def by_id(self, source: SourceId) -> Source | None:
        """Return the source of that id."""
        return await self._one(sources.c.id, source)

    async def by_token(self, token_id: str) -> Source | None:
        """Return the source whose bearer token has that digest."""
        return await self._one(sources.c.token_id, token_id)

    async def by_hook_token(self, token_id: str) -> Source | None:
        """Return the source whose write-only URL token has that digest."""
        return await self._one(sources.c.hook_token_id, token_id)

    async def add(self, source: Source) -> None:
        """Add a source; raise `NameTaken`, or `NotFound` for an unknown customer."""
        with unique_name("source", source.name):
            await self._statements.write(insert(sources).values(row_of(sources, source)))

    async def save(self, source: Source) -> None:
        """Keep a changed source; raise `NotFound`."""
        with unique_name("source", source.name):
            await save_row(self._statements, sources, source, sources.c.id == source.id)

    async def all(self) -> Sequence[Source]:
        """Return every source, by name."""
        rows = await self._statements.read(select(sources).order_by(sources.c.name))
        return [_source(row) for row in rows]

    async def _one(self, column: Column[str], key: str) -> Source | None:
        row = (await self._statements.read(_BY_KEY[column], {"key": key})).one_or_none()
        return None if row is None else _source(row)


class SqlStaffMembers:
    """`StaffMembers`."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def get(self, name: StaffName) -> StaffMember | None:
        """Return the person of that name, removed or not."""
        row = (await self._statements.read(select(staff).where(staff.c.name == name))).one_or_none()
        return None if row is None else _member(row)

    async def by_id(self, member: StaffId) -> StaffMember | None:
        """Return the person of that id, removed or not."""
        row = (await self._statements.read(select(staff).where(staff.c.id == member))).one_or_none()
        return None if row is None else _member(row)

    async def add(self, member: StaffMember) -> None:
        """Add a person; raise `NameTaken`."""
        with unique_name("person", member.name):
            await self._statements.write(insert(staff).values(row_of(staff, member)))

    async def save(self, member: StaffMember) -> None:
        """Keep a changed person; raise `NotFound`."""
        with unique_name("person", member.name):
            await save_row(self._statements, staff, member, staff.c.id == member.id)

    async def all(self) -> Sequence[StaffMember]:
        """Return everybody, by name."""
        rows = await self._statements.read(select(staff).order_by(staff.c.name))
        return [_member(row) for row in rows]


def _customer(row: AnyRow) -> Customer:
    return Customer(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping


def _source(row: AnyRow) -> Source:
    return Source(**row._mapping)  # noqa: SLF001 - as above


def _member(row: AnyRow) -> StaffMember:
    return StaffMember(**{**row._mapping, "role": Role(row.role)})  # noqa: SLF001 - as above
