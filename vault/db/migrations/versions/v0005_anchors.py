"""Anchors: where checkpoints of the log are kept outside."""

from __future__ import annotations

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make its tables."""
