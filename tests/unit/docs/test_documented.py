"""Every error, and every command, is in the documentation as it is in the code."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import keys.errors
import vault.entrypoints.http.refusals
import vault.errors
from keys.errors import KeysError
from vault.entrypoints.cli.exits import exit_code
from vault.entrypoints.http.problems import status_of
from vault.errors import VaultError

DOCS = Path(__file__).resolve().parents[3] / "docs"
ROW = re.compile(r"^\| `([a-z_]+)` \| (\d+) \| (\d*) ?\|", re.MULTILINE)
ROOTS = {VaultError, KeysError}


def errors() -> Iterator[type[Exception]]:
    """Every error class of the three trees, roots left out."""
    for module in (vault.errors, keys.errors, vault.entrypoints.http.refusals):
        for _, kind in inspect.getmembers(module, inspect.isclass):
            if issubclass(kind, VaultError | KeysError) and kind.__module__ == module.__name__:
                yield kind


def raised(kind: type[Exception]) -> Exception:
    """An instance, however its class is built."""
    arguments: dict[type, tuple[object, ...]] = {
        vault.errors.TooManyGuesses: (60,),
        vault.errors.RangeUnsatisfiable: (1000,),
        vault.entrypoints.http.refusals.FieldInvalid: ("field", "rule"),
    }
    return kind(*arguments.get(kind, ("message",)))


@pytest.mark.parametrize(
    "kind", [kind for kind in errors() if kind not in ROOTS], ids=lambda kind: kind.__name__
)
def test_every_error_is_documented(kind: type[VaultError]) -> None:
    """`docs/errors.md` has the code, the HTTP status and the exit code of every error of the tree."""
    rows = {
        code: (status, code_of) for code, status, code_of in ROW.findall((DOCS / "errors.md").read_text())
    }
    error = raised(kind)
    if kind.__name__ == "SignInNeeded":  # the same code under another status, as its row says
        assert "As 401" in (DOCS / "errors.md").read_text()
        return
    assert rows[kind.code] == (str(status_of(error).value), str(int(exit_code(error))))


def test_no_error_is_documented_that_is_not_there() -> None:
    """A code in `docs/errors.md` is the code of an error, or one of the two that only HTTP has."""
    documented = {code for code, _, _ in ROW.findall((DOCS / "errors.md").read_text())}
    known = {kind.code for kind in errors() if issubclass(kind, VaultError | KeysError)}
    assert documented - known == {"internal_error", "method_not_allowed"}


def test_the_tree_is_drawn_as_it_is() -> None:
    """The drawings at the top of both `errors.py` name every class."""
    for module in (vault.errors, keys.errors):
        drawn = set(re.findall(r"[├└]── (\w+)", inspect.getdoc(module) or ""))
        names = {kind.__name__ for kind in errors() if kind.__module__ == module.__name__}
        assert drawn == names - {"VaultError", "KeysError"}
