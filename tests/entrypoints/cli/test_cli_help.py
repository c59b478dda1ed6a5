"""Promises about the help of every command."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cyclopts import App

from vault.entrypoints.cli.main import main
from vault.entrypoints.cli.tree import command_tree, load_commands

_CONTRACT = {
    "init", "serve", "status", "doctor", "push", "fetch",
    "customers add", "customers list", "customers show", "customers set", "customers close",
    "customers reissue-password",
    "sources add", "sources list", "sources show", "sources token", "sources revoke",
    "links create", "links list", "links revoke",
    "recordings list", "recordings show", "recordings open", "recordings export", "recordings shred",
    "holds place", "holds release", "holds list",
    "staff add", "staff list", "staff passphrase",
    "audit list", "audit show", "audit tail", "audit verify", "audit checkpoint", "audit key", "audit prove",
    "audit export", "audit verify-proof",
    "certificates show", "certificates verify",
}  # fmt: skip


def _commands(app: App, path: tuple[str, ...] = ()) -> Iterator[tuple[str, App]]:
    for name in load_commands(app):
        if name.startswith("-"):
            continue
        child = app[name]
        if child.default_command is None:
            yield from _commands(child, (*path, name))
        else:
            yield " ".join((*path, name)), child


ALL = dict(_commands(command_tree(_CONTRACT | {"migrate"})))


def test_every_command_of_the_contract_is_there() -> None:
    """Nothing that people's habits rely on is missing."""
    assert set(ALL) >= _CONTRACT


@pytest.mark.parametrize("name", ALL)
def test_summaries(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every command says in one sentence what it does, and each of its parameters what it means."""
    assert main([*name.split(), "--help"]) == 0

    shown = capsys.readouterr().out
    summary = (ALL[name].help or "").strip().split("\n")[0]
    assert summary.endswith((".", ":"))
    assert summary.split(".")[0][:40] in " ".join(shown.split())
    for argument in ALL[name].assemble_argument_collection(parse_docstring=True):
        assert not argument.parse or argument.parameter.help, argument.name


@pytest.mark.parametrize("name", ALL)
def test_no_secret_is_an_argument(name: str) -> None:
    """Everybody on a machine sees command lines: secrets come by file or prompt."""
    names = {
        each
        for argument in ALL[name].assemble_argument_collection(parse_docstring=True)
        for each in argument.names
    }

    assert not {
        each for each in names if any(word in each for word in ("password", "token", "passphrase"))
    } - {
        "--password-file",
        "--token-file",
    }


def test_help_is_grouped_by_who_needs_it(capsys: pytest.CaptureFixture[str]) -> None:
    """The first page tells operators, the office, the DPO and those outside what is theirs."""
    assert main(["--help"]) == 0

    shown = capsys.readouterr().out
    places = [shown.index(word) for word in ("Operators", "The office", "The DPO", "Sources and customers")]
    assert places == sorted(places)
