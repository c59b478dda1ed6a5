"""`callvault staff remove` and `recover`: a person's key ends, for good or for a new one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from keys.secret import Secret
from vault.domain.event import Actor
from vault.domain.names import StaffName
from vault.domain.staff import Role, StaffMember
from vault.entrypoints.cli.arguments import Name, PasswordFile
from vault.entrypoints.cli.custodians import as_custodian
from vault.entrypoints.cli.exits import CommandFailed, WrongUsage
from vault.entrypoints.cli.identity_files import HybridKey, read_identity
from vault.entrypoints.cli.invocation import Run
from vault.entrypoints.cli.opening import in_vault
from vault.entrypoints.cli.renewing import finish_renewals
from vault.entrypoints.cli.staff_rows import SHOWN_ONCE, issued_row, member_row
from vault.errors import AccessDenied, Closed
from vault.ports.vault import Vault
from vault.usecases.list_renewals import list_renewals
from vault.usecases.recover_staff import another_dpo, by_recovery, recover_staff
from vault.usecases.remove_staff import leaver, remove_staff
from vault.usecases.unlock_staff import Custodian


def remove(name: Name, /, *, password_file: PasswordFile = None, run: Run) -> None:
    """Remove a person, as --as DPO: their passphrase or identity file opens nothing from that moment.

    What was sealed to their group's key is sealed to a new one. That may take a while and may be cut off:
    the same command again, or `callvault keys resume`, goes on.

    Parameters
    ----------
    name
        The person's short name.
    password_file
        File with the DPO's passphrase; `-` is standard input.
    """

    async def _use(vault: Vault, custodian: Custodian) -> StaffMember:
        try:
            member = await remove_staff(vault, custodian, StaffName(name))
        except Closed:
            if not await list_renewals(vault):
                raise
            member = await leaver(vault, StaffName(name))
        await finish_renewals(run, vault, custodian)
        return member

    run.show(member_row(as_custodian(run, password_file, _use, roles=(Role.DPO,))))


def recover(
    name: Name, /, *, recipient: HybridKey = None, password_file: PasswordFile = None, run: Run
) -> None:
    """Give a person who lost theirs a new passphrase, printed once; it opens what the old one did.

    Either by the recovery identity, --identity FILE, or as another DPO, --as DPO.

    Parameters
    ----------
    name
        The person's short name.
    recipient
        Recipient of an identity file that the person keeps, age1pq1…, instead of a passphrase.
    password_file
        File with the other DPO's passphrase; `-` is standard input.
    """

    async def _by_dpo(vault: Vault, custodian: Custodian) -> tuple[StaffMember, Secret | None]:
        return await recover_staff(vault, another_dpo(custodian), StaffName(name), recipient=recipient)

    # Nobody is another DPO to themselves: who says so, perhaps by CALLVAULT_AS, brings the recovery identity.
    if run.options.staff not in {None, name}:
        with _told_of_recovery(run):
            run.show(issued_row(*as_custodian(run, password_file, _by_dpo, roles=(Role.DPO,))))
    else:
        if run.options.identity is None:
            raise WrongUsage(
                "recover by --identity FILE, the recovery identity, or as another DPO, --as NAME"
            )
        recovery = read_identity(run.options.identity)

        async def _by_recovery(vault: Vault, by: Actor) -> tuple[StaffMember, Secret | None]:
            rescuer = await by_recovery(vault, recovery, by=by)
            return await recover_staff(vault, rescuer, StaffName(name), recipient=recipient)

        run.show(issued_row(*asyncio.run(in_vault(run.settings(), None, _by_recovery))))
    run.note(SHOWN_ONCE if recipient is None else "The person's identity file opens from now on.")


@contextmanager
def _told_of_recovery(run: Run) -> Iterator[None]:
    """Say in a refusal that a name, perhaps by CALLVAULT_AS, makes the recovery identity a person's file."""
    try:
        yield
    except AccessDenied as error:
        if run.options.identity is None:
            raise
        hint = "if the file is the recovery identity, leave --as out and unset CALLVAULT_AS"
        raise CommandFailed(f"{error}; {hint}") from None
