"""Who signs what the log became, and keeps that elsewhere; the database itself holds no key."""

from __future__ import annotations

from typing import Protocol

from vault.audit.checkpoint import Checkpoint
from vault.audit.edge import SignedEdge
from vault.audit.tree import Frontier


class Notary(Protocol):
    """Signs right edges within the transaction that grows the log, and is told of them once they last."""

    def sign(self, frontier: Frontier) -> bytes:
        """Return the signed note of a log with that right edge."""
        ...

    def must_be_signed(self, edge: SignedEdge, kept: Checkpoint | None) -> None:
        """Raise `LogCorrupt` for an edge that no process of this vault signed."""
        ...

    async def keep(self, edge: SignedEdge) -> None:
        """Keep the newest note outside of the database; mostly on a thread where no event loop runs."""
        ...

    async def kept(self) -> Checkpoint | None:
        """Return the newest that any process of this vault kept."""
        ...
