"""The log: entries, their details, full tiles, the right edge."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = WHOLE  # microseconds since 1970 UTC


def upgrade() -> None:
    """Make the tables of the log, which is empty."""
    op.create_table(
        "log_entries",
        sa.Column("index", WHOLE, primary_key=True, autoincrement=False),
        sa.Column("time", MOMENT, nullable=False),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("channel", sa.String, nullable=False),
        sa.Column("recording", sa.String),
        sa.Column("customer", sa.String),
        sa.Column("record", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_log_entries_action_index", "log_entries", ["action", "index"])
    op.create_index("ix_log_entries_actor_index", "log_entries", ["actor", "index"])
    op.create_index(
        "ix_log_entries_customer_index",
        "log_entries",
        ["customer", "index"],
        sqlite_where=sa.text("customer IS NOT NULL"),
        postgresql_where=sa.text("customer IS NOT NULL"),
    )
    op.create_index("ix_log_entries_outcome_index", "log_entries", ["outcome", "index"])
    op.create_index(
        "ix_log_entries_recording_index",
        "log_entries",
        ["recording", "index"],
        sqlite_where=sa.text("recording IS NOT NULL"),
        postgresql_where=sa.text("recording IS NOT NULL"),
    )
    op.create_index("ix_log_entries_time", "log_entries", ["time"])
    op.create_table(
        "log_details",
        sa.Column("index", WHOLE, primary_key=True, autoincrement=False),
        sa.Column("salt", sa.LargeBinary, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
    )
    op.create_table(
        "log_tiles",
        sa.Column("level", WHOLE, nullable=False),
        sa.Column("index", WHOLE, nullable=False),
        sa.Column("root", sa.LargeBinary, nullable=False),
        sa.Column("hashes", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("level", "index"),
    )
    op.create_table(
        "log_head",
        sa.Column("row", WHOLE, sa.CheckConstraint("row = 1", name="one"), primary_key=True),
        sa.Column("size", WHOLE, nullable=False),
        sa.Column("frontier", sa.LargeBinary, nullable=False),
        sa.Column("last_time", MOMENT),
    )
    # The right edge of an empty log: a size of 0 in 8 bytes, and no hashes.
    head = sa.table("log_head", sa.column("row"), sa.column("size"), sa.column("frontier", sa.LargeBinary))
    op.execute(head.insert().values(row=1, size=0, frontier=bytes(8)))
