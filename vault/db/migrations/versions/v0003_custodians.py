"""Custodians: rotations of their keys, and how far what lies is sealed anew."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = WHOLE  # microseconds since 1970 UTC


def upgrade() -> None:
    """Make the table of renewals; nothing was rotated before it."""
    op.create_table(
        "renewals",
        sa.Column("number", WHOLE, primary_key=True, autoincrement=False),
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("owner_id", sa.String, nullable=False),
        sa.Column("generation", WHOLE, nullable=False),
        sa.Column("log_index", WHOLE, nullable=False),
        sa.Column("begun_at", MOMENT, nullable=False),
        sa.Column("stage", sa.String, nullable=False),
        sa.Column("locks", WHOLE, nullable=False),
        sa.Column("recordings", WHOLE, nullable=False),
        sa.Column("recordings_below", WHOLE, nullable=False),
        sa.Column("locks_after", sa.String, nullable=False),
        sa.Column("locks_done", WHOLE, nullable=False),
        sa.Column("recordings_done", WHOLE, nullable=False),
        sa.Column("unopened", WHOLE, nullable=False),
        sa.Column("finished_at", MOMENT),
    )
