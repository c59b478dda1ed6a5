"""The verifier of `log_verifier/`, built with Debian's Go compiler and transparency log packages."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

_SOURCE = Path(__file__).with_name("log_verifier")
_GOPATH = Path("/usr/share/gocode")
_PACKAGES = _GOPATH / "src/golang.org/x/mod/sumdb/tlog"
_BUILD_SECONDS = 100
_RUN_SECONDS = 20
_REJECTED = 1  # any other status is a crash, which is no verdict


@dataclass(frozen=True)
class Verdict:
    """What the verifier said, in one line."""

    accepted: bool
    line: str


@dataclass(frozen=True)
class GoVerifier:
    """Judges what a log hands out, by nothing but files and a verifier key."""

    program: Path

    def export(self, key: str, folder: Path, *kept: Path) -> Verdict:
        """Judge an export, and whether it begins with what kept checkpoints signed."""
        return self._run("export", key, str(folder), *map(str, kept))

    def proof(self, key: str, file: Path) -> Verdict:
        """Judge a tlog-proof; the line is the entry that it proves."""
        return self._run("proof", key, str(file))

    def _run(self, *arguments: str) -> Verdict:
        done = subprocess.run(
            [self.program, *arguments], capture_output=True, text=True, timeout=_RUN_SECONDS, check=False
        )
        assert done.returncode in {0, _REJECTED}, done.stderr
        line = (done.stdout + done.stderr).removesuffix("\n")
        assert "\n" not in line
        return Verdict(done.returncode == 0, line)


def built(folder: Path) -> GoVerifier:
    """Build the verifier in a folder; skip the test where that can't be done."""
    go = find_go()
    if go is None:
        pytest.skip("no Go compiler: Debian's package is golang-go")
    if not _PACKAGES.is_dir():
        pytest.skip("no Go transparency log packages: Debian's package is golang-golang-x-mod-dev")
    program = folder / "log_verifier"
    done = subprocess.run(
        [go, "build", "-o", program, "."],
        cwd=_SOURCE,
        env=_environment(folder),
        capture_output=True,
        text=True,
        timeout=_BUILD_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return GoVerifier(program)


def find_go() -> str | None:
    """Return Debian's compiler, which fits Debian's packages, before any other on PATH."""
    debian = [Path("/usr/bin/go"), *sorted(Path("/usr/lib").glob("go-*/bin/go"), reverse=True)]
    return next((str(go) for go in debian if os.access(go, os.X_OK)), shutil.which("go"))


def _environment(folder: Path) -> dict[str, str]:
    """Return one without anybody's Go settings: no modules, no network, no C compiler."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("GO")}
    settings = {"GO111MODULE": "off", "GOPATH": str(_GOPATH), "GOENV": "off", "CGO_ENABLED": "0"}
    # What it compiled is kept between runs, unless there is no home to keep it in.
    cache = {} if "HOME" in ours else {"GOCACHE": str(folder / "go-cache")}
    return ours | settings | cache
