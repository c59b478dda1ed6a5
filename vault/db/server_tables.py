"""Whether the vault's tables on a PostgreSQL server are what the migrations made, and nothing beside them.

Their owner can put triggers, rules, row security or a view between the service and its rows, or another
table before them in the search path. What the service writes is not what is kept then, and what it reads is
not all.
"""

from __future__ import annotations

from typing import Any

import psycopg

# One row for each thing that is wrong with a table of the schema in which ours are.
_ODD = """
    SELECT finding.words || ' ' || t.relname
    FROM pg_class AS t
    CROSS JOIN LATERAL (VALUES
        (t.relkind <> 'r', 'no plain table stands for'),
        (t.relpersistence <> 'p', 'a crash empties'),
        (t.relrowsecurity, 'row security hides rows of'),
        (to_regclass(quote_ident(t.relname)) IS DISTINCT FROM t.oid::regclass, 'another table stands before'),
        (EXISTS (SELECT FROM pg_trigger WHERE tgrelid = t.oid AND NOT tgisinternal), 'a trigger is on'),
        (EXISTS (SELECT FROM pg_rewrite WHERE ev_class = t.oid AND t.relkind = 'r'), 'a rule is on')
    ) AS finding(found, words)
    WHERE finding.found AND t.relkind IN ('r', 'p', 'v', 'm', 'f')
        AND t.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = to_regclass('alembic_version'))
    ORDER BY 1
"""


def odd_tables(connection: psycopg.Connection[Any]) -> list[str]:
    """Return what is odd about the vault's tables, such as `a trigger is on log_entries`."""
    return [str(told) for (told,) in connection.execute(_ODD)]
