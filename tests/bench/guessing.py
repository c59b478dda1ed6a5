"""P11: uploads and sign-ins of those who belong here, quiet and under a thousand wrong guesses a second."""

from __future__ import annotations

import time
from contextlib import ExitStack

from tests.bench import servers
from tests.bench.disturbed import Seen, belong_here, disturbed, rows
from tests.bench.footprint import Footprint, footprint
from tests.bench.grounds import ground
from tests.bench.plan import Plan
from tests.bench.table import Row, render

GUESSES_PER_SECOND = 1000
_MIB = 1 << 20
_WARMING_SECONDS = 2.0


def measure(plan: Plan) -> str:
    """Return the table."""
    seconds, rounds = plan.pick(smoke=(1.0, 1), standard=(5.0, 2), full=(20.0, 3))
    quiet, attacked, answered = Seen(), Seen(), 0
    left = Footprint()
    with ExitStack() as stack:
        folder = stack.enter_context(servers.scratch())
        here = stack.enter_context(ground(plan, folder))
        service, known = stack.enter_context(servers.vault_service(here, folder, workers=2))
        source = servers.uploading(service, known)
        for number in range(rounds):
            belong_here(source, known, seconds, quiet, f"quiet-{number}")
            before = footprint(service)
            with disturbed(
                "guesser", source.port, GUESSES_PER_SECOND, seconds + 2 * _WARMING_SECONDS
            ) as attack:
                time.sleep(_WARMING_SECONDS)
                belong_here(source, known, seconds, attacked, f"attacked-{number}")
            answered += attack.counted
            left = left.grown(before, footprint(service))
    rate = answered / (seconds + 2 * _WARMING_SECONDS) / rounds
    note = f"{rate:.0f} guesses/s were answered, of {GUESSES_PER_SECOND} meant"
    return render(
        f"P11: under wrong guesses (ours), beside the same in quiet (peer){plan.where}",
        [
            *rows("upload of 1 MiB", attacked.uploads, quiet.uploads, "<= 2", note),
            *rows("sign-in by link", attacked.sign_ins, quiet.sign_ins, "<= 2; < 500 ms", note),
            *rows("sign-in by name", attacked.by_name, quiet.by_name, "<= 2; < 500 ms", note),
            *_left_behind(left, answered, attacked),
        ],
    )


def _left_behind(left: Footprint, answered: int, attacked: Seen) -> list[Row]:
    """Return what the guesses left; entries of those who belong here are taken off."""
    ours = len(attacked.uploads) + len(attacked.sign_ins) + len(attacked.by_name)
    note = f"by {answered} guesses beside {len(attacked.uploads)} uploads"
    return [
        Row("entries of the log, of guesses", "", left.entries - ours, None, "summaries", note=note),
        Row("memory of both workers, more", "MiB", left.memory_bytes / _MIB, None, "", note=note),
        Row(
            "lines on standard error", "bytes/guess", left.told_bytes / max(1, answered), None, "", note=note
        ),
        Row("the database, more", "KiB", left.database_bytes / 1024, None, "", note=note),
    ]
