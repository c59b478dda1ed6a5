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
from vault.entrypoints.cli.invocation import Run
from vault.entrypoints.cli.passwords import text_of
from vault.entrypoints.cli.render import Value
from vault.ports.vault import Vault
from vault.usecases.add_staff import add_staff
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
""",
)

_COLUMNS = ("name", "role", "added_at", "removed_at")
_SHOWN_ONCE = "The passphrase is shown once. Its owner keeps it; nobody can show it again."


@app.command
def add(name: Name, /, *, role: Role, password_file: PasswordFile = None, run: Run) -> None:
    """Add a person, as --as DPO; print their first passphrase once.

    Parameters
    ----------
    name
        Short name, by which the person is known to the vault.
    role
        A DPO opens every recording, a tech manager the customers', a manager what is granted.
    password_file
        File with the DPO's passphrase; `-` is standard input.
    """

    async def _use(vault: Vault, custodian: Custodian) -> tuple[StaffMember, Secret]:
        return await add_staff(vault, custodian, StaffName(name), role)

    member, passphrase = as_custodian(run, password_file, _use, roles=(Role.DPO,))
    run.show({**_row(member), "password": text_of(passphrase)})
    run.note(_SHOWN_ONCE)


@app.command(name="list")
def list_(*, run: Run) -> None:
    """List everybody, those who left too."""

    async def _use(vault: Vault, _by: Actor) -> Sequence[StaffMember]:
        async with vault.reading() as rows:
            return await rows.staff.all()

    run.show_list([_row(member) for member in run.in_vault(_use)], _COLUMNS)


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
    run.note(_SHOWN_ONCE)


def _row(member: StaffMember) -> dict[str, Value]:
    return {
        "name": member.name,
        "id": member.id,
        "role": member.role.value,
        "added_at": member.added_at,
        "removed_at": member.removed_at,
    }
