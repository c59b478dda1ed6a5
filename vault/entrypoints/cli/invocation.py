"""One run of the command: what was given, how to reach the vault, where answers go."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, TypeVar

from cyclopts import Parameter

from vault.entrypoints.cli.globals import COMMAND_VARIABLES, Format, GlobalOptions
from vault.entrypoints.cli.render import Row, render_item, render_list
from vault.entrypoints.cli.text import plain

if TYPE_CHECKING:  # at run time only commands that need the vault wait for it
    from vault.config import Settings
    from vault.domain.event import Actor
    from vault.ports.vault import Vault

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Invocation:
    """The global options and the environment of this run."""

    options: GlobalOptions
    environ: Mapping[str, str]

    def settings(self) -> Settings:
        """Read the settings; raise `ConfigInvalid`."""
        from vault.config import load  # noqa: PLC0415 - see above

        # Variables of the command alone are no settings; a misspelt setting is still found.
        environ = {name: value for name, value in self.environ.items() if name not in COMMAND_VARIABLES}
        return load(self.options.data, self.options.config, environ)

    def in_vault(self, use: Callable[[Vault, Actor], Awaitable[Answer]]) -> Answer:
        """Open the vault, find out who acts, and run `use` to its end."""
        from vault.entrypoints.cli.opening import in_vault  # noqa: PLC0415 - see above

        return asyncio.run(in_vault(self.settings(), self.options.staff, use))

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

    def note(self, *lines: str) -> None:
        """Tell a person something beside the answer; programs that read JSON or CSV are spared."""
        if self.for_people:
            sys.stderr.write("".join(f"{plain(line)}\n" for line in lines))


Run = Annotated[Invocation, Parameter(parse=False)]
