"""`make faults`: what `make test` tries a few times, tried for long.

Names as arguments choose some. Each kind has a goal in count and a limit of time; `--minutes N` is that limit
for every kind (3 unless given), `--turns N` the count. CALLVAULT_TEST_SEED repeats a run.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from tests.faults.kinds import KINDS, attempt
from tests.faults.trial import render
from tests.harness.vaults import found


def main() -> int:
    """Try what was asked for, all by default; return 1 if anything was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(KINDS)}")
    parser.add_argument("--minutes", type=float, default=3.0, help="limit for each kind")
    parser.add_argument("--turns", type=int, help="turns of each kind, instead of the goal's")
    given = parser.parse_args()
    unknown = [name for name in given.names if name not in KINDS]
    if unknown:
        parser.error(f"no fault is called {', '.join(unknown)}; there are {', '.join(KINDS)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # or disks would stay mounted, and forks alive
    trials = []
    with tempfile.TemporaryDirectory(prefix="callvault-faults-") as folder:
        known = found(Path(folder) / "founded")
        for name in given.names or KINDS:
            most = given.turns or KINDS[name].most
            trials.append(attempt(name, most, 60 * given.minutes, known, Path(folder) / name))
    sys.stdout.write(f"\n{render(trials)}\n")
    return int(any(trial.violations for trial in trials))


if __name__ == "__main__":
    sys.exit(main())
