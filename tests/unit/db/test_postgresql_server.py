"""What `doctor` sees of a PostgreSQL server: every way to a right, and whatever stands before the tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest

from tests.harness.postgres import Server
from vault.db.postgresql import connect
from vault.db.server import ServerFacts, look_at_server
from vault.entrypoints.cli.checks.check import Level
from vault.entrypoints.cli.checks.postgresql import check_server


@dataclass(frozen=True)
class Ground:
    """A database with all tables, and two roles: one owns the tables, the other may read and add."""

    server: Server
    name: str

    @property
    def url(self) -> str:
        """The URL of the role that may add."""
        return self.server.url(self.name, user="adding")

    def run(self, words: str) -> None:
        """Run statements as the server's administrator."""
        with psycopg.connect(self.server.url(self.name), autocommit=True) as connection:
            connection.execute(words.encode())

    def look(self) -> ServerFacts:
        """Look at the server as the service does that runs as the role that may add."""
        return look_at_server(self.url)


@pytest.fixture
def ground(postgres: Server, postgresql_url: str) -> Iterator[Ground]:
    """A database whose service can't rewrite the log."""
    found = Ground(postgres, postgresql_url.rpartition("@/")[2].partition("?")[0])
    found.run("CREATE ROLE owning; CREATE ROLE adding LOGIN")
    found.run("""DO $$ DECLARE one text; BEGIN
        FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
            EXECUTE format('ALTER TABLE %I OWNER TO owning', one);
            EXECUTE format('GRANT SELECT, INSERT ON %I TO adding', one);
        END LOOP; END $$""")
    yield found
    found.run("REASSIGN OWNED BY owning, adding TO postgres; DROP OWNED BY owning, adding")
    found.run("DROP ROLE owning, adding")


def test_who_reads_and_adds_has_no_right_too_many(ground: Ground) -> None:
    """Nothing is said of a role and tables that are as they should be."""
    facts = ground.look()

    assert (facts.excess, facts.odd) == ((), ())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("GRANT UPDATE (record) ON log_entries TO adding", {"UPDATE on log_entries"}),
        ("GRANT TRUNCATE ON log_head TO PUBLIC", {"TRUNCATE on log_head"}),
        (
            "ALTER ROLE adding NOINHERIT; GRANT owning TO adding",
            {"DELETE on log_entries", "ownership of log_tiles"},
        ),
        ("ALTER ROLE adding NOINHERIT; GRANT pg_write_all_data TO adding", {"UPDATE on log_details"}),
        (
            "ALTER TABLE log_entries OWNER TO adding; REVOKE ALL ON log_entries FROM adding",
            {"ownership of log_entries"},
        ),
        ("ALTER SCHEMA public OWNER TO adding", {"ownership of the schema public"}),
        ("GRANT pg_execute_server_program TO adding", {"pg_execute_server_program"}),
    ],
)
def test_every_way_to_a_right_is_seen(ground: Ground, words: str, told: set[str]) -> None:
    """By column, for everybody, through a role that is put on first, or by owning: it is the same right."""
    ground.run(words)

    assert told <= {*ground.look().excess}


def test_who_owns_the_database_owns_its_tables(ground: Ground) -> None:
    """The database's owner removes it, and with it the tables of whomever."""
    ground.run(f"ALTER DATABASE {ground.name} OWNER TO adding")
    try:
        assert "ownership of the database" in ground.look().excess
    finally:
        ground.run(f"ALTER DATABASE {ground.name} OWNER TO postgres")


def test_who_makes_roles_makes_itself_the_owner(ground: Ground) -> None:
    """Before version 16, CREATEROLE is membership in every role."""
    ground.run("ALTER ROLE adding CREATEROLE")

    old = ground.server.run("SELECT current_setting('server_version_num')::int < 160000")[0][0]
    assert ("CREATEROLE" in ground.look().excess) == old


_SWALLOW = """CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
    CREATE TRIGGER t BEFORE INSERT ON recordings FOR EACH ROW EXECUTE FUNCTION swallow()"""


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (_SWALLOW, "a trigger is on recordings"),
        ("CREATE RULE r AS ON DELETE TO holds DO INSTEAD NOTHING", "a rule is on holds"),
        ("ALTER TABLE holds ENABLE ROW LEVEL SECURITY", "row security hides rows of holds"),
        ("ALTER TABLE blob_deletions SET UNLOGGED", "a crash empties blob_deletions"),
        (
            "ALTER TABLE holds RENAME TO old_holds; CREATE VIEW holds AS SELECT * FROM old_holds",
            "no plain table stands for holds",
        ),
        (
            "CREATE SCHEMA adding; GRANT USAGE ON SCHEMA adding TO adding; CREATE TABLE adding.holds (x int)",
            "another table stands before holds",
        ),
    ],
)
def test_what_stands_before_a_table_is_seen(ground: Ground, words: str, told: str) -> None:
    """A server that drops, hides or diverts what the service writes is a failure, and told by the table."""
    ground.run(words)

    assert told in ground.look().odd
    failures = [check.finding for check in check_server(ground.url) if check.level is Level.FAILURE]
    assert any(finding.startswith(told) for finding in failures)


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_roles_encoding_is_not_ours(ground: Ground, encoding: str) -> None:
    """Names come back as they were written, whatever the server's administrator prefers to see."""
    ground.run(f"ALTER ROLE adding SET client_encoding = '{encoding}'")

    with connect(f"{ground.url}&client_encoding=LATIN1") as connection:
        assert connection.execute("SELECT '✓ ' || current_user").fetchone() == ("✓ adding",)
