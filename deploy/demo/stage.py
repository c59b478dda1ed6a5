"""The temporary folder of the demonstration, and the commands that are run in it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from deploy.demo.parts import Part, files_below
from keys.slots import describe_filesystem

COMMAND = Path(sys.executable).with_name("callvault")
STEP_SECONDS = 60


class DemoFailed(Exception):
    """A step did not hold."""


class Stage:
    """Runs commands as somebody at a shell would, over a vault that stands on `parts` besides its folder."""

    def __init__(self, folder: Path, parts: Sequence[Part] = ()) -> None:
        self.folder = folder
        self.data = folder / "vault"
        self.parts = parts
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.leads_to: dict[str, dict[str, str]] = {}
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("CALLVAULT_")},
            "CALLVAULT_DATA": str(self.data),
            "CALLVAULT_HTTP__PUBLIC_URL": self.url,
            "CALLVAULT_SHRED__SNAPSHOT_HORIZON": "no snapshots are kept",
            "COLUMNS": "110",
        }
        for part in parts:
            self.environment.update(part.environment)
        problem = describe_filesystem(folder).problem
        if problem is not None:
            say(f"note: this folder is no place for slots: {problem}")
            self.environment["CALLVAULT_SLOTS__ALLOW_UNSAFE_FILESYSTEM"] = "true"

    def run(self, *arguments: str, expect: int = 0, **environment: str) -> str:
        """Run a command and show both it and what it prints; return its standard output."""
        say(f"$ callvault {' '.join(arguments)}")
        done = self._done(arguments, environment)
        say((done.stdout + done.stderr).rstrip())
        check(done.returncode == expect, f"exit {done.returncode}, expected {expect}")
        return done.stdout

    def ask(self, *arguments: str) -> Any:  # noqa: ANN401 - whatever the JSON holds
        """Run a command with `--format json` without showing it."""
        done = self._done((*arguments, "--format", "json"), {})
        check(done.returncode == 0, f"callvault {' '.join(arguments)}: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def keep(self, name: str, secret: str) -> None:
        """Put a secret into a file that only its owner reads, as a PBX or a customer would."""
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_text(secret + "\n")

    def contents(self) -> Iterator[bytes]:
        """Yield what each file of the vault holds, and each file or object of its parts."""
        yield from files_below(self.data)
        for part in self.parts:
            yield from part.contents()

    def copy(self, name: str) -> None:
        """Copy database and blobs as they are now; `leads_to[name]` has the variables for the copy.

        The slots stay what they are: whoever backs them up too can't destroy anything.
        """
        shutil.copytree(self.data, self.folder / name, ignore=shutil.ignore_patterns("slots"))
        self.leads_to[name] = {"CALLVAULT_SLOTS__PATHS": str(self.data / "slots")}
        for part in self.parts:
            self.leads_to[name].update(part.copied())

    @contextmanager
    def service(self) -> Iterator[None]:
        """Start the real service; stop it as systemd would."""
        say(f"$ callvault serve --port {self.port} &")
        with (self.folder / "service.log").open("w") as log:
            process = subprocess.Popen(
                [COMMAND, "serve", "--port", str(self.port)],
                cwd=self.folder,
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        try:
            line = process.stdout.readline() if process.stdout else ""
            say(line.rstrip())
            check("accepting" in line, "the service did not start")
            yield
            process.send_signal(signal.SIGTERM)
            check(process.wait(STEP_SECONDS) == 0, "the service did not stop cleanly")
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()

    def _done(
        self, arguments: Sequence[str], environment: dict[str, str]
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [COMMAND, *arguments],
            cwd=self.folder,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=STEP_SECONDS,
            check=False,
        )


def check(held: bool, otherwise: str) -> None:  # noqa: FBT001 - reads as a sentence
    """Go on if it held."""
    if not held:
        raise DemoFailed(otherwise)


def say(text: str) -> None:
    """Print a heading or a finding."""
    print(text, flush=True)


def free_port() -> int:
    """Return a port of the loopback that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
