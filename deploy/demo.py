"""The main job, end to end, in a temporary folder: `make demo`.

Starts the real service, uploads a real recording as a PBX does, collects it as a customer does, shows that
it is gone and why, and verifies the log. Exits 0 only if every step held.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from keys.slots import describe_filesystem

ROOT = Path(__file__).resolve().parent.parent
RECORDING = ROOT / "tests" / "fixtures" / "recordings" / "asterisk16-complete.wav"
COMMAND = Path(sys.executable).with_name("callvault")
STEP_SECONDS = 60


class DemoFailed(Exception):
    """A step did not hold."""


class Stage:
    """The temporary folder, and the commands run in it."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.url = f"http://127.0.0.1:{port}"
        self.port = port
        self.data = folder / "vault"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("CALLVAULT_")},
            "CALLVAULT_DATA": str(self.data),
            "CALLVAULT_HTTP__PUBLIC_URL": self.url,
            "CALLVAULT_SHRED__SNAPSHOT_HORIZON": "no snapshots are kept",
            "COLUMNS": "110",
        }
        problem = describe_filesystem(folder).problem
        if problem is not None:
            say(f"note: this folder is no place for slots: {problem}")
            self.environment["CALLVAULT_SLOTS__ALLOW_UNSAFE_FILESYSTEM"] = "true"

    def run(self, *arguments: str, expect: int = 0, show: bool = True, **environment: str) -> str:
        """Run a command as somebody at a shell would, and show both."""
        print(f"$ callvault {' '.join(arguments)}", flush=True)
        done = subprocess.run(
            [COMMAND, *arguments],
            cwd=self.folder,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=STEP_SECONDS,
            check=False,
        )
        output = done.stdout + done.stderr
        if show or done.returncode != expect:
            print(output.rstrip(), flush=True)
        check(done.returncode == expect, f"exit {done.returncode}, expected {expect}")
        return done.stdout

    def ask(self, *arguments: str) -> Any:  # noqa: ANN401 - whatever the JSON holds
        """Run a command with `--format json` without showing it."""
        done = subprocess.run(
            [COMMAND, *arguments, "--format", "json"],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=STEP_SECONDS,
            check=True,
        )
        return json.loads(done.stdout)

    def keep(self, name: str, secret: str) -> str:
        """Put a secret into a file that only its owner reads, as a PBX or a customer would."""
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_text(secret + "\n")
        return name

    @contextmanager
    def service(self) -> Iterator[None]:
        """Start the real service; stop it as systemd would."""
        print(f"$ callvault serve --port {self.port} &", flush=True)
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
            print(line.rstrip(), flush=True)
            check("accepting" in line, "the service did not start")
            yield
            process.send_signal(signal.SIGTERM)
            check(process.wait(STEP_SECONDS) == 0, "the service did not stop cleanly")
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


def check(held: bool, otherwise: str) -> None:  # noqa: FBT001 - reads as a sentence
    """Go on if it held."""
    if not held:
        raise DemoFailed(otherwise)


def say(text: str) -> None:
    """Print a heading or a finding."""
    print(text, flush=True)


def set_up(stage: Stage) -> None:
    """Make the vault, a customer and its PBX."""
    say("\n1. A vault. Two secrets are shown once; here the recovery identity goes into a file.")
    stage.run("init", "--dpo", "dana", "--recovery-file", "recovery-identity.txt")
    say("\n2. A customer with a recording agreement, and its PBX as an upload source.")
    customer = stage.ask("customers", "add", "acme", "--agreement", "CT-2031")
    say("$ callvault customers add acme --agreement CT-2031")
    say(f"retrieval password, shown once: {customer['password']}")
    source = stage.ask("sources", "add", "acme-pbx", "--customer", "acme")
    say("$ callvault sources add acme-pbx --customer acme")
    say("token, shown once: kept in pbx-token")
    stage.keep("password", customer["password"])
    stage.keep("pbx-token", source["token"])


def upload(stage: Stage) -> str:
    """Upload as the PBX; show that no plaintext lies anywhere."""
    say("\n4. The PBX uploads. The receipt means: this survives a power cut.")
    shutil.copy(RECORDING, stage.folder / RECORDING.name)
    stage.run(
        "push", RECORDING.name, "--to", stage.url, "--token-file", "pbx-token", "--call-id", "1795305066.3"
    )
    plaintext = RECORDING.read_bytes()[44:1068]
    files = [path for path in stage.data.rglob("*") if path.is_file()]
    check(not any(plaintext in path.read_bytes() for path in files), "plaintext lies in the vault")
    say(f"searched {len(files)} files of the vault for the recording's sound: in none of them")
    (recording,) = stage.ask("recordings", "list")
    return str(recording["id"])


def collect(stage: Stage) -> Path:
    """Collect as the customer, with link and password."""
    say("\n5. The customer collects, with a link and its password.")
    shutil.copytree(stage.data, stage.folder / "yesterday", ignore=shutil.ignore_patterns("slots"))
    link = stage.ask("links", "create", "acme")["url"]
    say("$ callvault links create acme")
    say(link)
    stage.run("fetch", link, "-o", "collected", "--password-file", "password")
    collected = stage.folder / "collected" / RECORDING.name
    check(collected.read_bytes() == RECORDING.read_bytes(), "what came back is not what was sent")
    say(f"{collected.name}: the same {collected.stat().st_size} bytes that the PBX sent")
    (certificate,) = (stage.folder / "collected").glob("*.tlog-proof")
    return certificate


def show_gone(stage: Stage, recording: str, certificate: Path) -> None:
    """Show that the recording is gone, and why."""
    say("\n6. It is gone: its key was overwritten in that moment. A certificate proves it.")
    stage.run("recordings", "show", recording[:6])
    key = stage.run("audit", "key").strip()
    relative = certificate.relative_to(stage.folder)
    stage.run("certificates", "verify", str(relative), "--key", key)
    say("\n   A copy of database and blobs from before the collection does not bring it back:")
    stage.run(
        "--data",
        "yesterday",
        "recordings",
        "list",
        expect=1,
        CALLVAULT_SLOTS__PATHS=str(stage.data / "slots"),
    )


def verify(stage: Stage) -> None:
    """Read the access log and verify all of it."""
    say("\n7. The access log, newest first, and its verification.")
    stage.run("audit", "list")
    stage.run("audit", "verify")


def main() -> int:
    """Run every step; return the exit code."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="callvault-demo-") as folder:
        stage = Stage(Path(folder), port)
        say("Callvault, the main job from end to end, in a temporary folder.")
        try:
            set_up(stage)
            say("\n3. The service.")
            with stage.service():
                recording = upload(stage)
                certificate = collect(stage)
                show_gone(stage, recording, certificate)
                verify(stage)
        except DemoFailed as error:
            say(f"\nFAILED: {error}")
            return 1
    say("\nEvery step held.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
