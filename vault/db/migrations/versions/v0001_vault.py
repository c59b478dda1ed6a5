"""The vault: people, access, recordings, slots."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = WHOLE  # microseconds since 1970 UTC


def upgrade() -> None:
    """Make the tables of the vault; the first slot is number 0."""
    _make_people()
    _make_access()
    _make_recordings()
    _make_slots()
    op.execute("INSERT INTO slot_counter (row, next) VALUES (1, 0)")


def _make_people() -> None:
    op.create_table(
        "vault",
        sa.Column("row", WHOLE, sa.CheckConstraint("row = 1", name="one"), primary_key=True),
        sa.Column("id", sa.String, nullable=False),
        sa.Column("log_name", sa.String, nullable=False),
        sa.Column("wrapped_secret", sa.LargeBinary, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
    )
    op.create_table(
        "customers",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False, unique=True),
        sa.Column("agreement", sa.String, nullable=False),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.Column("title", sa.String),
        sa.Column("email", sa.String),
        sa.Column("delete_on_collection", sa.Boolean, nullable=False),
        sa.Column("closed_at", MOMENT),
    )
    op.create_table(
        "sources",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False, unique=True),
        sa.Column("customer", sa.String, sa.ForeignKey("customers.id")),
        sa.Column("zone", sa.String, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("token_id", sa.String, nullable=False, unique=True),
        sa.Column("hook_token_id", sa.String, nullable=False, unique=True),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.Column("revoked_at", MOMENT),
        sa.Column("vouched", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "staff",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False, unique=True),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.Column("removed_at", MOMENT),
    )
    op.create_table(
        "identities",
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("owner_id", sa.String, nullable=False),
        sa.Column("generation", WHOLE, nullable=False),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("vouched", sa.LargeBinary, nullable=False),
        sa.Column("slot", WHOLE),
        sa.Column("sealed", sa.LargeBinary),
        sa.PrimaryKeyConstraint("owner", "owner_id", "generation"),
    )


def _make_access() -> None:
    op.create_table(
        "links",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("token_id", sa.String, nullable=False, unique=True),
        sa.Column("customer", sa.String, sa.ForeignKey("customers.id"), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("revoked_at", MOMENT),
    )
    op.create_index("ix_links_created_at", "links", ["created_at"])
    op.create_index("ix_links_customer_created_at", "links", ["customer", "created_at"])
    op.create_table(
        "link_recordings",
        sa.Column("link", sa.String, sa.ForeignKey("links.id", ondelete="CASCADE"), nullable=False),
        sa.Column("position", WHOLE, nullable=False),
        sa.Column("recording", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("link", "position"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("customer", sa.String, sa.ForeignKey("customers.id"), nullable=False),
        sa.Column("slot", WHOLE, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
    )
    op.create_index("ix_sessions_customer", "sessions", ["customer"])
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])
    op.create_table(
        "session_recordings",
        sa.Column("session", sa.String, sa.ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
        sa.Column("position", WHOLE, nullable=False),
        sa.Column("recording", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("session", "position"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "openings",
        sa.Column("session", sa.String, sa.ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
        sa.Column("recording", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("session", "recording"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "guess_buckets",
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("tries", WHOLE, nullable=False),
        sa.Column("stopped", WHOLE, nullable=False),
    )
    op.create_index("ix_guess_buckets_since", "guess_buckets", ["since"])
    op.create_table(
        "known_networks",
        sa.Column("customer", sa.String, sa.ForeignKey("customers.id"), nullable=False),
        sa.Column("network", sa.String, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("customer", "network"),
        sqlite_with_rowid=False,
    )


def _make_recordings() -> None:
    op.create_table(
        "recordings",
        sa.Column("log_index", WHOLE, primary_key=True, autoincrement=False),
        sa.Column("id", sa.String, nullable=False, unique=True),
        sa.Column("source", sa.String, sa.ForeignKey("sources.id"), nullable=False),
        sa.Column("customer", sa.String, sa.ForeignKey("customers.id")),
        sa.Column("blob", sa.String, nullable=False, unique=True),
        sa.Column("nonce", sa.LargeBinary, nullable=False),
        sa.Column("sha256", sa.String, nullable=False),
        sa.Column("bytes", WHOLE, nullable=False),
        sa.Column("sealed_at", MOMENT, nullable=False),
        sa.Column("slot", WHOLE, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("received_at", MOMENT),
        sa.Column("shredded_at", MOMENT),
        sa.Column("shred_log_index", WHOLE),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("same_as", sa.String, unique=True),
        sa.Column("call", sa.String),
    )
    op.create_index("ix_recordings_call", "recordings", ["call"])
    op.create_index(
        "ix_recordings_customer_started_at_log_index", "recordings", ["customer", "started_at", "log_index"]
    )
    op.create_index(
        "ix_recordings_customer_state_log_index", "recordings", ["customer", "state", "log_index"]
    )
    op.create_index("ix_recordings_source_state_log_index", "recordings", ["source", "state", "log_index"])
    op.create_index("ix_recordings_started_at_log_index", "recordings", ["started_at", "log_index"])
    op.create_index("ix_recordings_state_log_index_bytes", "recordings", ["state", "log_index", "bytes"])
    op.create_table(
        "recording_headers",
        sa.Column("recording", sa.String, sa.ForeignKey("recordings.id"), primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "call_details",
        sa.Column("recording", sa.String, sa.ForeignKey("recordings.id"), primary_key=True),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_call_details_day", "call_details", ["day"])
    op.create_table(
        "number_index",
        sa.Column("token", sa.String, nullable=False),
        sa.Column("recording", sa.String, sa.ForeignKey("recordings.id"), nullable=False),
        sa.PrimaryKeyConstraint("token", "recording"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "holds",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("recording", sa.String, sa.ForeignKey("recordings.id"), nullable=False),
        sa.Column("case", sa.String, nullable=False),
        sa.Column("review_on", sa.Date),
        sa.Column("placed_at", MOMENT, nullable=False),
        sa.Column("released_at", MOMENT),
    )
    op.create_index("ix_holds_recording", "holds", ["recording"])
    op.create_table(
        "blob_deletions",
        sa.Column("blob", sa.String, primary_key=True),
        sa.Column("queued_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
    )
    op.create_index("ix_blob_deletions_due_at", "blob_deletions", ["due_at"])


def _make_slots() -> None:
    op.create_table(
        "slot_counter",
        sa.Column("row", WHOLE, sa.CheckConstraint("row = 1", name="one"), primary_key=True),
        sa.Column("next", WHOLE, nullable=False),
    )
    op.create_table(
        "slots",
        sa.Column("number", WHOLE, primary_key=True, autoincrement=False),
        sa.Column("purpose", sa.String, nullable=False),
        sa.Column("claimed_at", MOMENT, nullable=False),
        sa.Column("destroyed_at", MOMENT),
    )
    op.create_index(
        "ix_slots_destroyed",
        "slots",
        ["number"],
        sqlite_where=sa.text("destroyed_at IS NOT NULL"),
        postgresql_where=sa.text("destroyed_at IS NOT NULL"),
    )
    op.create_table(
        "period_slots",
        sa.Column("period", sa.String, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("slot", WHOLE, nullable=False, unique=True),
        sa.PrimaryKeyConstraint("period", "day"),
    )
