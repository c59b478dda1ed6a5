"""Processes as the kernel knows them: whose children they are, whether they live, what they have open."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

_POLL_SECONDS = 0.01


def children_of(pid: int) -> tuple[int, ...]:
    """Return the processes that this one started and that are not reaped; none if it is gone."""
    found: list[int] = []
    with suppress(FileNotFoundError, ProcessLookupError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (thread / "children").read_text().split())
    return tuple(sorted(found))


def is_worker(pid: int) -> bool:
    """Say whether that number is a worker of a service still, and not somebody else's by now."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return b"vault.entrypoints.serve.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def kill(pids: Iterable[int], number: signal.Signals = signal.SIGKILL) -> None:
    """Send them all a signal; those that are gone already don't matter."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def wait_for_end(pid: int, within_seconds: float) -> None:
    """Wait until the process has ended, child of ours or not; raise `TimeoutError`."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        if not poll.poll(within_seconds * 1000):
            raise TimeoutError(f"process {pid} did not end")
    finally:
        os.close(handle)


def eventually(condition: Callable[[], bool], within_seconds: float = 20.0) -> None:
    """Wait for what another process brings about; raise `TimeoutError` when it never comes."""
    end = time.monotonic() + within_seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("what had to come did not come")
        time.sleep(_POLL_SECONDS)


def files_being_written(pid: int) -> set[Path]:
    """Name the regular files that a process has open for writing, deleted ones included."""
    written: set[Path] = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            target = str(entry.readlink())
            flags = Path(f"/proc/{pid}/fdinfo/{entry.name}").read_text().split()
            mode = int(flags[flags.index("flags:") + 1], 8) & os.O_ACCMODE
            if target.startswith("/") and not target.startswith("/dev/") and mode != os.O_RDONLY:
                written.add(Path(target))
    return written


def bytes_written(pid: int, folder: Path) -> int:
    """Return how much is in the files of a folder that a process has open, those without a name included."""
    total = 0
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            if str(entry.readlink()).startswith(f"{folder}/"):
                total += entry.stat().st_size
    return total


def memory_bytes(pid: int, field: str) -> int:
    """Return a size from the process's status: `VmRSS` now, or `VmHWM` at its highest."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise LookupError(field)


def forget_peak_memory(pid: int) -> None:
    """Let `VmHWM` begin anew at what the process has now (proc(5), `clear_refs`)."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")
