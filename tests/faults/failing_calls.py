"""Make the n-th system call of a deed fail, or its last, and see what the vault says and keeps.

A clean run under strace counts the calls of each thread that works on a disk: those of the database, the one
of the slots, the one of the blobs. Then every one of these calls is hit, each in a vault of its own.
"""

from __future__ import annotations

import random
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.powercuts import check_whole
from tests.faults.trial import CannotTry, HalfKept, Lost, Trial
from tests.faults.workers import Worker, worker
from tests.harness.chance import dice
from tests.harness.vaults import RealVault
from vault.domain.event import Action
from vault.domain.names import RecordingId
from vault.domain.recording import Recording, RecordingState
from vault.ports.log import EventFilter

WRITING = (
    *("openat", "write", "pwrite64", "fsync", "fdatasync", "ftruncate", "fallocate"),
    *("rename", "link", "linkat", "unlink", "unlinkat", "mkdir"),
)
"""Each is hit by every fault."""
READING = (
    *("read", "pread64", "lseek", "close", "mmap", "flock", "fcntl"),
    *("newfstatat", "fstatfs", "fadvise64", "getdents64"),
)
"""Between those; each is hit by the first two faults."""
PARTS = ("database", "slots", "blobs")
"""The parts of a vault's disk: the names of the threads that work on each begin so."""
DEEDS = ("upload", "open", "open as staff", "open by grant", "collect")
_OPENED_BY_ONE_COMMIT = {"open", "open as staff"}
_SYNCS = {"fsync", "fdatasync"}
_CALLED = re.compile(r"^(?:\[pid +\d+\] )?(\w+)\(")


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens at a call: an error once or from then on, or the end of the process.

    `then_dies`: the process is killed once it has answered, before it does anything more.
    """

    name: str
    tampering: str
    lasting: bool = False
    then_dies: bool = False


FAULTS = (
    Fault("SIGKILL", "signal=KILL"),
    Fault("EIO", "error=EIO"),
    Fault("EIO, then killed", "error=EIO", then_dies=True),
    Fault("EIO from then on", "error=EIO", lasting=True),
    Fault("ENOSPC from then on", "error=ENOSPC", lasting=True),
)


@dataclass(frozen=True, slots=True)
class Case:
    """One call of one thread in one deed, and what happens to it."""

    deed: str
    thread: str
    call: str
    number: int
    fault: Fault

    def __str__(self) -> str:
        return f"{self.deed}: {self.fault.name} at {self.call} {self.number} of the {self.thread}"

    @property
    def part(self) -> str:
        """The part of the disk."""
        return self.thread.partition("-")[0]


@dataclass(frozen=True, slots=True)
class Scene:
    """A vault with one recording and a session, to be copied for every case."""

    known: RealVault
    recording: str
    sha256: str
    content: bytes

    @property
    def order(self) -> Mapping[str, object]:
        """What every deed is told."""
        return {
            "recording": self.recording,
            "sha256": self.sha256,
            "seed": 1,
            "bytes": len(self.content),
        }


async def run(trial: Trial, known: RealVault, folder: Path) -> None:
    """Try as many cases as there is time for."""
    if shutil.which("strace") is None:
        raise CannotTry("no strace here (Debian package strace)")
    chance = dice()
    scene = await _scene(known.copied_to(folder / "scene"))
    with worker(folder / "deeds.log") as doer:
        cases = [case for deed in DEEDS for case in _cases(doer, scene, deed, folder)]
        trial.most = min(trial.most, len(cases))
        for turn, case in zip(trial.turns(), _fairly(cases, chance), strict=False):
            with trial.watched(str(case)):
                await _try(trial, doer, scene, case, folder / str(turn))
            shutil.rmtree(folder / str(turn), ignore_errors=True)
    trial.note("calls", len({(case.deed, case.thread, case.call, case.number) for case in cases}))
    trial.note("cases", len(cases))


async def _scene(known: RealVault) -> Scene:
    content = random.Random(0).randbytes(200_000)  # noqa: S311 - it draws tests, not keys
    async with known.opened() as vault:
        receipt = await known.upload(vault, content)
    return Scene(await known.signed_in(), receipt.recording, receipt.sha256, content)


def _cases(doer: Worker, scene: Scene, deed: str, folder: Path) -> Iterator[Case]:
    """Do the deed once without a fault; give a case for each call and fault."""
    known = scene.known.copied_to(folder / f"clean-{deed}")
    threads = _ready(doer, known, deed, scene)
    logs = {name: folder / f"{deed}-{name}.calls" for name in threads}
    traced = {logs[name]: thread for name, thread in threads.items()}
    with _tracing(traced, (f"trace={','.join((*WRITING, *READING))}",)):
        doer.tell("go")
        done = doer.wait_for("done")
    assert not done.keys() & {"refused", "unexpected"}, f"{deed} without a fault: {done}"
    doer.kill()
    for thread, log in logs.items():
        lines = log.read_text(encoding="utf-8").split("\n")
        for call, count in Counter(found[1] for line in lines if (found := _CALLED.match(line))).items():
            for number in range(1, count + 1):
                yield from (Case(deed, thread, call, number, fault) for fault in _faults_at(call))


def _faults_at(call: str) -> Sequence[Fault]:
    """Return what happens at such a call. Letting go of a lock, SQLite's `fcntl`, fails on no local disk."""
    if call == "fcntl":
        return FAULTS[:1]
    return FAULTS if call in WRITING else FAULTS[:2]


