"""Work from one's own machine: `--server` says where the vault is, each command signs in and out again.

Nothing of a session is kept on disk. Who proves by `--identity FILE` sends neither file nor what it opens.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any, TypeVar, cast

import msgspec
from msgspec import Struct

from vault.domain.names import StaffName, parse_name
from vault.entrypoints.cli.client_exits import client_failure
from vault.entrypoints.cli.custodians import proof_of
from vault.entrypoints.cli.exits import WrongUsage
from vault.entrypoints.cli.invocation import Invocation
from vault.entrypoints.cli.times import moment_in
from vault.entrypoints.client.address import Address, parse_address
from vault.entrypoints.client.answers import Item, Many, One, relied_on
from vault.entrypoints.client.failures import ClientError
from vault.entrypoints.client.http import open_session
from vault.entrypoints.client.identify import explained
from vault.entrypoints.client.staff import Desk, staff_signed_in
from vault.entrypoints.staff.operation import PAGE_ROWS, Answer, Asked, Operation, StreamOperation
from vault.entrypoints.staff.row import Row

Done = TypeVar("Done")


def ask_server(run: Invocation, operation: Operation[Asked, Answer], asked: Asked) -> Answer:
    """Return what the vault at `--server` answers, its times as times again."""

    async def _ask(desk: Desk) -> object:
        return await asked_at(desk, operation, asked)

    return cast("Answer", with_times(at_server(run, _ask)))


async def asked_at(desk: Desk, operation: Operation[Any, Any], asked: Struct) -> Item | list[Item]:
    """Return what an operation answers, each row with what its command relies on."""
    given = msgspec.to_builtins(asked)
    if not operation.many:
        item = (await desk.ask(operation.path, given, One)).item
        relied_on(item, operation.sure)
        return item
    if operation.paged_by is not None:
        rows = await _all_pages(desk, operation.path, given, getattr(asked, "limit", PAGE_ROWS))
    else:
        rows = (await desk.ask(operation.path, given, Many)).items
    for row in rows:
        relied_on(row, operation.sure)
    return rows


async def _all_pages(desk: Desk, path: str, given: dict[str, Any], limit: int) -> list[Item]:
    """Return so many rows at most, however many answers they take."""
    rows: list[Item] = []
    while True:
        page = await desk.ask(path, {**given, "limit": min(limit - len(rows), PAGE_ROWS)}, Many)
        rows += page.items
        if not page.items or page.next is None or len(rows) >= limit:
            return rows
        given = {**given, "before": page.next}


def follow_server(
    run: Invocation, operation: StreamOperation[Asked], asked: Asked, take: Callable[[Row], None]
) -> None:
    """Hand every row that the vault at `--server` answers to `take`, as it comes."""

    async def _follow(desk: Desk) -> None:
        async with aclosing(desk.stream(operation.path, msgspec.to_builtins(asked))) as rows:
            async for row in rows:
                relied_on(row, operation.sure)
                take(cast("Row", with_times(row)))

    at_server(run, _follow)


def at_server(run: Invocation, use: Callable[[Desk], Awaitable[Done]]) -> Done:
    """Sign in at `--server` as `--as`, run `use` to its end, sign out.

    Raise `WrongUsage` without a name, `CommandFailed` for what the vault refuses or the line breaks.
    """
    try:
        address = _address(run)
        if run.options.staff is None:
            raise WrongUsage("say who you are: --as NAME, of the staff")
        name = StaffName(parse_name(run.options.staff))
        proof = proof_of(run, name, run.options.password_file)

        async def _signed_in() -> Done:
            async with open_session(address) as session:
                try:
                    async with staff_signed_in(session, address, name, proof) as desk:
                        return await use(desk)
                except ClientError as error:
                    raise await explained(session, address, error) from None

        return asyncio.run(_signed_in())
    except ClientError as error:
        raise client_failure(error) from None


def with_times(value: object) -> object:
    """Return an answer with times for their text, in fields named `time` or `…_at`, and nowhere else."""
    if isinstance(value, list):
        return [with_times(each) for each in value]
    if isinstance(value, dict):
        return {name: _timed(name, each) for name, each in value.items()}
    return value


def _timed(name: str, value: object) -> object:
    if isinstance(value, str) and (name == "time" or name.endswith("_at")):
        return moment_in(value)
    return with_times(value)


def _address(run: Invocation) -> Address:
    address = parse_address(run.options.server or "")
    if address.link is not None:
        raise WrongUsage("--server is the vault's address, such as https://vault.example, not a link")
    return address
