"""R13: uploads and sign-ins of those who are quick, in quiet and beside a thousand slow connections."""

from __future__ import annotations

import time
from contextlib import ExitStack

from tests.bench import servers
from tests.bench.disturbed import Seen, belong_here, disturbed, rows
from tests.bench.grounds import ground
from tests.bench.plan import Plan
from tests.bench.table import render

CONNECTIONS = 1000
_WARMING_SECONDS = 3.0


def measure(plan: Plan) -> str:
    """Return the table."""
    seconds, rounds = plan.pick(smoke=(1.0, 1), standard=(5.0, 2), full=(20.0, 3))
    quiet, beside, held = Seen(), Seen(), 0
    with ExitStack() as stack:
        folder = stack.enter_context(servers.scratch())
        here = stack.enter_context(ground(plan, folder))
        service, known = stack.enter_context(servers.vault_service(here, folder, workers=2))
        source = servers.uploading(service, known)
        for number in range(rounds):
            belong_here(source, known, seconds, quiet, f"quiet-{number}")
            with disturbed("crawler", source.port, CONNECTIONS, seconds + 2 * _WARMING_SECONDS) as slow:
                time.sleep(_WARMING_SECONDS)
                belong_here(source, known, seconds, beside, f"beside-{number}")
            held += slow.counted // rounds
    note = f"{held} of {CONNECTIONS} were held open to the end"
    return render(
        f"R13: beside 1,000 slow connections (ours), and the same in quiet (peer){plan.where}",
        [
            *rows("upload of 1 MiB", beside.uploads, quiet.uploads, "<= 2", note),
            *rows("sign-in by link", beside.sign_ins, quiet.sign_ins, "<= 2", note),
        ],
    )
