"""The machine: the interpreter and what is compiled for it."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from aiohttp import http_parser

from vault.entrypoints.cli.checks.check import Check, Level


def check_machine() -> Iterator[Check]:
    """Look at the interpreter, and at aiohttp's parser: its slow twin in Python also takes more liberties."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield Check(Level.OK, "python", version)
    if http_parser.HttpRequestParser is http_parser.HttpRequestParserPy:
        yield Check(
            Level.FAILURE, "http parser", "aiohttp runs without its C parser; reinstall it from a wheel"
        )
    else:
        yield Check(Level.OK, "http parser", "the C parser of aiohttp")
