"""Grants, and approvals by a second DPO."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = WHOLE  # microseconds since 1970 UTC


def upgrade() -> None:
    """Make its tables."""
    op.create_table(
        "grants",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("recording", sa.String, sa.ForeignKey("recordings.id"), nullable=False),
        sa.Column("manager", sa.String, sa.ForeignKey("staff.id"), nullable=False),
        sa.Column("issued_by", sa.String, nullable=False),
        sa.Column("issued_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("uses", WHOLE, nullable=False),
        sa.Column("used", WHOLE, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("slot", WHOLE, nullable=False),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("approved_by", sa.String),
        sa.Column("ended_at", MOMENT),
    )
    op.create_index("ix_grants_recording", "grants", ["recording"])
    op.create_index("ix_grants_manager", "grants", ["manager"])
    op.create_index("ix_grants_ended_at_expires_at", "grants", ["ended_at", "expires_at"])
    op.create_table(
        "opening_requests",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("recording", sa.String, sa.ForeignKey("recordings.id"), nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("requested_by", sa.String, sa.ForeignKey("staff.id"), nullable=False),
        sa.Column("requested_at", MOMENT, nullable=False),
        sa.Column("approved_by", sa.String),
        sa.Column("approved_at", MOMENT),
        sa.Column("vouched", sa.LargeBinary),
        sa.Column("used_at", MOMENT),
    )
    op.create_index("ix_opening_requests_recording", "opening_requests", ["recording"])
