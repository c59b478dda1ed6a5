"""Sessions of staff who work from their own machine."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = WHOLE  # microseconds since 1970 UTC


def upgrade() -> None:
    """Make the table; nobody is signed in."""
    op.create_table(
        "staff_sessions",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("staff", sa.String, sa.ForeignKey("staff.id"), nullable=False),
        sa.Column("proof", sa.String, nullable=False),
        sa.Column("lock", WHOLE, nullable=False),
        sa.Column("slot", WHOLE, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
    )
    op.create_index("ix_staff_sessions_staff", "staff_sessions", ["staff"])
    op.create_index("ix_staff_sessions_expires_at", "staff_sessions", ["expires_at"])
