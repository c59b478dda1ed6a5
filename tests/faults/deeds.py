"""A process that works on a vault while a trial cuts its power or makes its system calls fail.

Started by the trials, never by the product: `python -m tests.faults.deeds`. Every line of its standard input
is an order in JSON, carried out by a fork of it: importing everything for each would take longer than the
trial. What it says on standard output is a word and JSON.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import os
import random
import select
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import uvloop

from keys.errors import KeysError
from tests.harness.staff import custodian, dana
from tests.harness.vaults import RealVault
from vault.app.opening import open_vault
from vault.domain.names import RecordingId, Sha256, StaffName
from vault.domain.staff import Role
from vault.entrypoints.http.app import create_app
from vault.entrypoints.http.connection import Door
from vault.entrypoints.http.logging import set_up_logging
from vault.entrypoints.serve.housekeeping import SUPERVISOR_CHORES, WORKER_CHORES, keep_house
from vault.errors import VaultError
from vault.ports.vault import Vault
from vault.store import filesystem, slots
from vault.usecases.authenticate import Visitor
from vault.usecases.check_readiness import check_readiness
from vault.usecases.confirm_receipt import confirm_receipt
from vault.usecases.delete_blobs import delete_queued_blobs
from vault.usecases.issue_grant import issue_grant
from vault.usecases.open_as_staff import open_as_staff
from vault.usecases.open_recording import OpenRecording, open_recording
from vault.usecases.use_grant import use_grant

UPLOADERS = 4
_REASON = "complaint 12"
_SIZES = (1, 5_000, 65_536, 65_537, 300_000)

Said = Mapping[str, object]


def say(word: str, facts: Said) -> None:
    """Tell the trial, in one write."""
    os.write(1, f"{word} {json.dumps(facts)}\n".encode())


async def carry_out(order: Mapping[str, Any]) -> None:
    """Open the vault and do the one deed that is ordered, or work or serve until it ends in the middle."""
    given = order["vault"]
    environment = tuple((name, value) for name, value in given["environment"])
    known = RealVault(**{**given, "data": Path(given["data"]), "environment": environment})
    if lasting := _LASTING.get(order["deed"]):
        async with known.opened() as vault:
            await lasting(known, vault, order)
        return
    # One thread each: strace counts the calls of a thread, and the trial must know which one will call.
    vars(slots)["_THREADS"] = vars(filesystem)["_THREADS"] = 1
    async with open_vault(known.settings) as vault:
        await _do_and_tell(known, vault, order)


async def _do_and_tell(known: RealVault, vault: Vault, order: Mapping[str, Any]) -> None:
    """Do a deed under a fault; then tell how the vault feels; then do it again without the fault."""
    visitor = await known.visit(vault)
    await known.upload(vault, b"what starts every thread", name="warm.wav")
    deed = await _DEEDS[order["deed"]](known, vault, visitor, order)
    say("ready", {"threads": [(thread.name, thread.native_id) for thread in threading.enumerate()]})
    for word in ("done", "again"):
        if not await asyncio.to_thread(sys.stdin.readline):
            return
        say(word, await _told(deed))
        if word == "done":
            say("readiness", await check_readiness(vault))


async def _told(deed: Callable[[], Awaitable[Said]]) -> Said:
    """Return the deed's answer, or the code that a door would show; anything else would be a traceback."""
    try:
        return await deed()
    except (VaultError, KeysError) as error:
        return {"refused": error.code, "why": str(error)}
    except Exception as error:  # noqa: BLE001 - told to the trial, which counts it as a violation
        return {"unexpected": f"{type(error).__name__}: {error}"}


async def _upload(
    known: RealVault, vault: Vault, _by: Visitor, order: Mapping[str, Any]
) -> Callable[[], Any]:
    async def deed() -> Said:
        content = random.Random(order["seed"]).randbytes(order["bytes"])  # noqa: S311 - it draws tests, not keys
        receipt = await known.upload(vault, content, name="deed.wav")
        return {"recording": receipt.recording, "sha256": receipt.sha256}

    return deed


async def _open(_known: RealVault, vault: Vault, by: Visitor, order: Mapping[str, Any]) -> Callable[[], Any]:
    return lambda: _served(open_recording(vault, by, RecordingId(order["recording"])))


async def _open_as_staff(
    known: RealVault, vault: Vault, _by: Visitor, order: Mapping[str, Any]
) -> Callable[[], Any]:
    dpo = await dana(vault, known.passphrase)
    return lambda: _served(open_as_staff(vault, dpo, order["recording"], reason=_REASON))


