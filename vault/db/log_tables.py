"""The tables of the log.

What holds is the canonical record of an entry; the columns beside it are only ways to find it.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary, PrimaryKeyConstraint, String, Table, Text

from vault.audit.edge import SignedEdge
from vault.audit.tree import Frontier
from vault.db.tables import metadata
from vault.db.types import Moment, Whole
from vault.errors import DatabaseMoved, LogCorrupt

log_entries = Table(
    "log_entries",
    metadata,
    Column("index", Whole, primary_key=True, autoincrement=False),
    Column("time", Moment, nullable=False, index=True),
    Column("actor", String, nullable=False),
    Column("action", String, nullable=False),
    Column("outcome", String, nullable=False),
    Column("channel", String, nullable=False),
    Column("recording", String),
    Column("customer", String),
    Column("record", LargeBinary, nullable=False),
    Index(None, "actor", "index"),
    Index(None, "action", "index"),
    Index(None, "outcome", "index"),
)
# Most entries name no recording or no customer: they stay out of these. So they do on PostgreSQL, by the
# migrations alone: naming its dialect here would load it in every process.
_recording, _customer = log_entries.c.recording, log_entries.c.customer
Index(None, _recording, log_entries.c.index, sqlite_where=_recording.is_not(None))
Index(None, _customer, log_entries.c.index, sqlite_where=_customer.is_not(None))

log_details = Table(
    "log_details",
    metadata,
    Column("index", Whole, primary_key=True, autoincrement=False),
    Column("salt", LargeBinary, nullable=False),
    Column("detail", Text, nullable=False),
)

# The root stands before the hashes, so that reading it doesn't touch their overflow pages.
log_tiles = Table(
    "log_tiles",
    metadata,
    Column("level", Whole, nullable=False),
    Column("index", Whole, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("hashes", LargeBinary, nullable=False),
    PrimaryKeyConstraint("level", "index"),
)

log_head = Table(
    "log_head",
    metadata,
    Column("row", Whole, CheckConstraint("row = 1", name="one"), primary_key=True),
    Column("size", Whole, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
    Column("last_time", Moment),
    Column("note", LargeBinary),
)


def edge_in(size: int, frontier: bytes, note: bytes | None) -> SignedEdge:
    """Return the right edge in a head row; raise `LogCorrupt` where its size and its hashes differ.

    A negative size is that of a database that was moved: see `must_not_be_moved`.
    """
    edge = SignedEdge(Frontier.decode(frontier), note)
    if edge.frontier.size not in {size, -1 - size}:
        raise LogCorrupt("the right edge of the log has another size than its row says")
    return edge


def must_not_be_moved(size: int) -> None:
    """Raise `DatabaseMoved` for the size in the head row of a database that was moved, or is being moved.

    Such a size is negative; the right edge beside it stays what it was.
    """
    if size < 0:
        raise DatabaseMoved(
            "this database was moved by `callvault migrate-database`, or is being moved: "
            "the log goes on in the other one"
        )
