"""By which ways a role of PostgreSQL comes to more than adding to the log.

A right is had by the table or by a column, by the role itself or by any that it may become with `SET ROLE`,
inherited or not. Who owns a table, its schema or the database has every right, revoked or not: an owner
grants it anew, or makes another table (PostgreSQL, "Privileges", "Role Membership").
"""

from __future__ import annotations

from typing import Any

import psycopg

# Without these rights nobody who takes the service over can rewrite the log in its database.
_TOO_MUCH = {
    "log_entries": ("UPDATE", "DELETE", "TRUNCATE"),
    "log_tiles": ("UPDATE", "DELETE", "TRUNCATE"),
    "log_details": ("UPDATE", "DELETE", "TRUNCATE"),
    "log_head": ("DELETE", "TRUNCATE"),
}

_MAY_BECOME = "SELECT oid FROM pg_roles WHERE pg_has_role(session_user, oid, 'MEMBER')"
_RIGHTS = f"""
    SELECT wanted.privilege || ' on ' || wanted.name
    FROM unnest(%s::text[], %s::text[]) AS wanted(privilege, name)
    WHERE to_regclass(wanted.name) IS NOT NULL AND EXISTS (
        SELECT FROM ({_MAY_BECOME}) AS role WHERE CASE wanted.privilege
            WHEN 'UPDATE' THEN has_any_column_privilege(role.oid, to_regclass(wanted.name), 'UPDATE')
            ELSE has_table_privilege(role.oid, to_regclass(wanted.name), wanted.privilege)
        END
    )
"""  # noqa: S608 - nothing in it comes from outside
_OWNED = f"""
    SELECT 'ownership of ' || relname FROM pg_class
    WHERE oid = ANY (SELECT to_regclass(name) FROM unnest(%s::text[]) AS name)
        AND relowner IN ({_MAY_BECOME})
    UNION ALL
    SELECT 'ownership of the schema ' || nspname FROM pg_namespace
    WHERE nspowner IN ({_MAY_BECOME})
        AND oid IN (SELECT relnamespace FROM pg_class WHERE oid = to_regclass('log_entries'))
    UNION ALL
    SELECT 'ownership of the database' FROM pg_database
    WHERE datname = current_database() AND datdba IN ({_MAY_BECOME})
"""  # noqa: S608 - as above
# Before version 16 who makes roles makes itself a member of any that is no superuser.
_BEYOND = f"""
    SELECT rolname FROM pg_roles
    WHERE rolname IN ('pg_execute_server_program', 'pg_write_server_files') AND oid IN ({_MAY_BECOME})
    UNION ALL
    SELECT 'CREATEROLE' WHERE current_setting('server_version_num')::int < 160000
        AND EXISTS (SELECT FROM pg_roles WHERE rolcreaterole AND oid IN ({_MAY_BECOME}))
"""  # noqa: S608 - as above


def excess_rights(connection: psycopg.Connection[Any]) -> list[str]:
    """Return what the role should not have, such as `UPDATE on log_entries`, on tables that are there."""
    pairs = [(privilege, table) for table, privileges in _TOO_MUCH.items() for privilege in privileges]
    asked: list[tuple[str, list[list[str]]]] = [
        (_RIGHTS, [[privilege for privilege, _ in pairs], [table for _, table in pairs]]),
        (_OWNED, [[*_TOO_MUCH]]),
        (_BEYOND, []),
    ]
    return [
        str(told) for query, values in asked for (told,) in connection.execute(query.encode(), values or None)
    ]
