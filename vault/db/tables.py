"""The tables, as SQLAlchemy Core knows them (the log has `log_tables`). `migrations` makes them.

Whatever names or numbers people lies sealed in a BLOB; ids are random, times whole microseconds.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

from vault.db.types import Moment, Whole

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

# The vault itself and who deals with it

vault = Table(
    "vault",
    metadata,
    Column("row", Whole, CheckConstraint("row = 1", name="one"), primary_key=True),
    Column("id", String, nullable=False),
    Column("log_name", String, nullable=False),
    Column("wrapped_secret", LargeBinary, nullable=False),
    Column("created_at", Moment, nullable=False),
)

customers = Table(
    "customers",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("agreement", String, nullable=False),
    Column("added_at", Moment, nullable=False),
    Column("title", String),
    Column("email", String),
    Column("delete_on_collection", Boolean, nullable=False),
    Column("closed_at", Moment),
)

sources = Table(
    "sources",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("customer", ForeignKey("customers.id")),
    Column("zone", String, nullable=False),
    Column("region", String, nullable=False),
    Column("token_id", String, nullable=False, unique=True),
    Column("hook_token_id", String, nullable=False, unique=True),
    Column("added_at", Moment, nullable=False),
    Column("revoked_at", Moment),
    Column("vouched", LargeBinary, nullable=False),
)

staff = Table(
    "staff",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("role", String, nullable=False),
    Column("added_at", Moment, nullable=False),
    Column("removed_at", Moment),
)

identities = Table(
    "identities",
    metadata,
    Column("owner", String, nullable=False),
    Column("owner_id", String, nullable=False),
    Column("generation", Whole, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("vouched", LargeBinary, nullable=False),
    Column("slot", Whole, index=True),
    Column("sealed", LargeBinary),
    PrimaryKeyConstraint("owner", "owner_id", "generation"),
)

# How a customer comes in

links = Table(
    "links",
    metadata,
    Column("id", String, primary_key=True),
    Column("token_id", String, nullable=False, unique=True),
    Column("customer", ForeignKey("customers.id"), nullable=False),
    Column("created_at", Moment, nullable=False, index=True),
    Column("expires_at", Moment, nullable=False),
    Column("revoked_at", Moment),
    Index(None, "customer", "created_at"),
)

link_recordings = Table(
    "link_recordings",
    metadata,
    Column("link", ForeignKey("links.id", ondelete="CASCADE"), nullable=False),
    Column("position", Whole, nullable=False),
    Column("recording", String, nullable=False),
    PrimaryKeyConstraint("link", "position"),
    sqlite_with_rowid=False,
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", String, primary_key=True),
    Column("customer", ForeignKey("customers.id"), nullable=False, index=True),
    Column("slot", Whole, nullable=False, index=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
    Column("link", String, index=True),
)

session_recordings = Table(
    "session_recordings",
    metadata,
    Column("session", ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    Column("position", Whole, nullable=False),
    Column("recording", String, nullable=False),
    PrimaryKeyConstraint("session", "position"),
    sqlite_with_rowid=False,
)

openings = Table(
    "openings",
    metadata,
    Column("session", ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    Column("recording", String, nullable=False),
    PrimaryKeyConstraint("session", "recording"),
    sqlite_with_rowid=False,
)

guess_buckets = Table(
    "guess_buckets",
    metadata,
    Column("key", String, primary_key=True),
    Column("since", Moment, nullable=False, index=True),
    Column("tries", Whole, nullable=False),
    Column("stopped", Whole, nullable=False),
)

known_networks = Table(
    "known_networks",
    metadata,
    Column("customer", ForeignKey("customers.id"), nullable=False),
    Column("network", String, nullable=False),
    Column("seen_at", Moment, nullable=False),
    PrimaryKeyConstraint("customer", "network"),
    sqlite_with_rowid=False,
)

# Recordings. The place in the log is the row's own number: the newest first costs nothing.

recordings = Table(
    "recordings",
    metadata,
    Column("log_index", Whole, primary_key=True, autoincrement=False),
    Column("id", String, nullable=False, unique=True),
    Column("source", ForeignKey("sources.id"), nullable=False),
    Column("customer", ForeignKey("customers.id")),
    Column("blob", String, nullable=False, unique=True),
    Column("nonce", LargeBinary, nullable=False),
    Column("sha256", String, nullable=False),
    Column("bytes", Whole, nullable=False),
    Column("sealed_at", Moment, nullable=False),
    Column("slot", Whole, nullable=False, unique=True, index=True),
    Column("state", String, nullable=False),
    Column("received_at", Moment),
    Column("shredded_at", Moment),
    Column("shred_log_index", Whole),
    Column("started_at", Moment, nullable=False),
    Column("same_as", String, unique=True),
    Column("call", String, index=True),
    Index(None, "state", "log_index", "bytes"),  # `bytes` lets the counts be read from the index alone
    Index(None, "customer", "state", "log_index"),
    Index(None, "source", "state", "log_index"),
    Index(None, "started_at", "log_index"),
    Index(None, "customer", "started_at", "log_index"),
)

recording_headers = Table(
    "recording_headers",
    metadata,
    Column("recording", ForeignKey("recordings.id"), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)

call_details = Table(
    "call_details",
    metadata,
    Column("recording", ForeignKey("recordings.id"), primary_key=True),
    Column("day", Date, nullable=False, index=True),
    Column("sealed", LargeBinary, nullable=False),
)

number_index = Table(
    "number_index",
    metadata,
    Column("token", String, nullable=False),
    Column("recording", ForeignKey("recordings.id"), nullable=False),
    PrimaryKeyConstraint("token", "recording"),
    sqlite_with_rowid=False,
)

holds = Table(
    "holds",
    metadata,
    Column("id", String, primary_key=True),
    Column("recording", ForeignKey("recordings.id"), nullable=False, index=True),
    Column("case", String, nullable=False),
    Column("review_on", Date),
    Column("placed_at", Moment, nullable=False),
    Column("released_at", Moment),
)

blob_deletions = Table(
    "blob_deletions",
    metadata,
    Column("blob", String, primary_key=True),
    Column("queued_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False, index=True),
)

# Slots

slot_counter = Table(
    "slot_counter",
    metadata,
    Column("row", Whole, CheckConstraint("row = 1", name="one"), primary_key=True),
    Column("next", Whole, nullable=False),
)

slots = Table(
    "slots",
    metadata,
    Column("number", Whole, primary_key=True, autoincrement=False),
    Column("purpose", String, nullable=False),
    Column("claimed_at", Moment, nullable=False),
    Column("destroyed_at", Moment),
)
# Partial on PostgreSQL, too; see `log_tables`.
Index("ix_slots_destroyed", slots.c.number, sqlite_where=slots.c.destroyed_at.is_not(None))

period_slots = Table(
    "period_slots",
    metadata,
    Column("period", String, nullable=False),
    Column("day", Date, nullable=False),
    Column("slot", Whole, nullable=False, unique=True),
    PrimaryKeyConstraint("period", "day"),
)
