"""`make bench`: the figures of `docs/performance.md`, measured anew. Names as arguments choose some."""

from __future__ import annotations

import sys

from tests.bench import sealing
from tests.bench.table import machine

BENCHES = {"p4": sealing.measure}


def main() -> int:
    """Print the tables that were asked for, all by default."""
    chosen = sys.argv[1:] or list(BENCHES)
    unknown = [name for name in chosen if name not in BENCHES]
    if unknown:
        sys.stderr.write(f"no bench is called {', '.join(unknown)}; there are {', '.join(BENCHES)}\n")
        return 2
    sys.stdout.write(f"Measured on {machine()}.\n")
    for name in chosen:
        sys.stdout.write(f"\n{BENCHES[name]()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
