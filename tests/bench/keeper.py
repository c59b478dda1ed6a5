"""Sees that a bench leaves nothing: no process and no folder, however it ends.

The bench runs in a child. Ended by a signal or an error it cleans up by itself, block by block. What it could
not (it was killed) falls to this process: it is made the parent of every orphan below it (prctl(2),
PR_SET_CHILD_SUBREAPER), ends them, and removes the folder that all of them write to. Killed itself, it lets
the child know (PR_SET_PDEATHSIG).
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from tests.harness.processes import children_of, kill

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_PR_SET_CHILD_SUBREAPER = 36
_ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


def kept_clean(work: Callable[[], int]) -> int:
    """Do the work in a child, with temporary files in a folder of its own; return its exit code.

    A signal that ends this process ends the child first, as an exception where it is.
    """
    folder = Path(tempfile.mkdtemp(prefix="callvault-bench-"))
    folder.chmod(0o711)  # PostgreSQL runs as somebody else below it
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    keeper = os.getpid()
    child = os.fork()
    if child == 0:
        os._exit(_work(work, folder, keeper))
    try:
        for number in _ENDING:
            signal.signal(number, lambda given, _: _pass_on(child, given))
        _, status = os.waitpid(child, 0)
    finally:
        _end_orphans()
        shutil.rmtree(folder, ignore_errors=True)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code  # as a shell says it


def _work(work: Callable[[], int], folder: Path, keeper: int) -> int:
    """Do it in the child; return the exit code."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    for number in _ENDING:
        signal.signal(number, _stop)
    if os.getppid() != keeper:
        return 1
    tempfile.tempdir = os.environ["TMPDIR"] = str(folder)
    try:
        return work()
    except SystemExit as end:
        sys.stderr.write("ended; removing what was made\n")
        return end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001 - shown, then the child ends by its code
        traceback.print_exc()
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        sys.stdout.flush()
        sys.stderr.flush()


def _stop(number: int, _frame: object) -> NoReturn:
    """End by an exception, once: a second signal must not cut the tidying short."""
    for each in _ENDING:
        signal.signal(each, signal.SIG_IGN)
    raise SystemExit(128 + number)


def _pass_on(child: int, number: int) -> None:
    """Let the child end; Ctrl-C in a terminal has reached it already, and twice does no harm."""
    kill([child], signal.Signals(number))


def _end_orphans() -> None:
    """End whoever is left below this process, and what they leave in turn."""
    while left := children_of(os.getpid()):
        kill(left)
        for pid in left:
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
