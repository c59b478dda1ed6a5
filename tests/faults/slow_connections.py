"""A thousand slow connections by Debian's `slowhttptest`, and somebody who is quick beside them.

Each of its attacks is a turn. That the quick one is served is seen here; how quickly, in quiet and beside
them, is told in milliseconds, and measured against its goal by `python -m tests.bench r13`.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from subprocess import DEVNULL, PIPE

from tests.faults.trial import CannotTry, Trial
from tests.harness.chance import dice
from tests.harness.customer import Caller, Headers
from tests.harness.service import Service, serving
from tests.harness.vaults import RealVault, sha256

CONNECTIONS = 1000
PER_SECOND = 400
ATTACK_SECONDS = 15
SERVED_SECONDS = 10.0
CONTENT_BYTES = 65_536
SIGN_IN = "/v1/collect/sessions"
ATTACKS: Mapping[str, tuple[str, Sequence[str]]] = {
    "heads": ("/collect", ("-H", "-i", "2", "-x", "24")),
    "bodies": (SIGN_IN, ("-B", "-t", "POST", "-f", "application/json", "-i", "2", "-s", "16000")),
    "ranges": ("/collect", ("-R", "-t", "HEAD", "-a", "10", "-b", "3000")),
    "readers": ("/openapi.json", ("-X", "-w", "10", "-y", "20", "-n", "2", "-z", "32", "-k", "3")),
}
"""What is slow, with the path that it asks for and the options of slowhttptest(1)."""
_CONNECTED = re.compile(rb"connected:[^0-9\n]*\x1b[^m]*m *(\d+)")


async def run(trial: Trial, known: RealVault, folder: Path) -> None:
    """Serve a quick one in quiet, then beside each attack."""
    if shutil.which("slowhttptest") is None:
        raise CannotTry("no slowhttptest here (Debian package slowhttptest)")
    chance = dice()
    with serving(known.copied_to(folder / "vault"), workers=2) as service:
        workers = service.worker_pids
        async with service.caller() as caller:
            session = await caller.sign_in()
            content = chance.randbytes(CONTENT_BYTES)
            _tell(trial, "in quiet", await _served(caller, session, content))
            for turn in trial.turns():
                name = list(ATTACKS)[turn % len(ATTACKS)]
                with trial.watched(f"slow {name}"):
                    async with _attacked(trial, service, name):
                        beside = await _served(caller, session, content)
                    _tell(trial, f"beside slow {name}", beside)
                    assert service.worker_pids == workers, "a worker did not live through it"
        await service.stopped()


async def _served(caller: Caller, session: Headers, content: bytes) -> list[float]:
    """Upload, read and collect again and again; return how many seconds each took, all three together."""
    taken: list[float] = []
    until = time.monotonic() + SERVED_SECONDS
    while time.monotonic() < until:
        begun = time.monotonic()
        uploaded = await caller.upload(f"{begun}.wav", content)
        assert uploaded.status == 201, f"an upload is {uploaded.status}: {uploaded.body!r}"
        recording = uploaded.json["recording"]
        assert (await caller.content(session, recording)).body == content
        answer = await caller.receipt(session, recording, sha256(content))
        assert answer.status == 200, f"a receipt is {answer.status}: {answer.body!r}"
        taken.append(time.monotonic() - begun)
    return taken


@asynccontextmanager
async def _attacked(trial: Trial, service: Service, name: str) -> AsyncIterator[None]:
    """Attack, and run the block once the connections are there; note how many were held at once."""
    path, options = ATTACKS[name]
    words = ["-c", str(CONNECTIONS), "-r", str(PER_SECOND), "-l", str(ATTACK_SECONDS), *options]
    attack = await asyncio.create_subprocess_exec(
        "slowhttptest", *words, "-u", service.url + path, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL
    )
    try:
        await asyncio.sleep(CONNECTIONS / PER_SECOND)
        yield
        said, _ = await asyncio.wait_for(attack.communicate(), ATTACK_SECONDS + 30)
    finally:
        if attack.returncode is None:
            attack.kill()
            await attack.wait()
    assert attack.returncode == 0, f"slowhttptest ended with {attack.returncode}"
    trial.notes[f"slow {name} at once"] = max(map(int, _CONNECTED.findall(said)), default=0)


def _tell(trial: Trial, where: str, seconds: Sequence[float]) -> None:
    for percent in (50, 99):
        trial.notes[f"ms p{percent} {where}"] = round(1000 * sorted(seconds)[len(seconds) * percent // 100])
