"""P9: from a customer's receipt to the answer that its recording's key is destroyed, over HTTP."""

from __future__ import annotations

import hashlib
import os
import time
from contextlib import ExitStack
from pathlib import Path

from tests.bench import servers
from tests.bench.client import call, put
from tests.bench.grounds import ground
from tests.bench.plan import Plan
from tests.bench.table import Row, percentile, render

_MILLISECONDS = 1000
_SYNCS = 5
"""Log and rows as collected, the log's head, the slot, log and rows as shredded, the head again."""


def measure(plan: Plan) -> str:
    """Return the table."""
    count = plan.pick(smoke=10, standard=200, full=500)  # a page of the list at most
    with ExitStack() as stack:
        folder = stack.enter_context(servers.scratch())
        here = stack.enter_context(ground(plan, folder))
        service, known = stack.enter_context(servers.vault_service(here, folder))
        source, customer = servers.uploading(service, known), servers.collecting(service, known)
        digests = {}
        with source.connected() as connection:
            for number in range(count):
                body = f"recording {number}".encode()
                put(connection, source, f"{number}.wav", body)
                digests[f"{number}.wav"] = hashlib.sha256(body).hexdigest()
        ours, bare = [], []
        with customer.connected() as connection:
            page = call(connection, customer, "GET", "/v1/collect/recordings?limit=500")
            for item in page["items"]:
                path = f"{customer.path}{item['id']}/receipt"
                begun = time.perf_counter()
                proof = {"sha256": digests[item["file_name"]]}
                answer = call(connection, customer, "POST", path, proof)
                ours.append((time.perf_counter() - begun) * _MILLISECONDS)
                if answer["state"] != "shredded":
                    raise RuntimeError(answer)
                bare.append(_synced(folder / "bare"))
    note = f"peer: {_SYNCS} small writes, each with fdatasync"
    return render(
        f"P9: {len(ours)} receipts, each until its recording's key is destroyed and certified{plan.where}",
        [
            Row(f"p{percent}", "ms", percentile(ours, percent), percentile(bare, percent), goal, note=note)
            for percent, goal in ((50, ""), (99, "< 50"))
        ],
    )


def _synced(path: Path) -> float:
    """Return the milliseconds of as many syncs as a destruction waits for."""
    begun = time.perf_counter()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    for _ in range(_SYNCS):
        os.pwrite(descriptor, os.urandom(4096), 0)
        os.fdatasync(descriptor)
    os.close(descriptor)
    return (time.perf_counter() - begun) * _MILLISECONDS
