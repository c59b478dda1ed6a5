"""Hashes of the log's tree are read in few statements, each found by an index."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy.dialects import sqlite

from tests.contract.database.samples import append
from vault.audit.proof import inclusion_nodes, inclusion_proof, root_nodes, root_of, verify_inclusion
from vault.audit.tree import leaf_hash
from vault.db import log_nodes
from vault.db.database import SqlDatabase

SIZE = 3 * 256 + 5


async def test_more_tiles_than_one_statement_takes(
    database: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nodes of many tiles come in as many statements as that takes, and none is lost between them."""
    monkeypatch.setattr(log_nodes, "_TILES_PER_STEP", 2)
    records = await append(database, SIZE)
    indexes = (0, 255, 256, 767, 768, SIZE - 1)
    wanted = {node for index in indexes for node in inclusion_nodes(index, SIZE)}

    async with database.reading() as rows:
        nodes = await rows.events.nodes({*wanted, *root_nodes(SIZE)}, SIZE)

    root = root_of(SIZE, nodes)
    for index in indexes:
        verify_inclusion(leaf_hash(records[index]), index, SIZE, root, inclusion_proof(index, SIZE, nodes))


@pytest.mark.parametrize("count", [1, 2, 64])
def test_tiles_are_found_by_their_index(path: Path, count: int) -> None:
    """However many tiles are asked for, SQLite searches each and reads no other."""
    statement = str(log_nodes._these_tiles(count).compile(dialect=sqlite.dialect()))
    with sqlite3.connect(path) as connection:
        plan = connection.execute(f"EXPLAIN QUERY PLAN {statement}", [0] * 2 * count).fetchall()
    connection.close()

    assert "SCAN" not in " ".join(row[3] for row in plan)
    assert sum(row[3].startswith("SEARCH") for row in plan) == count
