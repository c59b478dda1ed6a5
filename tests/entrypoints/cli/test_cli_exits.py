"""Promises about exit codes and the one line on standard error."""

from __future__ import annotations

import pytest

from keys.errors import CustodyRefused, CustodyUnavailable, SignatureInvalid, SlotsUnavailable
from vault.entrypoints.cli.exits import CommandFailed, ExitCode, WrongUsage, exit_code, explain
from vault.entrypoints.cli.main import main
from vault.errors import (
    AccessDenied,
    LogCorrupt,
    NotFound,
    NoVault,
    Overloaded,
    ProofInvalid,
    StorageFull,
    TooManyGuesses,
)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (AccessDenied("no"), 1),
        (NotFound("no"), 1),
        (NoVault("no"), 1),
        (CustodyRefused("no"), 1),
        (OSError(28, "No space left on device", "/x"), 1),
        (RuntimeError("boom"), 1),
        (WrongUsage("no"), 2),
        (ProofInvalid("no"), 3),
        (LogCorrupt("no"), 3),
        (SignatureInvalid("no"), 3),
        (TooManyGuesses(60), 4),
        (StorageFull("no"), 4),
        (Overloaded("no"), 4),
        (CustodyUnavailable("no"), 4),
        (SlotsUnavailable("no"), 4),
        (CommandFailed("no", ExitCode.AGAIN_LATER), 4),
    ],
)
def test_codes(error: Exception, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Every kind of error has its exit code and one line."""
    assert (explain(error), exit_code(error)) == (code, code)
    assert capsys.readouterr().err.count("\n") == 1


def test_an_unexpected_error_tells_nothing_of_itself(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nobody foresaw may hold a secret: only its type is shown, the rest on request."""
    monkeypatch.delenv("CALLVAULT_DEBUG", raising=False)

    assert explain(RuntimeError("hunter2")) == ExitCode.FAILED

    shown = capsys.readouterr().err
    assert "RuntimeError" in shown
    assert "hunter2" not in shown


def test_debugging_shows_the_traceback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """CALLVAULT_DEBUG=1 shows where an unexpected error came from, and no traceback of an expected one."""
    monkeypatch.setenv("CALLVAULT_DEBUG", "1")

    explain(RuntimeError("boom"))
    explain(NotFound("no customer"))

    assert capsys.readouterr().err.count("RuntimeError: boom") == 1


def test_interrupted(capsys: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C ends with one line and 130."""
    assert explain(KeyboardInterrupt()) == 130
    assert capsys.readouterr().err == "callvault: stopped\n"


def test_messages_from_outside_are_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    """A server's words can't move the cursor or add a line."""
    explain(CommandFailed("no\x1b[2J\ncallvault: all is well"))

    assert capsys.readouterr().err == "callvault: no\\x1b[2J\\ncallvault: all is well\n"


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["audit"],
        ["nonsense"],
        ["audit", "nonsense"],
        ["audit", "list", "--nonsense"],
        ["audit", "list", "--action", "recording.eaten"],
        ["audit", "list", "--since", "someday"],
        ["audit", "list", "--before", "9" * 20],
        ["audit", "show", "9" * 20],
        ["audit", "erase-details", "1", "9" * 20, "--reason", "x"],
        ["serve", "--port", "99999"],
        ["serve", "--port", "-1"],
        ["customers", "add"],
        ["customers", "add", "two words", "--agreement", "x"],
        ["links", "create", "acme", "--expires", "soon"],
        ["recordings", "show", "ILO"],
        ["recordings", "list", "--around", "today", "--since", "today"],
        ["sources", "add", "x"],
        ["sources", "add", "x", "--own", "--customer", "acme"],
        ["push", "--to", "http://127.0.0.1", "--token-file", "x"],
        ["fetch", "http://127.0.0.1:1", "-o", "x"],
        ["--format", "xml", "status"],
    ],
)
def test_wrong_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What can't be meant exits 2 with one line, before any vault is opened."""
    assert main(words) == ExitCode.WRONG_USAGE

    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1
