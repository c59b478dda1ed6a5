"""Notice a service elsewhere over the same database, which writes its checkpoints beside other slots.

What it destroys would live on here, and the other way round: a certificate would be untrue. Whoever commits
keeps the checkpoint beside the slots right afterwards. So what the log was a turn ago is kept there by now,
unless those who wrote it have slots of their own.
"""

from __future__ import annotations

from vault.errors import LogCorrupt
from vault.ports.vault import Vault
from vault.sealing.signed_log import kept_head


class HeadWatch:
    """A chore; remembers how long the log was at its last turn."""

    def __init__(self) -> None:
        self._size: int | None = None

    async def __call__(self, vault: Vault) -> None:
        """Raise `LogCorrupt` where the checkpoint beside the slots stayed behind since the last turn."""
        kept = await kept_head(vault)
        before = self._size
        self._size = await vault.read(lambda rows: rows.events.size())
        if before is not None and (kept is None or kept.size < before):
            raise LogCorrupt(
                f"of {before} entries, {kept.size if kept else 0} are signed beside these slots: does "
                "another machine serve this vault with slots of its own? What is destroyed there lives here"
            )
