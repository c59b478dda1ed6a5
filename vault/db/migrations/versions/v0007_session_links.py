"""The link that a session came by: whoever revokes the link ends its sessions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the column; sessions from before know no link and end by themselves, within hours."""
    op.add_column("sessions", sa.Column("link", sa.String))
    op.create_index("ix_sessions_link", "sessions", ["link"])
