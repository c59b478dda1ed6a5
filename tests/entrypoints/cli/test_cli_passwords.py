"""Promises about where the command takes passwords from."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from vault.entrypoints.cli.exits import CommandFailed, WrongUsage
from vault.entrypoints.cli.passwords import read_password, read_secret_file


def test_the_first_line_of_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Only the line counts, without its end; a file for its owner alone draws no warning."""
    file = tmp_path / "password"
    file.write_bytes(b"four words of mine \r\nand a note\n")
    file.chmod(0o600)

    assert read_secret_file(str(file)).reveal() == b"four words of mine "
    assert capsys.readouterr().err == ""


def test_a_file_that_others_can_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A password that lies open is used, with a warning that does not repeat it."""
    file = tmp_path / "password"
    file.write_text("hunter2\n")
    file.chmod(0o640)

    read_secret_file(str(file))

    shown = capsys.readouterr().err
    assert "chmod 600" in shown
    assert "hunter2" not in shown


@pytest.mark.parametrize("content", [b"", b"\n", b"  \n", b"x" * 5000])
def test_no_password_in_it(tmp_path: Path, content: bytes) -> None:
    """An empty file, or one that holds something else, is refused without repeating it."""
    (tmp_path / "password").write_bytes(content)

    with pytest.raises(CommandFailed) as refused:
        read_secret_file(str(tmp_path / "password"))
    assert "xxx" not in str(refused.value)


def test_the_environment_names_a_file(tmp_path: Path) -> None:
    """CALLVAULT_PASSWORD_FILE says what the option leaves open, and the option wins."""
    (tmp_path / "a").write_text("from a\n")
    (tmp_path / "b").write_text("from b\n")
    environ = {"CALLVAULT_PASSWORD_FILE": str(tmp_path / "a")}

    assert read_password("password", None, environ).reveal() == b"from a"
    assert read_password("password", str(tmp_path / "b"), environ).reveal() == b"from b"


def test_nobody_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a terminal nobody is asked, and nothing is read that was not meant."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"something else\n")))

    with pytest.raises(WrongUsage, match="--password-file"):
        read_password("password", None, {})
