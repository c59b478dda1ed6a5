"""Notaries without keys, for a database that is tested alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from vault.audit.checkpoint import Checkpoint
from vault.audit.edge import SignedEdge
from vault.audit.tree import Frontier


class FakeNotary:
    """`Notary` that signs in clear, and tells `tell` of each right edge it is to keep."""

    def __init__(self, tell: Callable[[Frontier], Awaitable[None]] | None = None) -> None:
        self._tell = tell
        self.newest: Checkpoint | None = None

    def sign(self, frontier: Frontier) -> bytes:
        """Return what stands for a signature."""
        return b"signed " + frontier.encode()

    def must_be_signed(self, edge: SignedEdge, _kept: Checkpoint | None) -> None:
        """Believe every edge: whether a signature is asked for is tried with the real one."""

    async def keep(self, edge: SignedEdge) -> None:
        """Tell of it."""
        if self._tell is not None:
            await self._tell(edge.frontier)
        self.newest = Checkpoint("log", edge.frontier.size, edge.frontier.root())

    async def kept(self) -> Checkpoint | None:
        """Return the newest."""
        return self.newest
