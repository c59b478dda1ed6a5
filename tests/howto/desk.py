"""The desk of whoever follows a how-to: a terminal at a vault's machine, and papers with the passwords."""

from __future__ import annotations

import getpass
import io
import os
import pwd
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from vault.entrypoints.cli.main import main

COMMAND = Path(sys.executable).with_name("callvault")
_PLACES = ("/var/lib/callvault", "/mnt/", "/etc/callvault")
_SHELL_WORDS = re.compile(r"[|<>;&]|\$\(")
_USER = "callvault"
_TIME_ZONE = "Europe/London"
_ADDRESS = "https://vault.example"
_START, _STOP = "sudo systemctl start callvault", "sudo systemctl stop callvault"
_ASKED_BY = {"grants": "grant", "customers": "password"}  # "password of the grant", "retrieval password"
_STOP_SECONDS = 30.0


class _Keyboard(io.TextIOWrapper):
    """A standard input at which somebody sits: passwords are asked for, and answered by `Desk.answer`."""

    def isatty(self) -> bool:
        """Say that it is a terminal."""
        return True


@dataclass
class Desk:
    """Types commands over a vault under `root`; nothing is read from or written to the real places.

    `papers` holds what was issued: the newest passphrase of each person, the newest customer's and the newest
    grant's password.
    """

    root: Path
    environ: dict[str, str] = field(default_factory=dict)
    papers: dict[str, str] = field(default_factory=dict)
    address: str = _ADDRESS
    _service: subprocess.Popen[str] | None = None

    @property
    def folder(self) -> Path:
        """The folder in which the commands are typed."""
        return self.root / "desk"

    def __post_init__(self) -> None:
        """Lay out the folders that a how-to takes for granted."""
        for place in (*_PLACES, "/mnt/stick", "desk"):
            (self.root / place.strip("/")).mkdir(mode=0o700, parents=True, exist_ok=True)
        ours = {name: value for name, value in os.environ.items() if not name.startswith("CALLVAULT_")}
        self.environ = {
            **ours,
            "CALLVAULT_DATA": self.here("/var/lib/callvault"),
            # Containers keep their files on overlay, where no real vault would be allowed.
            "CALLVAULT_SLOTS__ALLOW_UNSAFE_FILESYSTEM": "true",
            "PATH": f"{COMMAND.parent}:{ours['PATH']}",
            "TZ": _TIME_ZONE,
        }

    def here(self, text: str) -> str:
        """Return a text of the document with the places and the address of this run."""
        return self._placed(text).replace(_ADDRESS, self.address)

    def there(self, text: str) -> str:
        """Return what was printed with the places, the address and the user of the document."""
        text = text.replace(str(self.root), "").replace(self.address, _ADDRESS)
        user = pwd.getpwuid(os.geteuid()).pw_name
        spare = max(0, len(_USER) - len(user))  # columns stay as wide as they were
        return re.sub(rf"(?m)(?<=  ){re.escape(user)} {{0,{spare}}}(?=  |$)", _USER, text)

    def settings(self, text: str) -> None:
        """Write the settings file, which a document shows whole; links lead to the address that it names."""
        Path(self.environ["CALLVAULT_DATA"], "callvault.toml").write_text(self._placed(text))

    def type(self, command: str) -> tuple[int, str]:
        """Run a command; return its exit code and what a terminal shows, as the document would say it."""
        if command in {_START, _STOP}:
            self.start() if command == _START else self.stop()
            return 0, ""
        if command.startswith("export "):
            name, _, value = command.removeprefix("export ").partition("=")
            self.environ[name] = value
            return 0, ""
        command = self.here(command)
        simple = command.startswith("callvault ") and not _SHELL_WORDS.search(command)
        code, printed = self._within(shlex.split(command)[1:]) if simple else self._shell(command)
        self._file(command, printed)
        return code, self.there(printed)

    def start(self) -> None:
        """Start the real service on a free port, and send who asks for the document's address there."""
        log = self.root / "service.log"
        with log.open("a") as complaints:
            self._service = subprocess.Popen(
                [COMMAND, "serve", "--port", "0", "--workers", "1"],
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=complaints,
                text=True,
            )
        assert self._service.stdout is not None
        line = self._service.stdout.readline()
        assert "accepting" in line, f"the service did not start: {line!r}\n{log.read_text()}"
        self.address = line.split()[1]

    def stop(self) -> None:
        """End the service, if it runs."""
        if self._service is not None:
            self._service.terminate()
            self._service.communicate(timeout=_STOP_SECONDS)
        self._service = None

    def answer(self, prompt: str) -> str:
        """Type what a prompt asks for, invisibly: the newest password that fits, from the papers."""
        sys.stdout.write(f"{prompt.rstrip()}\n")
        return self.papers[prompt.rstrip(": ").split()[-1]]

    def _placed(self, text: str) -> str:
        for place in _PLACES:
            text = text.replace(place, f"{self.root}{place}")
        return text

    def _within(self, words: list[str]) -> tuple[int, str]:
        """Run the command within this process, which saves the start of an interpreter."""
        shown = io.StringIO()
        with self._sat_down(), redirect_stdout(shown), redirect_stderr(shown):
            code = main(words)
        return code, shown.getvalue()

    def _shell(self, command: str) -> tuple[int, str]:
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=self.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout

    @contextmanager
    def _sat_down(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "environ", self.environ)
            patch.setattr(sys, "stdin", _Keyboard(io.BytesIO()))
            patch.setattr(getpass, "getpass", self.answer)
            patch.chdir(self.folder)
            with _clock_of(_TIME_ZONE):
                yield

    def _file(self, command: str, printed: str) -> None:
        """Put an issued password with the papers, under the word with which its prompt ends."""
        password = re.search(r"^password +(\S+)$", printed, re.MULTILINE)
        name = re.search(r"^name +(\S+)$", printed, re.MULTILINE)
        if password:
            asked_by = [word for group, word in _ASKED_BY.items() if f" {group} " in command]
            self.papers[asked_by[0] if asked_by else name[1] if name else ""] = password[1]


@contextmanager
def _clock_of(zone: str) -> Iterator[None]:
    """Show local times of a zone. The C library reads the real environment, not the patched one."""
    before = os.environb.get(b"TZ")
    os.putenv("TZ", zone)
    time.tzset()
    try:
        yield
    finally:
        os.unsetenv("TZ") if before is None else os.putenv(b"TZ", before)
        time.tzset()
