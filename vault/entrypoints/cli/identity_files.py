"""Identity files: an age identity that its owner keeps, instead of a passphrase, or offline for recovery."""

from __future__ import annotations

import stat
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from keys.age import HybridIdentity, HybridRecipient
from keys.errors import MalformedIdentity
from keys.identities import parse_identity
from vault.entrypoints.cli.arguments import Token
from vault.entrypoints.cli.exits import CommandFailed
from vault.entrypoints.cli.passwords import STDIN
from vault.entrypoints.cli.text import plain


def _recipient(_kind: object, tokens: Sequence[Token]) -> HybridRecipient:
    """Read a recipient; what is none is wrong usage."""
    try:
        return HybridRecipient.parse(tokens[0].value.strip())
    except MalformedIdentity as error:
        raise ValueError(f"a post-quantum recipient, age1pq1…, is needed: {error}") from None


HybridKey = Annotated[HybridRecipient | None, Parameter(converter=_recipient, n_tokens=1, accepts_keys=False)]
"""A post-quantum age recipient: the public side of an identity file."""

_MAX_BYTES = 16 * 1024
_OTHERS = stat.S_IRGRP | stat.S_IWGRP | stat.S_IROTH | stat.S_IWOTH


def read_identity(file: str) -> HybridIdentity:
    """Return the post-quantum identity in a file, `-` being standard input.

    Raise `CommandFailed` for a file that others can read or write, and for one without such an identity.
    """
    content = sys.stdin.buffer.read(_MAX_BYTES + 1) if file == STDIN else _read_own(file)
    if len(content) > _MAX_BYTES:
        raise CommandFailed(f"{plain(file)} is too long for an identity file")
    try:
        identity = parse_identity(content.decode("ascii", "replace"))
    except MalformedIdentity as error:
        raise CommandFailed(f"{plain(file)} holds no identity that can be used: {error}") from None
    if not isinstance(identity, HybridIdentity):
        raise CommandFailed(f"{plain(file)} is not post-quantum: an identity AGE-SECRET-KEY-PQ-1… is needed")
    return identity


def _read_own(file: str) -> bytes:
    path = Path(file)
    with path.open("rb") as opened:
        if path.is_file() and stat.S_IMODE(path.stat().st_mode) & _OTHERS:
            raise CommandFailed(f"others can read or write {plain(file)}: chmod 600 keeps it to you")
        return opened.read(_MAX_BYTES + 1)
