"""A vault made by the real command, and the real service over it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from vault.entrypoints.cli.main import main

COMMAND = (sys.executable, "-c", "import sys; from vault.entrypoints.cli.main import main; sys.exit(main())")


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Shell:
    """Runs the command over one data folder."""

    data: Path
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def environ(self) -> dict[str, str]:
        """The environment that the command sees."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith("CALLVAULT_")}
        # Containers keep their files on overlay, where no real vault would be allowed.
        return {
            **ours,
            "CALLVAULT_DATA": str(self.data),
            "CALLVAULT_SLOTS__ALLOW_UNSAFE_FILESYSTEM": "true",
            **self.extra,
        }

    def run(self, *words: str, stdin: str = "") -> Done:
        """Run the command within this process, which saves the start of an interpreter."""
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.setattr(os, "environ", self.environ)
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
            code = main(words)
        return Done(code, out.getvalue(), err.getvalue())

    def json(self, *words: str, stdin: str = "") -> Any:  # noqa: ANN401 - JSON is of any type
        """Return the JSON answer of a command that must succeed."""
        done = self.run(*words, "--format", "json", stdin=stdin)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@dataclass(frozen=True)
class Founded:
    """A vault with one customer and one source, and what was shown once."""

    shell: Shell
    passphrase: str
    recovery_file: Path
    password: str
    token: str


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Founded:
    """Make the vault that these tests share."""
    folder = tmp_path_factory.mktemp("cli")
    shell, recovery = Shell(folder / "data"), folder / "recovery.txt"
    made = shell.json("init", "--dpo", "dora", "--recovery-file", str(recovery))
    customer = shell.json("customers", "add", "acme", "--agreement", "C-1", "--title", "=cmd|' /C calc'!A0")
    source = shell.json("sources", "add", "acme-pbx", "--customer", "acme")
    return Founded(shell, made["password"], recovery, customer["password"], source["token"])


@pytest.fixture(scope="session")
def service(founded: Founded) -> Iterator[str]:
    """Start the real service on a free port; return its URL."""
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", "0"], env=founded.shell.environ, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        yield next(word for word in line.split() if word.startswith("http://"))
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()
