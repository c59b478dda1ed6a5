"""What Alembic runs: the revisions, on the connection and in the transaction that `schema.upgrade` opened."""

from __future__ import annotations

from alembic import context

from vault.db import grant_tables, log_tables, staff_sessions  # noqa: F401 - join their tables to `metadata`
from vault.db.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # our own BEGIN makes it true on SQLite: all of an upgrade or nothing
)
with context.begin_transaction():
    context.run_migrations()
