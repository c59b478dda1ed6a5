"""P1: many recordings at a time, each receipt durable, beside servers that promise less."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from tests.bench import servers
from tests.bench.client import Peer, put
from tests.bench.table import Row, interleaved, render

RECORDING_BYTES = 1 << 20
AT_ONCE = 8
_CONTENT = os.urandom(RECORDING_BYTES)


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


def upload_all(peer: Peer, names: list[str], at_once: int = AT_ONCE) -> float:
    """Upload them so many at a time; return recordings a second."""
    left: Iterator[str] = iter(names)
    taking, failures = threading.Lock(), list[BaseException]()

    def upload() -> None:
        try:
            with peer.connected() as connection:
                while True:
                    with taking:
                        name = next(left, None)
                    if name is None:
                        return
                    put(connection, peer, name, content_of(name))
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


def write_all(folder: Path, names: list[str]) -> float:
    """Write and fsync the same files one after another; return files a second."""
    begun = time.perf_counter()
    for name in names:
        descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        os.write(descriptor, content_of(name))
        os.fsync(descriptor)
        os.close(descriptor)
    return len(names) / (time.perf_counter() - begun)


def measure(full: bool) -> str:  # noqa: FBT001 - every bench is asked so
    """Return the table."""
    count, rounds = (400, 7) if full else (160, 3)
    names = _Names()
    with ExitStack() as stack:
        folder = stack.enter_context(servers.scratch())
        ours = servers.uploading(*stack.enter_context(servers.vault_service(folder, workers=2)))
        works: dict[str, Callable[[], float]] = {"ours": lambda: upload_all(ours, names.take(count))}
        bare = folder / "bare"
        bare.mkdir()
        works["bare loop"] = lambda: write_all(bare, names.take(count))
        missing: dict[str, str] = {}
        for name, start in {"rclone": servers.rclone_crypt, "nginx": servers.nginx_webdav}.items():
            try:
                peer = stack.enter_context(start(folder))
            except servers.Missing as error:
                missing[name] = str(error)
            else:
                works[name] = lambda peer=peer: upload_all(peer, names.take(count))  # type: ignore[misc]  # mypy can't type the bound default
        upload_all(ours, names.take(AT_ONCE))
        seen = interleaved(rounds, works)
    return render(
        f"P1: {count} recordings of 1 MiB, {AT_ONCE} at a time",
        [
            Row(f"beside {said}", "recordings/s", seen.median("ours"), None, goal, note=missing[name])
            if name in missing
            else seen.row(f"beside {said}", "recordings/s", "ours", name, goal=goal)
            for name, said, goal in _PEERS
        ],
    )


_PEERS = (
    ("bare loop", "a loop that writes and fsyncs", ">= 0.7"),
    ("rclone", "rclone crypt over WebDAV, no fsync", ">= 1.5"),
    ("nginx", "nginx WebDAV, plaintext, no fsync", ">= 1"),
)
