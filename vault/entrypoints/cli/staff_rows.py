"""How people of the staff are shown."""

from __future__ import annotations

from keys.secret import Secret
from vault.domain.staff import StaffMember
from vault.entrypoints.cli.passwords import text_of
from vault.entrypoints.cli.render import Row, Value

STAFF_COLUMNS = ("name", "role", "added_at", "removed_at")
SHOWN_ONCE = "The passphrase is shown once. Its owner keeps it; nobody can show it again."


def member_row(member: StaffMember) -> dict[str, Value]:
    """Return what is shown of a person."""
    return {
        "name": member.name,
        "id": member.id,
        "role": member.role.value,
        "added_at": member.added_at,
        "removed_at": member.removed_at,
    }


def issued_row(member: StaffMember, passphrase: Secret | None) -> Row:
    """Return a person with the passphrase just issued; there is none for whoever keeps an identity file."""
    return {**member_row(member), "password": None if passphrase is None else text_of(passphrase)}
