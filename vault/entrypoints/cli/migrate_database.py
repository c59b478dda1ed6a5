"""`callvault migrate-database`: move the vault to another database."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

from cyclopts import App

from vault.db.moving import give_up_move, move_database
from vault.domain.event import Actor
from vault.entrypoints.cli.exits import CommandFailed, ExitCode, WrongUsage
from vault.entrypoints.cli.invocation import Run
from vault.entrypoints.cli.opening import in_vault
from vault.ports.vault import Vault
from vault.usecases.record_move import record_move
from vault.usecases.verify_log import Verification

_SECRET = frozenset({"password", "sslpassword"})  # libpq, "Parameter Key Words"

app = App(
    name="migrate-database",
    help_format="plaintext",
    help_epilogue="""\
Examples:
  callvault migrate-database --to 'postgresql://callvault_owner@db.example.com/callvault?sslmode=verify-full'
  callvault migrate-database --to sqlite:///vault.sqlite
""",
)


@app.default
def migrate_database(*, to: str, give_up: bool = False, run: Run) -> None:
    """Move the vault to another database, which is empty; stop the service first.

    The old database is marked and never serves again. Run it again to go on with a move that was cut off.

    Parameters
    ----------
    to
        Where to, without a password: that comes from ~/.pgpass or PGPASSWORD.
    give_up
        Take the mark off the old database, as long as the move has not come to its end.
    """
    if _names_a_password(to):
        raise WrongUsage("a password is never an argument; libpq takes it from ~/.pgpass or PGPASSWORD")
    settings = replace(run, environ={**run.environ, "CALLVAULT_DATABASE__URL": to}).settings()
    old, new = run.settings().database.url, settings.database.url
    if old == new:
        raise WrongUsage("the vault is there already")
    if give_up:
        asyncio.run(give_up_move(old, new))
        run.note("The vault stays where it is. Remove the unfinished copy.")
        return
    asyncio.run(move_database(old, new, progress=_rows))

    async def _record(vault: Vault, by: Actor) -> Verification:
        return await record_move(vault, urlsplit(to).scheme, by=by, progress=_entries)

    result = asyncio.run(in_vault(settings, run.options.staff, _record))
    if result.findings:
        raise CommandFailed(
            f"the log does not verify in the new database: {result.findings[0]}", ExitCode.FOUND_WRONG
        )
    run.show({"ok": True, "size": result.size, "url": to})
    run.note(
        f'Now set [database] url = "{to}", with the role of the service, and start it again.',
        "The old database never serves again; remove it once there is a backup of the new one.",
    )


def _names_a_password(url: str) -> bool:
    """Say whether a password stands before the host, or among libpq's parameters."""
    try:
        parts = urlsplit(url)
        return parts.password is not None or not _SECRET.isdisjoint(
            name for name, _ in parse_qsl(parts.query)
        )
    except ValueError:
        raise WrongUsage("--to: wanted: sqlite:///PATH or postgresql://ROLE@HOST/NAME") from None


def _rows(table: str, done: int, in_all: int) -> None:
    _say(f"{table}: {done:,} of {in_all:,} rows", last=done >= in_all)


def _entries(done: int, size: int) -> None:
    _say(f"verified: {done:,} of {size:,} entries", last=done >= size)


def _say(text: str, *, last: bool) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{text}" + ("\n" if last else ""))
