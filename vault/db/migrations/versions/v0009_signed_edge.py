"""The signature on the log's right edge, without which nobody adds to the log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the column; until the next entry the checkpoint beside the slots stands in for it."""
    op.add_column("log_head", sa.Column("note", sa.LargeBinary))