def _fairly(cases: Sequence[Case], chance: random.Random) -> Sequence[Case]:
    """Return the cases in an order drawn by chance, in which each kind of call has its turn.

    A commit writes dozens of pages: a run that is cut short must not have tried those alone.
    """
    before: Counter[tuple[str, str, str]] = Counter()
    ranked: list[tuple[int, int, Case]] = []
    for case in chance.sample(cases, len(cases)):
        kind = (case.deed, case.thread, case.call)
        ranked.append((before[kind], len(ranked), case))
        before[kind] += 1
    return [case for _, _, case in sorted(ranked, key=lambda each: each[:2])]


async def _try(trial: Trial, doer: Worker, scene: Scene, case: Case, folder: Path) -> None:
    """Do the deed under the fault, and again without it; then open the vault anew and look."""
    known = scene.known.copied_to(folder)
    thread = _ready(doer, known, case.deed, scene)[case.thread]
    when = f"when={case.number}{'+' if case.fault.lasting else ''}"
    tampering = (f"trace={case.call}", f"inject={case.call}:{case.fault.tampering}:{when}")
    answers: list[Mapping[str, Any]] = []
    with _tracing({folder / "calls": thread}, tampering):
        doer.tell("go")
        heard = doer.wait_for("done", "ended")
        if "code" not in heard:
            answers.append(heard)
            heard = doer.wait_for("readiness", "ended")
    if "code" in heard:
        assert heard["code"] == -9, f"it ended with {heard['code']}"
        trial.note("killed")
        await _look(trial, known, case, scene, answers)
        return
    _must_tell(trial, case, heard)
    if case.fault.then_dies:
        doer.kill()
    else:
        doer.tell("again")
        answers.append(doer.wait_for("again"))
        assert not answers[-1].keys() & {"refused", "unexpected"}, f"not the same again: {answers[-1]}"
        doer.kill()
    await _look(trial, known, case, scene, answers)


def _must_tell(trial: Trial, case: Case, readiness: Mapping[str, str]) -> None:
    """See that a disk that takes nothing more is told of."""
    unready = {part for part, code in readiness.items() if code != "ok"}
    trial.note("unready", bool(unready))
    if case.fault.lasting and case.part == "blobs" and case.call in {"write", "openat"}:
        assert "store" in unready, f"readiness says {readiness}"


async def _look(
    trial: Trial, known: RealVault, case: Case, scene: Scene, answers: Sequence[Mapping[str, Any]]
) -> None:
    for answer in answers:
        assert "unexpected" not in answer, f"not one of the vault's own errors: {answer}"
        trial.note("refused", "refused" in answer)
    async with known.opened() as vault:
        async with vault.reading() as rows:
            found = {recording.id: recording async for recording in rows.recordings.scan()}
            which = EventFilter(action=Action.RECORDING_OPENED, recording=RecordingId(scene.recording))
            openings = len(await rows.events.list(which))
        _judge(case, answers, found, scene, openings)
        await check_whole(vault, known, found.values())


def _judge(
    case: Case,
    answers: Sequence[Mapping[str, Any]],
    found: Mapping[RecordingId, Recording],
    scene: Scene,
    openings: int,
) -> None:
    """See that what was answered is so, and that nothing was served before it was on record."""
    one = found[RecordingId(scene.recording)]
    for answer in answers:
        if "recording" in answer and answer["recording"] not in found:
            raise Lost(f"{answer['recording']} was acknowledged and is not there")
        if answer.get("served") and not openings:
            raise Lost(f"{answer['served']} bytes were served without an entry")
        if answer.get("certificate") and one.state is not RecordingState.SHREDDED:
            raise Lost(f"certified as destroyed and {one.state}")
    if _entry_can_be_lost(case) and answers and answers[0].get("served"):
        raise Lost(f"{answers[0]['served']} bytes were served, and the entry's sync had failed")
    if case.deed != "collect" and one.state is not RecordingState.WAITING:
        raise Lost(f"nobody collected it, and it is {one.state}")
    if case.deed == "upload" and len(found) > 3:
        raise HalfKept(f"{len(found)} recordings of three uploads")


def _entry_can_be_lost(case: Case) -> bool:
    return case.deed in _OPENED_BY_ONE_COMMIT and case.part == "database" and case.call in _SYNCS


def _ready(doer: Worker, known: RealVault, deed: str, scene: Scene) -> Mapping[str, int]:
    """Begin a deed; return the threads that work on a disk, by their part and the order of their start."""
    doer.begin(known, deed, **scene.order)
    threads = sorted(doer.wait_for("ready")["threads"], key=lambda each: each[1])
    found: dict[str, list[int]] = {part: [] for part in PARTS}
    for name, thread in threads:
        for part in PARTS:
            if name.startswith(part):
                found[part].append(thread)
    return {f"{part}-{at}": thread for part in PARTS for at, thread in enumerate(found[part], start=1)}


@contextmanager
def _tracing(threads: Mapping[Path, int], expressions: Sequence[str]) -> Iterator[None]:
    """Have strace at these threads while the block runs, each with its log; let them go at its end."""
    options = [word for expression in expressions for word in ("-e", expression)]
    tracers = []
    try:
        for log, thread in threads.items():
            words = ["strace", "-o", str(log), *options, "-p", str(thread)]
            tracer = subprocess.Popen(words, stderr=subprocess.PIPE)
            tracers.append(tracer)
            assert tracer.stderr is not None
            said = tracer.stderr.readline().decode()
            if "attached" not in said:
                raise CannotTry(said.strip())
        yield
    finally:
        for tracer in tracers:
            tracer.terminate()
            tracer.communicate()
