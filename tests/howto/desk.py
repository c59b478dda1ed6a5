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
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from vault.app.clock import SystemClock
from vault.entrypoints.cli.main import main

COMMAND = Path(sys.executable).with_name("callvault")
_PLACES = ("/var/lib/callvault", "/mnt/", "/etc/callvault")
_SHELL_WORDS = re.compile(r"[|<>;&]|\$\(")
_SIMPLE = re.compile(r"(?P<given>(?:[A-Z_]+=\S+ )*)callvault (?P<words>.*?)(?: > (?P<file>\S+))?")
_CONTENT = re.compile(r'"\$\(cat (?P<file>[^\s)]+)\)"')
_FOR_C = (
    "TZ",
    "SSL_CERT_FILE",
    "PGPASSFILE",
    "PGSSLROOTCERT",
)  # read by libraries, from the real environment
_USER = "callvault"
_TIME_ZONE = "Europe/London"
_ADDRESS = "https://vault.example"
_START, _STOP = "sudo systemctl start callvault", "sudo systemctl stop callvault"
_DATABASE_HOST = "db.example.com"
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
    name: str = "desk"
    environ: dict[str, str] = field(default_factory=dict)
    papers: dict[str, str] = field(default_factory=dict)
    address: str = _ADDRESS
    database_host: str = _DATABASE_HOST
    days_later: int = 0
    _service: subprocess.Popen[str] | None = None

    @property
    def folder(self) -> Path:
        """The folder in which the commands are typed."""
        return self.root / self.name

    def __post_init__(self) -> None:
        """Lay out the folders that a how-to takes for granted."""
        for place in (*_PLACES, "/mnt/stick", self.name):
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
        text = self._placed(text).replace(_ADDRESS, self.address)
        return text.replace(_DATABASE_HOST, self.database_host)

    def there(self, text: str) -> str:
        """Return what was printed with the places, the address and the user of the document."""
        text = text.replace(str(self.root), "").replace(self.address, _ADDRESS)
        text = text.replace(self.database_host, _DATABASE_HOST)
        user = pwd.getpwuid(os.geteuid()).pw_name
        spare = max(0, len(_USER) - len(user))  # columns stay as wide as they were
        return re.sub(rf"(?m)(?<=  ){re.escape(user)} {{0,{spare}}}(?=  |$)", _USER, text)

    def settings(self, text: str) -> None:
        """Write the settings file, which a document shows whole; links lead to the address that it names."""
        text = self._placed(text).replace(_DATABASE_HOST, self.database_host)
        Path(self.environ["CALLVAULT_DATA"], "callvault.toml").write_text(text)

    def sql(self, text: str) -> None:
        """Refuse: there is no server here."""
        raise AssertionError(f"no server takes {text!r}")

    def wait(self, days: int) -> None:
        """Let time pass for the commands that follow, and end the service, whose time would stay."""
        self.stop()
        self.days_later += days

    def type(self, command: str, machine: str = "") -> tuple[int, str]:
        """Run a command; return its exit code and what a terminal shows, as the document would say it."""
        assert not machine, f"there is no machine {machine} here"
        if command in {_START, _STOP}:
            self.start() if command == _START else self.stop()
            return 0, ""
        if command.startswith("export "):
            self.environ |= _assigned(self.here(command.removeprefix("export ")))
            return 0, ""
        command = _CONTENT.sub(self._content, self.here(command))
        simple = _SIMPLE.fullmatch(command)
        if simple and not _SHELL_WORDS.search(simple["given"] + simple["words"]):
            code, printed = self._within(simple)
        else:
            assert not self.days_later, "programs of their own have the machine's time"
            code, printed = self._shell(command)
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

    def _content(self, named: re.Match[str]) -> str:
        """Return what a shell makes of `"$(cat FILE)"`."""
        return shlex.quote((self.folder / named["file"]).read_text().rstrip("\n"))

    def _placed(self, text: str) -> str:
        for place in _PLACES:
            text = text.replace(place, f"{self.root}{place}")
        return text

    def _within(self, typed: re.Match[str]) -> tuple[int, str]:
        """Run the command within this process, which saves the start of an interpreter."""
        shown = io.StringIO()
        with ExitStack() as stack:
            stack.enter_context(self._sat_down(_assigned(typed["given"])))
            answer = stack.enter_context(Path(typed["file"]).open("w")) if typed["file"] else shown
            stack.enter_context(redirect_stdout(answer))
            stack.enter_context(redirect_stderr(shown))
            code = main(shlex.split(typed["words"]))
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
    def _sat_down(self, given: Mapping[str, str]) -> Iterator[None]:
        environ, now = {**self.environ, **given}, SystemClock.now
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "environ", environ)
            patch.setattr(sys, "stdin", _Keyboard(io.BytesIO()))
            patch.setattr(getpass, "getpass", self.answer)
            patch.setattr(SystemClock, "now", lambda clock: now(clock) + timedelta(days=self.days_later))
            patch.chdir(self.folder)
            with _real_environment({name: environ[name] for name in _FOR_C if name in environ}):
                yield

    def _file(self, command: str, printed: str) -> None:
        """Put an issued password with the papers, under the word with which its prompt ends."""
        password = re.search(r"^password +(\S+)$", printed, re.MULTILINE)
        name = re.search(r"^name +(\S+)$", printed, re.MULTILINE)
        if password:
            asked_by = [word for group, word in _ASKED_BY.items() if f" {group} " in command]
            self.papers[asked_by[0] if asked_by else name[1] if name else ""] = password[1]


def _assigned(words: str) -> dict[str, str]:
    """Return the variables that are set by `NAME=VALUE …`."""
    return dict(word.split("=", 1) for word in shlex.split(words))


@contextmanager
def _real_environment(given: Mapping[str, str]) -> Iterator[None]:
    """Set what the C library and its like read, which is not the patched environment."""
    before = {name: os.environb.get(name.encode()) for name in given}
    for name, value in given.items():
        os.putenv(name, value)
    time.tzset()
    try:
        yield
    finally:
        for name, old in before.items():
            os.unsetenv(name) if old is None else os.putenv(name.encode(), old)
        time.tzset()
