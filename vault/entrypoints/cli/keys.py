"""`callvault keys`: new keys for the groups and customers, and what lies sealed to them."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from cyclopts import App

from vault.domain.event import Actor
from vault.domain.names import CustomerName, parse_name
from vault.domain.renewal import Renewal
from vault.domain.staff import Group, Role
from vault.entrypoints.cli.arguments import PasswordFile
from vault.entrypoints.cli.custodians import as_custodian
from vault.entrypoints.cli.exits import WrongUsage
from vault.entrypoints.cli.invocation import Run
from vault.entrypoints.cli.passwords import text_of
from vault.entrypoints.cli.renewing import RENEWAL_COLUMNS, finish_renewals, renewal_row
from vault.ports.vault import Vault
from vault.usecases.list_renewals import list_renewals
from vault.usecases.rotate_customer import rotate_customer
from vault.usecases.rotate_keys import rotate_keys
from vault.usecases.unlock_staff import Custodian

app = App(
    name="keys",
    help_format="plaintext",
    help_epilogue="""\
Examples:
  callvault --as dana keys rotate office
  callvault --as dana keys rotate customer acme
  callvault --as dana keys resume
  callvault --as dana keys rewrap --to awskms:alias/callvault
""",
)

app.command("vault.entrypoints.cli.keys_rewrap:rewrap", name="rewrap")


class Rotated(StrEnum):
    """Whose key is rotated."""

    OFFICE = "office"
    TECH_MANAGERS = "tech-managers"
    CUSTOMER = "customer"


_GROUPS = {Rotated.OFFICE: Group.DPO_OFFICE, Rotated.TECH_MANAGERS: Group.TECH_MANAGERS}


@app.command
def rotate(
    key: Rotated, customer: str | None = None, /, *, password_file: PasswordFile = None, run: Run
) -> None:
    """Make a new key, as --as DPO, and seal to it what was sealed to the old one, which ends then.

    A customer gets a new password with it, printed once; its old one is dead at once.

    Parameters
    ----------
    key
        Whose key.
    customer
        The customer's short name, where it is a customer's.
    password_file
        File with the DPO's passphrase; `-` is standard input.
    """
    if (key is Rotated.CUSTOMER) is (customer is None):
        raise WrongUsage("keys rotate customer NAME, or keys rotate office, or keys rotate tech-managers")

    async def _use(vault: Vault, custodian: Custodian) -> Sequence[Renewal]:
        if key is not Rotated.CUSTOMER:
            await rotate_keys(vault, custodian, _GROUPS[key])
        elif customer is not None:
            name = CustomerName(parse_name(customer))
            password = await rotate_customer(vault, custodian, name)
            # Before the long work: the old password is dead already.
            run.show({"name": name, "password": text_of(password)})
            run.note("The password is shown once. Tell it to the customer by another way than the link.")
        return await finish_renewals(run, vault, custodian)

    renewals = as_custodian(run, password_file, _use, roles=(Role.DPO,))
    if key is not Rotated.CUSTOMER:
        run.show_list([renewal_row(renewal) for renewal in renewals], RENEWAL_COLUMNS)


@app.command
def resume(*, password_file: PasswordFile = None, run: Run) -> None:
    """Go on, as --as DPO, with what a rotation or somebody's leaving left to be sealed anew.

    Parameters
    ----------
    password_file
        File with the DPO's passphrase; `-` is standard input.
    """

    async def _use(vault: Vault, custodian: Custodian) -> Sequence[Renewal]:
        return await finish_renewals(run, vault, custodian)

    renewals = as_custodian(run, password_file, _use, roles=(Role.DPO,))
    run.show_list([renewal_row(renewal) for renewal in renewals], RENEWAL_COLUMNS)


@app.command(name="list")
def list_(*, run: Run) -> None:
    """List what is being sealed anew and is not finished."""

    async def _use(vault: Vault, _by: Actor) -> Sequence[Renewal]:
        return await list_renewals(vault)

    run.show_list([renewal_row(renewal) for renewal in run.in_vault(_use)], RENEWAL_COLUMNS)
