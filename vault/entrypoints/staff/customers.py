"""What the office asks of customers: controllers of processor-side recordings, so a tech manager may, too."""

from __future__ import annotations

from msgspec import Struct

from vault.domain.customer import Customer
from vault.domain.names import CustomerName, parse_name
from vault.entrypoints.staff.operation import OFFICE, Acting, LineText, NameText, Operation, Rows
from vault.entrypoints.staff.row import Row
from vault.ports.vault import Vault
from vault.usecases.add_customer import add_customer
from vault.usecases.change_customer import change_customer, close_customer
from vault.usecases.list_customers import list_customers, show_customer
from vault.usecases.reissue_password import reissue_password


class AddCustomer(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A new customer: its short name and the reference of its recording agreement."""

    name: NameText
    agreement: LineText
    title: LineText | None = None
    email: LineText | None = None


class EveryCustomer(Struct, frozen=True, forbid_unknown_fields=True):
    """All of them."""


class OneCustomer(Struct, frozen=True, forbid_unknown_fields=True):
    """A customer, by its short name."""

    name: NameText


class ChangeCustomer(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is to change; what is null stays. `instructed_by` says whose instruction deletion follows."""

    name: NameText
    agreement: LineText | None = None
    title: LineText | None = None
    email: LineText | None = None
    delete_on_collection: bool | None = None
    instructed_by: LineText | None = None


async def _add(vault: Vault, acting: Acting, asked: AddCustomer) -> Row:
    """Add a customer; its first retrieval password is told once."""
    customer, password = await add_customer(
        vault,
        _name(asked.name),
        agreement=asked.agreement,
        title=asked.title,
        email=asked.email,
        by=acting.actor,
    )
    return {**_row(customer), "password": password.reveal().decode()}


async def _list(vault: Vault, acting: Acting, _asked: EveryCustomer) -> Rows:
    """List all customers."""
    return [_row(customer) for customer in await list_customers(vault, by=acting.actor)]


async def _show(vault: Vault, acting: Acting, asked: OneCustomer) -> Row:
    """Show one customer."""
    return _row(await show_customer(vault, _name(asked.name), by=acting.actor))


async def _change(vault: Vault, acting: Acting, asked: ChangeCustomer) -> Row:
    """Change what is known of a customer, or what it instructed."""
    changed = await change_customer(
        vault,
        _name(asked.name),
        by=acting.actor,
        agreement=asked.agreement,
        title=asked.title,
        email=asked.email,
        delete_on_collection=asked.delete_on_collection,
        instructed_by=asked.instructed_by,
    )
    return _row(changed)


async def _close(vault: Vault, acting: Acting, asked: OneCustomer) -> Row:
    """Close a customer: nothing is uploaded for it any more."""
    return _row(await close_customer(vault, _name(asked.name), by=acting.actor))


async def _reissue(vault: Vault, acting: Acting, asked: OneCustomer) -> Row:
    """Issue a new retrieval password, told once; the old one and its sessions are dead."""
    name = _name(asked.name)
    return {
        "name": name,
        "password": (await reissue_password(vault, acting.custodian, name)).reveal().decode(),
    }


def _name(text: str) -> CustomerName:
    return CustomerName(parse_name(text))


def _row(customer: Customer) -> Row:
    return {
        "name": customer.name,
        "id": customer.id,
        "title": customer.title,
        "agreement": customer.agreement,
        "email": customer.email,
        "delete_on_collection": customer.delete_on_collection,
        "added_at": customer.added_at,
        "closed_at": customer.closed_at,
    }


ADD = Operation("customers add", AddCustomer, _add, OFFICE, many=False)
LIST = Operation("customers list", EveryCustomer, _list, OFFICE, many=True)
SHOW = Operation("customers show", OneCustomer, _show, OFFICE, many=False)
SET = Operation("customers set", ChangeCustomer, _change, OFFICE, many=False)
CLOSE = Operation("customers close", OneCustomer, _close, OFFICE, many=False)
REISSUE = Operation("customers reissue-password", OneCustomer, _reissue, OFFICE, many=False, proof=True)
OPERATIONS = (ADD, LIST, SHOW, SET, CLOSE, REISSUE)
