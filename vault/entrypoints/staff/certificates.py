"""Destruction certificates."""

from __future__ import annotations

from msgspec import Struct

from vault.domain.names import parse_id_prefix
from vault.domain.staff import Role
from vault.entrypoints.staff.operation import OFFICE, Acting, IdText, Operation
from vault.entrypoints.staff.row import Row
from vault.ports.vault import Vault
from vault.usecases.show_certificate import show_certificate


class ShowCertificate(Struct, frozen=True, forbid_unknown_fields=True):
    """Whose certificate: a recording, by its id or the beginning of it."""

    recording: IdText


class Shown(Struct, frozen=True):
    """What is sure of a certificate."""

    certificate: str
    key: str


async def _show(vault: Vault, acting: Acting, asked: ShowCertificate) -> Row:
    """Show the destruction certificate of a recording, and the key by which it is verified."""
    text = await show_certificate(
        vault,
        parse_id_prefix(asked.recording),
        by=acting.actor,
        customers_only=acting.role is Role.TECH_MANAGER,
    )
    return {"certificate": text, "key": vault.keys.signer.verifier_key}


SHOW = Operation("certificates show", ShowCertificate, _show, OFFICE, many=False, sure=Shown)
OPERATIONS = (SHOW,)
