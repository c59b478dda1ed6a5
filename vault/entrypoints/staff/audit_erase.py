"""What a DPO has erased from beside the access log."""

from __future__ import annotations

from msgspec import Struct

from vault.entrypoints.staff.operation import DPO_ALONE, Acting, Index, LineText, Operation
from vault.entrypoints.staff.row import Row
from vault.ports.vault import Vault
from vault.usecases.erase_details import erase_details


class EraseDetails(Struct, frozen=True, forbid_unknown_fields=True):
    """Whose details are to go, and why."""

    indexes: list[Index]
    reason: LineText


async def _erase(vault: Vault, acting: Acting, asked: EraseDetails) -> Row:
    """Erase what detail rows say of people; the entries stay."""
    return {"erased": list(await erase_details(vault, acting.proven, asked.indexes, reason=asked.reason))}


ERASE = Operation("audit erase-details", EraseDetails, _erase, DPO_ALONE, many=False, proof=True)
OPERATIONS = (ERASE,)
