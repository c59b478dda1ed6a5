"""One run of the command: what was given, how to reach the vault, where answers go."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, TypeVar

from cyclopts import Parameter

from vault.entrypoints.cli.exits import WrongUsage
from vault.entrypoints.cli.globals import COMMAND_VARIABLES, Format, GlobalOptions
from vault.entrypoints.cli.render import Row, render_item, render_list
from vault.entrypoints.cli.text import plain, plain_lines

if TYPE_CHECKING:  # at run time only commands that need the vault wait for it
    from vault.config import Settings
    from vault.domain.event import Actor
    from vault.entrypoints.staff.operation import Answer as Rows
    from vault.entrypoints.staff.operation import Asked, Operation, StreamOperation
    from vault.ports.vault import Vault

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Invocation:
    """The global options and the environment of this run."""

    options: GlobalOptions
    environ: Mapping[str, str]

    def settings(self) -> Settings:
        """Read the settings; raise `ConfigInvalid`, or `WrongUsage` with `--server`: they are elsewhere."""
        if self.options.server is not None:
            raise WrongUsage("this is done at the vault's own machine, without --server")
        from vault.config import load  # noqa: PLC0415 - see above

        # Variables of the command alone are no settings; a misspelt setting is still found.
        environ = {name: value for name, value in self.environ.items() if name not in COMMAND_VARIABLES}
        return load(self.options.data, self.options.config, environ)

    def in_vault(self, use: Callable[[Vault, Actor], Awaitable[Answer]]) -> Answer:
        """Open the vault, find out who acts, and run `use` to its end."""
        from vault.entrypoints.cli.opening import in_vault  # noqa: PLC0415 - see above

        return asyncio.run(in_vault(self.settings(), self.options.staff, use))

    def ask(self, operation: Operation[Asked, Rows], asked: Asked, password_file: str | None = None) -> Rows:
        """Return what an operation answers: of the vault here, or of the one at `--server`."""
        if self.options.server is not None:
            from vault.entrypoints.cli.remote import ask_server  # noqa: PLC0415 - most commands need no HTTP

            return ask_server(self, operation, asked)
        from vault.entrypoints.cli.custodians import ask_here  # noqa: PLC0415 - see above

        return ask_here(self, operation, asked, password_file)

    def follow(self, operation: StreamOperation[Asked], asked: Asked, take: Callable[[Row], None]) -> None:
        """Hand every row that an operation answers to `take`, as it comes."""
        if self.options.server is not None:
            from vault.entrypoints.cli.remote import follow_server  # noqa: PLC0415 - as in `ask`

            return follow_server(self, operation, asked, take)
        from vault.entrypoints.cli.custodians import follow_here  # noqa: PLC0415 - as in `ask`

        return follow_here(self, operation, asked, take)

    def show(self, item: Row) -> None:
        """Print one thing."""
        sys.stdout.write(render_item(item, self.options.format))

    def show_list(self, rows: Sequence[Row], columns: Sequence[str]) -> None:
        """Print many things; a table shows `columns`."""
        sys.stdout.write(render_list(rows, self.options.format, columns))

    @property
    def for_people(self) -> bool:
        """Say whether people read the answer: tables may say more than programs could parse."""
        return self.options.format is Format.TABLE

    def write(self, text: str) -> None:
        """Print text of our own as it is."""
        sys.stdout.write(text)

    def pass_on(self, text: str) -> None:
        """Print a text that is meant for a file: word for word, but nothing in it acts on a terminal."""
        sys.stdout.write(plain_lines(text) if sys.stdout.isatty() else text)

    def note(self, *lines: str) -> None:
        """Tell a person something beside the answer; programs that read JSON or CSV are spared."""
        if self.for_people:
            sys.stderr.write("".join(f"{plain(line)}\n" for line in lines))


Run = Annotated[Invocation, Parameter(parse=False)]
