"""Refuse a database that is older than what this vault has signed: a copy put back must not go on as if."""

from __future__ import annotations

from vault.audit.edge import must_be_signed
from vault.errors import LogBehind
from vault.ports.vault import Vault
from vault.sealing.signed_log import kept_head
from vault.usecases.prove_entry import checkpoint_at


async def check_rollback(vault: Vault) -> None:
    """Compare the log with the checkpoint kept beside the slots; raise `LogBehind`.

    Runs before anything is written or zeroed. A log that is longer must begin with the kept one, and bear the
    signature of this vault: raise `LogCorrupt` for one to which somebody else added entries.
    """
    kept = await kept_head(vault)
    if kept is None:
        return
    async with vault.reading() as rows:
        size = await rows.events.size()
        if size < kept.size:
            raise LogBehind(
                f"the database ends at log entry {size}, but this vault has signed {kept.size}: it is an "
                "older copy. Put the newest database back; nothing was changed"
            )
        now = await checkpoint_at(vault, rows, kept.size)
        whole = await checkpoint_at(vault, rows, size)
        edge = await rows.events.edge()
    if whole.root != edge.frontier.root():
        raise LogBehind(
            "the right edge of the log, from which it would grow, is not that of its entries: the database "
            "was changed by hand. Nothing was changed now"
        )
    if now.root != kept.root:
        raise LogBehind(
            f"the first {kept.size} entries of the database are not those this vault signed: the log was "
            "rewritten, or the database is another's. Nothing was changed"
        )
    must_be_signed(edge, vault.keys.verifier, kept)
