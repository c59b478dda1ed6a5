"""Engines for PostgreSQL: one connection that writes, a few that read, on the threads that SQLite has too.

The URL is libpq's own (PostgreSQL, "Connection URIs") and goes there as it is, so that several hosts, service
files, `.pgpass`, `PGPASSWORD` and TLS work as everywhere. SQLAlchemy never sees it, so it can't tell it.
"""

from __future__ import annotations

import re
from collections import deque
from typing import Any, Self

import psycopg
from psycopg import Connection as DriverConnection
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy import Connection, create_engine, event, text

from vault.db.connection import AsyncEngine
from vault.db.cursors import FetchedRows
from vault.errors import ConfigInvalid, DatabaseUnavailable

READERS = 8  # per process: a server counts its connections, a hundred by default
CONNECT_SECONDS = 10
LOCK_SECONDS = 30  # how long a group waits for another process's
STATEMENT_SECONDS = 60
IDLE_WRITER_SECONDS = 60  # a process that hangs in its turn loses it: the others wait for the log
IDLE_READER_SECONDS = 600  # a verification hashes between its statements

_SCHEME = re.compile(r"postgres(?:ql)?(?:\+[a-z0-9]+)?://")
_MIGRATION_LOCK = 0x63616C6C  # any number that is ours

# READ COMMITTED: whoever waited for the head row sees it, and all else, as the one before left it. In
# REPEATABLE READ the wait itself would be the conflict, and every group of a busy vault would begin twice.
_WRITE = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

# A connection that is cut without a word is noticed by its next statement, or by these.
_PATIENCE = {
    "connect_timeout": str(CONNECT_SECONDS),
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",  # milliseconds
}

# What `synchronous_commit` may not be: a commit that returns before it is on disk.
_SYNC = text(
    "SELECT set_config('synchronous_commit', 'on', false) "
    "WHERE current_setting('synchronous_commit') IN ('off', 'local')"
)
# Ids are looked up by ranges of ASCII, which a language's order of letters would tear apart.
_ORDER_OF_BYTES = text(
    "SELECT 'B' < 'a' AND 'ab' < 'a' || chr(127) AND current_setting('server_encoding') = 'UTF8'"
)


def writing_engine(url: str) -> AsyncEngine:
    """Return an engine of one connection, whose refused statements leave its transaction as it was."""
    timeouts = {
        "lock_timeout": LOCK_SECONDS,
        "statement_timeout": STATEMENT_SECONDS,
        "idle_in_transaction_session_timeout": IDLE_WRITER_SECONDS,
    }
    return _engine(url, 1, begin=_WRITE, timeouts=timeouts, cursors=SavingCursor)


def reading_engine(url: str) -> AsyncEngine:
    """Return an engine whose transactions are snapshots and can't write."""
    timeouts = {
        "statement_timeout": STATEMENT_SECONDS,
        "idle_in_transaction_session_timeout": IDLE_READER_SECONDS,
    }
    return _engine(url, READERS, begin=_READ, timeouts=timeouts, cursors=EagerCursor)


def connect(url: str, *, timeouts: dict[str, int] | None = None) -> DriverConnection[Any]:
    """Return a plain connection, which begins no transaction by itself.

    Raises `ConfigInvalid` for what is no URI, and psycopg's own errors.
    """
    uri = _SCHEME.sub("postgresql://", url, count=1)
    try:
        given = conninfo_to_dict(uri)
    except psycopg.ProgrammingError:  # its words quote the URL
        raise ConfigInvalid("[database] url: wanted: a PostgreSQL connection URI") from None
    ours = [f"-c {name}={seconds}s" for name, seconds in (timeouts or {}).items()]
    defaults = {"application_name": "callvault", "target_session_attrs": "read-write", **_PATIENCE}
    added = {name: value for name, value in defaults.items() if name not in given}
    options = " ".join([*ours, str(given.get("options", ""))]).strip()  # the later one counts
    # A role's default is another way to write, in which names would be lost or come back as bytes.
    added["client_encoding"] = "UTF8"
    return psycopg.connect(make_conninfo(uri, **added, options=options), autocommit=True)


def prepare_upgrade(connection: Connection) -> None:
    """Let nobody else upgrade meanwhile, and take the time that it takes; raise `DatabaseUnavailable`."""
    if not connection.scalar(_ORDER_OF_BYTES):
        raise DatabaseUnavailable(
            "the database must keep UTF-8 in the order of its bytes: make it with "
            "`createdb --template=template0 --encoding=UTF8 --locale=C`"
        )
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})


def _engine(
    url: str,
    count: int,
    *,
    begin: str,
    timeouts: dict[str, int],
    cursors: type[psycopg.Cursor[Any]],
) -> AsyncEngine:
    def open_one() -> DriverConnection[Any]:
        connection = connect(url, timeouts=timeouts)
        connection.cursor_factory = cursors
        return connection

    plain = create_engine(
        "postgresql+psycopg://",
        creator=open_one,
        pool_size=count,
        max_overflow=0,
        pool_use_lifo=True,
        use_native_hstore=False,  # or it asks for that type at every connect
    )

    @event.listens_for(plain, "connect")
    def _connected(connection: DriverConnection[Any], _entry: object) -> None:
        connection.execute(str(_SYNC))

    @event.listens_for(plain, "begin")
    def _begun(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return AsyncEngine(plain, count, remote=True)


class EagerCursor(FetchedRows, psycopg.Cursor[Any]):
    """A cursor that has made its rows when it returns, on the thread that ran the statement."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:  # noqa: ANN401 - psycopg's own
        """Run a statement and make its rows."""
        self._run(query, params, **options)
        self._rows = deque(psycopg.Cursor.fetchall(self)) if self.description else deque()
        return self

    def _run(self, query: Any, params: Any, **options: Any) -> None:  # noqa: ANN401 - psycopg's own
        psycopg.Cursor.execute(self, query, params, **options)


class SavingCursor(EagerCursor):
    """After a row that was refused the transaction goes on, as it does in SQLite.

    PostgreSQL gives a transaction up at its first error. So the statement follows a savepoint, sent along
    with it: that costs no wait of its own.
    """

    def _run(self, query: Any, params: Any, **options: Any) -> None:  # noqa: ANN401 - psycopg's own
        if not _may_be_refused(query):
            super()._run(query, params, **options)
            return
        try:
            with self.connection.pipeline():
                self.connection.execute("SAVEPOINT statement")
                super()._run(query, params, **options)
        except (psycopg.IntegrityError, psycopg.DataError):
            self.connection.execute("ROLLBACK TO SAVEPOINT statement")
            raise


def _may_be_refused(query: object) -> bool:
    return str(query).startswith(("INSERT", "UPDATE", "DELETE"))
