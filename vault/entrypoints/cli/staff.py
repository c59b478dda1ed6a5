"""`callvault staff`: who opens recordings, each with a passphrase of their own."""

from __future__ import annotations

from collections.abc import Sequence

from cyclopts import App

from keys.secret import Secret
from vault.domain.event import Actor
from vault.domain.names import StaffName
from vault.domain.staff import Role, StaffMember
from vault.entrypoints.cli.arguments import Name, PasswordFile
from vault.entrypoints.cli.custodians import as_custodian, as_person
from vault.entrypoints.cli.identity_files import HybridKey
from vault.entrypoints.cli.invocation import Run
from vault.entrypoints.cli.passwords import text_of
from vault.entrypoints.cli.staff_rows import SHOWN_ONCE, STAFF_COLUMNS, issued_row, member_row
from vault.ports.vault import Vault
from vault.usecases.add_staff import add_staff
from vault.usecases.list_staff import list_staff
from vault.usecases.reissue_passphrase import reissue_passphrase
from vault.usecases.unlock_staff import Custodian

app = App(
    name="staff",
    help_format="plaintext",
    help_epilogue="""\
Examples:
  callvault --as dana staff add tom --role tech-manager
  callvault staff list
  callvault staff passphrase tom
  callvault --as dana staff remove tom
  callvault --identity recovery.key staff recover dana
""",
)

app.command("vault.entrypoints.cli.staff_leaving:remove", name="remove")
app.command("vault.entrypoints.cli.staff_leaving:recover", name="recover")


@app.command
def add(
    name: Name,
    /,
    *,
    role: Role,
    recipient: HybridKey = None,
    password_file: PasswordFile = None,
    run: Run,
) -> None:
    """Add a person, as --as DPO; print their first passphrase once.

    Parameters
    ----------
    name
        Short name, by which the person is known to the vault.
    role
        A DPO opens every recording, a tech manager the customers', a manager what is granted.
    recipient
        Recipient of an identity file that the person keeps, age1pq1…, instead of a passphrase.
    password_file
        File with the DPO's passphrase; `-` is standard input.
    """

    async def _use(vault: Vault, custodian: Custodian) -> tuple[StaffMember, Secret | None]:
        return await add_staff(vault, custodian, StaffName(name), role, recipient=recipient)

    run.show(issued_row(*as_custodian(run, password_file, _use, roles=(Role.DPO,))))
    run.note(SHOWN_ONCE if recipient is None else "They come in with --identity FILE; the vault has no copy.")


@app.command(name="list")
def list_(*, run: Run) -> None:
    """List everybody, those who left too."""

    async def _use(vault: Vault, by: Actor) -> Sequence[StaffMember]:
        return await list_staff(vault, by=by)

    run.show_list([member_row(member) for member in run.in_vault(_use)], STAFF_COLUMNS)


@app.command
def passphrase(name: Name, /, *, password_file: PasswordFile = None, run: Run) -> None:
    """Issue a person a new passphrase, printed once, for the old one, which opens nothing any more.

    Parameters
    ----------
    name
        The person's short name.
    password_file
        File with the old passphrase; `-` is standard input.
    """
    issued = as_person(run, StaffName(name), password_file, reissue_passphrase)
    run.show({"name": name, "password": text_of(issued)})
    run.note(SHOWN_ONCE)
