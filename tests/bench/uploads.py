"""P1: many recordings at a time, each receipt durable, beside servers that promise less."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench import servers
from tests.bench.client import Peer, put
from tests.bench.grounds import Ground, Missing, ground
from tests.bench.plan import Plan
from tests.bench.table import Rounds, Row, interleaved, render

if TYPE_CHECKING:
    from tests.harness.aws import Aws

RECORDING_BYTES = 1 << 20
AT_ONCE = 8
_CONTENT = os.urandom(RECORDING_BYTES)

Put = Callable[[str], None]
Connect = Callable[[], AbstractContextManager[Put]]


class _Names:
    """Names that were not used before, each with content of its own: nothing is deduplicated."""

    def __init__(self) -> None:
        self._next = 0

    def take(self, count: int) -> list[str]:
        """Return so many names."""
        self._next += count
        return [f"call-{number:07d}.wav" for number in range(self._next - count, self._next)]


def content_of(name: str) -> bytes:
    """Return one recording: its name, then what all have."""
    return name.encode() + _CONTENT[len(name) :]


def upload_all(connect: Connect, names: list[str], at_once: int = AT_ONCE) -> float:
    """Upload them so many at a time, each thread over a connection of its own; return recordings a second."""
    left: Iterator[str] = iter(names)
    taking, failures = threading.Lock(), list[BaseException]()

    def upload() -> None:
        try:
            with connect() as put_one:
                while True:
                    with taking:
                        name = next(left, None)
                    if name is None:
                        return
                    put_one(name)
        except BaseException as error:  # noqa: BLE001 - told to whoever waits for the threads
            failures.append(error)

    threads = [threading.Thread(target=upload) for _ in range(at_once)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return len(names) / (time.perf_counter() - begun)


def to_server(peer: Peer) -> Connect:
    """Upload over HTTP."""

    @contextmanager
    def connect() -> Iterator[Put]:
        with peer.connected() as connection:

            def put_one(name: str) -> None:
                put(connection, peer, name, content_of(name))

            yield put_one

    return connect


def to_bucket(aws: Aws) -> Connect:
    """Put objects into the bucket that ours go to."""
    from tests.bench import bucket  # noqa: PLC0415 - needs the SDK

    @contextmanager
    def connect() -> Iterator[Put]:
        yield lambda name: bucket.put(aws, name, content_of(name))

    return connect


def write_all(folder: Path, names: list[str]) -> float:
    """Write and fsync the same files one after another; return files a second."""
    begun = time.perf_counter()
    for name in names:
        descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        os.write(descriptor, content_of(name))
        os.fsync(descriptor)
        os.close(descriptor)
    return len(names) / (time.perf_counter() - begun)


def measure(plan: Plan) -> str:
    """Return the table."""
    count, rounds = plan.pick(smoke=(16, 1), standard=(160, 3), full=(400, 7))
    names, missing = _Names(), dict[str, str]()
    with ExitStack() as stack:
        folder = stack.enter_context(servers.scratch())
        here = stack.enter_context(ground(plan, folder))
        ours = to_server(
            servers.uploading(*stack.enter_context(servers.vault_service(here, folder, workers=2)))
        )
        works: dict[str, Callable[[list[str]], float]] = {"ours": lambda names: upload_all(ours, names)}
        works |= _peers(stack, here, folder, missing)
        upload_all(ours, names.take(AT_ONCE))
        seen = interleaved(rounds, {name: _of(work, names, count) for name, work in works.items()})
    rows = [_row(seen, missing, *each) for each in (_BUCKET if here.aws else _PEERS)]
    return render(f"P1: {count} recordings of 1 MiB, {AT_ONCE} at a time{plan.where}", rows)


def _of(work: Callable[[list[str]], float], names: _Names, count: int) -> Callable[[], float]:
    return lambda: work(names.take(count))


def _peers(
    stack: ExitStack, here: Ground, folder: Path, missing: dict[str, str]
) -> dict[str, Callable[[list[str]], float]]:
    """Start those that do the same work with the same disk, or the same bucket."""
    if here.aws:
        connect = to_bucket(here.aws)
        return {"bucket": lambda names: upload_all(connect, names)}
    bare = folder / "bare"
    bare.mkdir()
    found: dict[str, Callable[[list[str]], float]] = {"bare loop": lambda names: write_all(bare, names)}
    for name, start in {"rclone": servers.rclone_crypt, "nginx": servers.nginx_webdav}.items():
        try:
            peer = to_server(stack.enter_context(start(folder)))
        except Missing as error:
            missing[name] = str(error)
        else:
            found[name] = lambda names, peer=peer: upload_all(peer, names)  # type: ignore[misc]  # mypy can't type the bound default
    return found


def _row(seen: Rounds, missing: dict[str, str], name: str, said: str, goal: str) -> Row:
    if name in missing:
        return Row(f"beside {said}", "recordings/s", seen.median("ours"), None, goal, note=missing[name])
    return seen.row(f"beside {said}", "recordings/s", "ours", name, goal=goal)


_PEERS = (
    ("bare loop", "a loop that writes and fsyncs", ">= 0.7"),
    ("rclone", "rclone crypt over WebDAV, no fsync", ">= 1.5"),
    ("nginx", "nginx WebDAV, plaintext, no fsync", ">= 1"),
)
_BUCKET = (("bucket", f"{AT_ONCE} loops that put the same into the same bucket", ""),)
