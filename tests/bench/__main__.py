"""`make bench`: the figures of `docs/performance.md`, measured anew.

Names as arguments choose some; `--full` measures in the sizes of the goals, which takes many minutes.
"""

from __future__ import annotations

import sys

from tests.bench import (
    access_log,
    destruction,
    guessing,
    large_collection,
    large_upload,
    many_recordings,
    ranges,
    sealing,
    slow_clients,
    starting,
    uploads,
)
from tests.bench.table import machine

BENCHES = {
    "p1": uploads.measure,
    "p2": large_upload.measure,
    "p3": large_collection.measure,
    "p4": sealing.measure,
    "p5": ranges.measure,
    "p7": access_log.measure,
    "p8": many_recordings.measure,
    "p9": destruction.measure,
    "p10": starting.measure,
    "p11": guessing.measure,
    "r13": slow_clients.measure,
}


def main() -> int:
    """Print the tables that were asked for, all by default."""
    full = "--full" in sys.argv
    chosen = [name for name in sys.argv[1:] if name != "--full"] or list(BENCHES)
    unknown = [name for name in chosen if name not in BENCHES]
    if unknown:
        sys.stderr.write(f"no bench is called {', '.join(unknown)}; there are {', '.join(BENCHES)}\n")
        return 2
    sys.stdout.write(f"Measured on {machine()}.\n")
    for name in chosen:
        sys.stdout.write(f"\n{BENCHES[name](full)}\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
