"""Which slots rows refer to, by an index; and a mark on renewals that a writer to the database can't make."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the indexes and the column; a renewal that is under way has no mark, and begins anew."""
    op.create_index("ix_recordings_slot", "recordings", ["slot"], unique=True)
    for table in ("identities", "sessions", "staff_sessions", "grants"):
        op.create_index(f"ix_{table}_slot", table, ["slot"])
    op.add_column("renewals", sa.Column("vouched", sa.LargeBinary))
