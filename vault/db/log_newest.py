"""The time of the log's newest entry, by the log's tree.

The head row has one, too. But that is in no entry, and nobody signed it: moved ahead by hand, it would give
every later entry a time that never was, under the vault's signature.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, select

from vault.audit.entry import Entry
from vault.audit.proof import inclusion_nodes, inclusion_proof, is_included
from vault.audit.tree import Frontier
from vault.db.connection import AsyncConnection
from vault.db.log_nodes import read_nodes
from vault.db.log_tables import log_entries
from vault.db.statements import Query, Snapshot
from vault.errors import LogCorrupt

_RECORD: Query = select(log_entries.c.record).where(log_entries.c.index == bindparam("newest"))


async def newest_time(connection: AsyncConnection, edge: Frontier) -> datetime | None:
    """Return it, None for a log without entries; raise `LogCorrupt` for an entry that is not in the tree."""
    if not edge.size:
        return None
    statements, newest = Snapshot(connection), edge.size - 1
    record: bytes = (await statements.read(_RECORD, {"newest": newest})).scalar_one_or_none() or b""
    nodes = await read_nodes(statements, inclusion_nodes(newest, edge.size), edge.size)
    proof = inclusion_proof(newest, edge.size, nodes)
    if not is_included(record, newest, edge.size, edge.root(), proof):
        raise LogCorrupt(f"entry {newest} is not the one that the log's tree was grown from")
    return Entry.decode(record).time