async def _open_by_grant(
    known: RealVault, vault: Vault, _by: Visitor, order: Mapping[str, Any]
) -> Callable[[], Any]:
    dpo = await dana(vault, known.passphrase)
    mia = await custodian(vault, dpo, "mia", Role.MANAGER)
    recording, name = order["recording"], StaffName("mia")
    _, password = await issue_grant(vault, dpo, recording, name, reason=_REASON, uses=2)
    return lambda: _served(use_grant(vault, mia, recording, password=password, reason=_REASON))


async def _served(opening: Awaitable[OpenRecording]) -> Said:
    """Read all of what is opened; tell how many bytes came, also where it was refused in the middle."""
    served = 0
    try:
        opened = await opening
        async for piece in opened.plaintext(0, opened.recording.bytes):
            served += len(piece)
    except (VaultError, KeysError) as error:
        return {"refused": error.code, "why": str(error), "served": served}
    return {"served": served}


async def _collect(
    _known: RealVault, vault: Vault, by: Visitor, order: Mapping[str, Any]
) -> Callable[[], Any]:
    async def deed() -> Said:
        answer = await confirm_receipt(vault, by, RecordingId(order["recording"]), Sha256(order["sha256"]))
        await delete_queued_blobs(vault)
        return {"state": answer.state, "certificate": answer.certificate}

    return deed


async def _serve(known: RealVault, vault: Vault, order: Mapping[str, Any]) -> None:
    """Answer as a worker of the service does, and keep house as its supervisor does, in one process."""
    set_up_logging()
    listener = socket.create_server(("127.0.0.1", order["port"]))
    await Door(create_app(vault, known.settings)).open(listener)
    say("accepting", {"port": listener.getsockname()[1]})
    await keep_house(vault, (*SUPERVISOR_CHORES, *WORKER_CHORES))


async def _work(known: RealVault, vault: Vault, order: Mapping[str, Any]) -> None:
    """Upload and collect, several at a time, until there is no power; tell each answer at once."""
    visitor = await known.visit(vault)
    chance = random.Random(order["seed"])  # noqa: S311 - it draws tests, not keys
    say("ready", {})
    async with asyncio.TaskGroup() as tasks:
        for number in range(UPLOADERS):
            tasks.create_task(_work_on(known, vault, visitor, chance, number))


async def _work_on(
    known: RealVault, vault: Vault, visitor: Visitor, chance: random.Random, uploader: int
) -> None:
    with suppress(VaultError, KeysError):
        for number in itertools.count(uploader):
            content = chance.randbytes(chance.choice(_SIZES))
            digest = hashlib.sha256(content).hexdigest()
            receipt = await known.upload(vault, content, name=f"{chance.random()}.wav")
            say("sealed", {"recording": receipt.recording, "sha256": digest})
            if number % 2:
                say("collecting", {"recording": receipt.recording})
                answer = await confirm_receipt(vault, visitor, receipt.recording, Sha256(digest))
                say("collected", {"recording": receipt.recording, "certificate": answer.certificate})


_DEEDS = {
    "upload": _upload,
    "open": _open,
    "open as staff": _open_as_staff,
    "open by grant": _open_by_grant,
    "collect": _collect,
}
_LASTING = {"work": _work, "serve": _serve}


def _carry_out(order: Mapping[str, Any]) -> None:
    """Run it; on asyncio's own loop where calls fail, for uvloop's is told of them by calls like a disk's."""
    run = uvloop.run if order["deed"] in _LASTING else asyncio.run
    run(carry_out(order))


def _in_a_fork(order: str) -> int:
    """Carry out one order in a fork; return how that ended, as `subprocess` tells it."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            say("forked", {"pid": os.getpid()})
            _carry_out(json.loads(order))
            code = 0
        except BaseException:  # noqa: BLE001 - whatever it is, the fork must not go on as its parent
            traceback.print_exc()
        finally:
            os._exit(code)
    _wait_while_watched(pid)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _wait_while_watched(pid: int) -> None:
    """Wait until the fork has ended; end it when the trial has gone, for some never end by themselves."""
    handle, poll = os.pidfd_open(pid), select.poll()
    poll.register(handle, select.POLLIN)
    poll.register(0, 0)  # told of the end of the pipe alone
    if poll.poll()[0][0] != handle:
        os.kill(pid, signal.SIGKILL)
    os.close(handle)


if __name__ == "__main__":
    while line := sys.stdin.readline():
        say("ended", {"code": _in_a_fork(line)})
