"""The notary of a vault's log: signs by the service's key, keeps the newest checkpoint beside the slots."""

from __future__ import annotations

from keys.service import ServiceKeys
from vault.audit.checkpoint import Checkpoint, open_checkpoint
from vault.audit.edge import SignedEdge, must_be_signed
from vault.audit.tree import Frontier
from vault.ports.slots import Slots


class LogNotary:
    """`Notary` by the keys and slots of one vault."""

    def __init__(self, keys: ServiceKeys, slots: Slots) -> None:
        self._keys = keys
        self._slots = slots

    def sign(self, frontier: Frontier) -> bytes:
        """Return the signed note of a log with that right edge."""
        return Checkpoint.of(self._keys.log_name, frontier).sign(self._keys.signer)

    def must_be_signed(self, edge: SignedEdge, kept: Checkpoint | None) -> None:
        """Raise `LogCorrupt` for an edge that no process of this vault signed."""
        must_be_signed(edge, self._keys.verifier, kept)

    async def keep(self, edge: SignedEdge) -> None:
        """Write the note beside the slots; raise what they raise."""
        if edge.note is not None:
            await self._slots.write_head(edge.note, edge.frontier.size)

    async def kept(self) -> Checkpoint | None:
        """Return the newest that lies beside the slots."""
        note = await self._slots.read_head()
        return None if note is None else open_checkpoint(note, self._keys.verifier)


class NoNotary:
    """`Notary` of a database that is only read, before the keys are there."""

    def sign(self, frontier: Frontier) -> bytes:
        """Refuse: nothing can be signed without keys."""
        raise RuntimeError(f"a log of {frontier.size} entries is not written to without keys")

    def must_be_signed(self, _edge: SignedEdge, _kept: Checkpoint | None) -> None:
        """Refuse: without keys nothing is written."""
        raise RuntimeError("a log is not written to without keys")

    async def keep(self, _edge: SignedEdge) -> None:
        """Keep nothing."""

    async def kept(self) -> Checkpoint | None:
        """Know of none."""
        return None
