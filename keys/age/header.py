"""The header: a version line, stanzas, and a MAC over both.

C2SP age v1, "Header". Parsing is strict: one byte sequence per header.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass

from keys.age import base64
from keys.age.argon2id import KIND as PASSWORD_KIND
from keys.age.file_key import FileKey
from keys.age.scrypt import require_alone
from keys.age.stanza import Identity, Recipient, Stanza
from keys.derive import hkdf
from keys.errors import MalformedHeader, NoMatchingIdentity

# Room for some six hundred post-quantum recipients; a bound on what a stranger's file can make us read.
MAX_HEADER_BYTES = 1 << 20
_VERSION_LINE = "age-encryption.org/v1"
_COLUMNS = 64
_ARGUMENTS = re.compile(r"->( [!-~]+)+", re.ASCII)
_END = re.compile(r"--- ([A-Za-z0-9+/]{43})", re.ASCII)


def seal_header(file_key: FileKey, recipients: Sequence[Recipient]) -> bytes:
    """Wrap `file_key` for each recipient; the whole header, with its last line feed.

    Raises `MalformedHeader` for no recipients, for two passwords, and for post-quantum recipients beside
    others: a file is as safe as its weakest stanza.
    """
    if not recipients:
        raise MalformedHeader("a file has at least one recipient")
    if len({recipient.post_quantum for recipient in recipients}) > 1:
        raise MalformedHeader("post-quantum recipients and others can't stand in one file")
    return _assemble(file_key, [recipient.wrap(file_key) for recipient in recipients])


def reseal_header(header: bytes, identities: Sequence[Identity], recipients: Sequence[Recipient]) -> bytes:
    """Return the header with its file key wrapped for other recipients; a password stanza stays as it is.

    So what is locked to a password is locked to others without anybody's knowing it. Raises what
    `open_header` and `seal_header` raise.
    """
    file_key = open_header(header, identities)
    kept = [stanza for stanza in _parse(header).stanzas if stanza.kind == PASSWORD_KIND]
    if not all(recipient.post_quantum for recipient in recipients) or not recipients:
        raise MalformedHeader("a header is sealed anew to post-quantum recipients only")
    return _assemble(file_key, [*kept, *(recipient.wrap(file_key) for recipient in recipients)])


def open_header(header: bytes, identities: Sequence[Identity]) -> FileKey:
    """Return the file key, from the first identity that unwraps it.

    Raises `MalformedHeader` if the header is not what the specification allows, which includes its MAC, and
    `NoMatchingIdentity` if it is but none of the identities opens it.
    """
    parsed = _parse(header)
    for identity in identities:
        file_key = identity.unwrap(parsed.stanzas)
        if file_key is None:
            continue
        if not hmac.compare_digest(_mac(file_key, parsed.covered), parsed.mac):
            raise MalformedHeader("the header's MAC does not fit: it was changed")
        return file_key
    raise NoMatchingIdentity("none of the identities opens this file")


def split_header(data: bytes) -> tuple[bytes, bytes]:
    """Part an age file into header and payload; raise `MalformedHeader` if no header ends in it."""
    # No line of a stanza begins like the last one, so the first such line is it.
    mark = data.find(b"\n---", 0, MAX_HEADER_BYTES)
    end = data.find(b"\n", mark + 1, MAX_HEADER_BYTES) if mark >= 0 else -1
    if end < 0:
        raise MalformedHeader("this is no age file, or its header is cut short")
    return data[: end + 1], data[end + 1 :]


@dataclass(frozen=True, slots=True)
class _Parsed:
    stanzas: tuple[Stanza, ...]
    covered: bytes
    mac: bytes


def _parse(header: bytes) -> _Parsed:
    if len(header) > MAX_HEADER_BYTES:
        raise MalformedHeader("the header is too long")
    if not header.isascii() or not header.endswith(b"\n"):
        raise MalformedHeader("the header is not text, or its last line is cut short")
    version, *lines = header[:-1].decode("ascii").split("\n")
    if version != _VERSION_LINE:
        raise MalformedHeader("this is no age v1 file")
    end = _END.fullmatch(lines.pop()) if lines else None
    if not end:
        raise MalformedHeader("the header does not end in a MAC")
    mac = base64.decode(end[1])
    covered = header[: header.rindex(b" ")]
    return _Parsed(_parse_stanzas(lines), covered, mac)


def _parse_stanzas(lines: list[str]) -> tuple[Stanza, ...]:
    stanzas = []
    at = 0
    while at < len(lines):
        if not _ARGUMENTS.fullmatch(lines[at]):
            raise MalformedHeader("a stanza does not begin as it should")
        kind, *arguments = lines[at][3:].split(" ")
        body, at = _parse_body(lines, at + 1)
        stanzas.append(Stanza(kind, tuple(arguments), body))
    if not stanzas:
        raise MalformedHeader("the header has no stanza")
    require_alone(stanzas)
    return tuple(stanzas)


def _parse_body(lines: list[str], start: int) -> tuple[bytes, int]:
    """Decode the body that begins at line `start`; also return the line after it."""
    for at in range(start, len(lines)):
        if len(lines[at]) > _COLUMNS:
            raise MalformedHeader("a line of a stanza's body is too long")
        if len(lines[at]) < _COLUMNS:
            return base64.decode("".join(lines[start : at + 1])), at + 1
    raise MalformedHeader("a stanza's body does not end in a short line")


def _assemble(file_key: FileKey, stanzas: Sequence[Stanza]) -> bytes:
    """Put the header together under its MAC."""
    if sum(stanza.kind == PASSWORD_KIND for stanza in stanzas) > 1:
        raise MalformedHeader("a header holds at most one password stanza")
    covered = "\n".join([_VERSION_LINE, *map(_render, stanzas), "---"]).encode("ascii")
    return covered + b" " + base64.encode(_mac(file_key, covered)).encode("ascii") + b"\n"


def _render(stanza: Stanza) -> str:
    body = base64.encode(stanza.body)
    # One step past the end gives the empty line that closes a body of whole lines.
    lines = [body[at : at + _COLUMNS] for at in range(0, len(body) + 1, _COLUMNS)]
    return "\n".join([" ".join(["->", stanza.kind, *stanza.arguments]), *lines])


def _mac(file_key: FileKey, covered: bytes) -> bytes:
    key = hkdf(file_key.secret.reveal(), salt=b"", info=b"header")
    return hmac.digest(key, covered, "sha256")
