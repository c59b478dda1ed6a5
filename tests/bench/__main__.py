"""`make bench`: the figures of `docs/performance.md`, measured anew.

Names as arguments choose some; `--help` says what they and the switches mean.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from types import ModuleType

from tests.bench import (
    access_log,
    destruction,
    guessing,
    large_collection,
    large_upload,
    many_recordings,
    name_guessing,
    ranges,
    sealing,
    slow_clients,
    starting,
    uploads,
)
from tests.bench.grounds import Missing
from tests.bench.keeper import kept_clean
from tests.bench.plan import Plan, parse
from tests.bench.table import machine

BENCHES: Mapping[str, ModuleType] = {
    "p1": uploads,
    "p2": large_upload,
    "p3": large_collection,
    "p4": sealing,
    "p5": ranges,
    "p7": access_log,
    "p8": many_recordings,
    "p9": destruction,
    "p10": starting,
    "p11": guessing,
    "r11": name_guessing,
    "r13": slow_clients,
}


def main() -> int:
    """Print the tables that were asked for, all by default; 1 if one of them can't be measured here."""
    described = {name: str(bench.__doc__).partition("\n")[0] for name, bench in BENCHES.items()}
    names, plan = parse(sys.argv[1:], {name: line.partition(": ")[2] for name, line in described.items()})
    return kept_clean(lambda: measure(names, plan))


def measure(names: Sequence[str], plan: Plan) -> int:
    """Measure one after another, and print each table as it is there and how long it took."""
    sys.stdout.write(f"Measured on {machine()}.\n")
    if plan.store == "s3":
        sys.stdout.write("S3 is moto's server, a slow Python program: only ratios say anything.\n")
    failed = 0
    for name in names:
        begun = time.monotonic()
        try:
            sys.stdout.write(f"\n{BENCHES[name].measure(plan)}\n")
        except Missing as error:
            sys.stderr.write(f"{name} can't be measured here: {error}\n")
            failed = 1
        sys.stdout.flush()
        sys.stderr.write(f"{name} took {(time.monotonic() - begun) / 60:.1f} min\n")
    return failed


if __name__ == "__main__":
    sys.exit(main())
