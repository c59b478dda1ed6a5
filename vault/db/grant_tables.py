"""The tables of grants and of openings that a second DPO approves."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, String, Table

from vault.db.tables import metadata
from vault.db.types import Moment, Whole

grants = Table(
    "grants",
    metadata,
    Column("id", String, primary_key=True),
    Column("recording", ForeignKey("recordings.id"), nullable=False, index=True),
    Column("manager", ForeignKey("staff.id"), nullable=False, index=True),
    Column("issued_by", String, nullable=False),
    Column("issued_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("uses", Whole, nullable=False),
    Column("used", Whole, nullable=False),
    Column("state", String, nullable=False),
    Column("slot", Whole, nullable=False, index=True),
    Column("sealed", LargeBinary),
    Column("approved_by", String),
    Column("ended_at", Moment),
    Index(None, "ended_at", "expires_at"),
)

opening_requests = Table(
    "opening_requests",
    metadata,
    Column("id", String, primary_key=True),
    Column("recording", ForeignKey("recordings.id"), nullable=False, index=True),
    Column("action", String, nullable=False),
    Column("requested_by", ForeignKey("staff.id"), nullable=False),
    Column("requested_at", Moment, nullable=False),
    Column("approved_by", String),
    Column("approved_at", Moment),
    Column("vouched", LargeBinary),
    Column("used_at", Moment),
)
