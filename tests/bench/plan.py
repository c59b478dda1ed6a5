"""What was asked of a bench: in which size, on which database and store."""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

SIZES = ("smoke", "standard", "full")
DATABASES = ("sqlite", "postgresql")
STORES = ("files", "s3")


@dataclass(frozen=True, slots=True)
class Plan:
    """`smoke` only sees that a bench works, `standard` is for every day, `full` is the size of the goals."""

    size: str = "standard"
    database: str = "sqlite"
    store: str = "files"

    def pick(self, *, smoke: T, standard: T, full: T) -> T:
        """Return what belongs to the size."""
        return {"smoke": smoke, "standard": standard, "full": full}[self.size]

    @property
    def where(self) -> str:
        """What it is measured on, for a title; nothing if that is the default."""
        parts = {"postgresql": "PostgreSQL", "s3": "moto's S3"}
        named = [parts[part] for part in (self.database, self.store) if part in parts]
        return f", on {' and '.join(named)}" if named else ""


def parse(arguments: Sequence[str], benches: Mapping[str, str]) -> tuple[list[str], Plan]:
    """Return the names that were chosen, all by default, and the plan; exit 2 for what is neither.

    `benches` has what each name measures.
    """
    lines = "\n".join(f"  {name:<5} {what}" for name, what in benches.items())
    parser = ArgumentParser(
        prog="python -m tests.bench",
        description="Measure Callvault beside its peers, and print a table for each bench.",
        epilog=f"names:\n{lines}\n\nCONTRIBUTING.md says how long each takes.",
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="what to measure (all)")
    parser.add_argument("--database", choices=DATABASES, default=DATABASES[0], help="%(default)s")
    parser.add_argument("--store", choices=STORES, default=STORES[0], help="%(default)s")
    size = parser.add_mutually_exclusive_group()
    for name, words in _SIZE_WORDS.items():
        size.add_argument(f"--{name}", dest="size", action="store_const", const=name, help=words)
    given = parser.parse_args(arguments)
    if unknown := [name for name in given.names if name not in benches]:
        parser.error(f"no bench is called {', '.join(unknown)}; there are {', '.join(benches)}")
    return given.names or list(benches), Plan(given.size or "standard", given.database, given.store)


_SIZE_WORDS = {
    "smoke": "small counts: the figures mean nothing, but every step is made",
    "full": "the sizes of the goals",
}
