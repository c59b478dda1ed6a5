"""Upload a recording as a source does: hash it, stream it from disk, check the receipt."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import stat
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from urllib.parse import quote

import aiohttp

from keys.secret import Secret
from vault.entrypoints.client.address import Address
from vault.entrypoints.client.answers import Introduced, UploadReceipt
from vault.entrypoints.client.failures import ClientError
from vault.entrypoints.client.http import answered, read_answer
from vault.entrypoints.client.retry import Patience, patiently

_PIECE_BYTES = 1 << 20

Advance = Callable[[int], None]
"""Hears how many more bytes were sent; a negative number when sending begins again."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The vault's promise that the recording survives a power cut."""

    file: Path
    recording: str
    sha256: str
    bytes: int
    sealed_at: str
    log_index: int


@dataclass(frozen=True, slots=True)
class Uploader:
    """A source's way to its vault."""

    session: aiohttp.ClientSession
    address: Address
    token: Secret
    patience: Patience

    async def introduce(self) -> str:
        """Return the source's name as the vault knows it; raise `ServerRefused` for a bad token."""

        async def _ask() -> str:
            async with answered(
                self.session, "GET", self.address.url("/v1/source"), headers=self._headers()
            ) as response:
                return (await read_answer(response, Introduced)).source

        return await patiently(_ask, self.patience)

    async def upload(
        self, path: Path, details: Sequence[tuple[str, str]] = (), advance: Advance = lambda _bytes: None
    ) -> Receipt:
        """Return the receipt of a file; `details` are `Callvault-…` headers.

        Raise `ClientError` for an empty file or a receipt of something else, `TryAgain` once patience is
        over, and `OSError`.
        """
        with _opened(path) as file:
            size = os.fstat(file.fileno()).st_size
            digest = await asyncio.to_thread(hashlib.file_digest, file, "sha256")

            async def _send() -> UploadReceipt:
                sent = _Pieces(file, size, advance)
                headers = [*self._headers().items(), *details, *_body_headers(digest.digest(), size)]
                try:
                    async with answered(
                        self.session, "PUT", self._place_of(path), data=sent.stream(), headers=headers
                    ) as response:
                        return await read_answer(response, UploadReceipt)
                except BaseException:
                    advance(-sent.bytes)
                    raise

            return _checked(path, await patiently(_send, self.patience), digest.hexdigest(), size)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token.reveal().decode('latin-1')}"}

    def _place_of(self, path: Path) -> str:
        return self.address.url(f"/v1/recordings/{quote(os.fsencode(path.name), safe='')}")


class _Pieces:
    """The file's bytes, read on a thread as the line takes them."""

    def __init__(self, file: BufferedReader, size: int, advance: Advance) -> None:
        self._file = file
        self._size = size
        self._advance = advance
        self.bytes = 0

    async def stream(self) -> AsyncIterator[bytes]:
        """Yield exactly as many bytes as were hashed; a file that shrank ends early and is refused."""
        while self.bytes < self._size:
            wanted = min(_PIECE_BYTES, self._size - self.bytes)
            piece = await asyncio.to_thread(os.pread, self._file.fileno(), wanted, self.bytes)
            if not piece:
                raise ClientError("the file became shorter while it was sent")
            yield piece
            self.bytes += len(piece)
            self._advance(len(piece))


def must_be_sendable(path: Path) -> None:
    """Pass if the file could be sent; raise `ClientError` for an empty path or file, or `OSError`."""
    _opened(path).close()


def _opened(path: Path) -> BufferedReader:
    """Open a regular file with something in it; raise `ClientError` or `OSError`."""
    if not path.name:
        raise ClientError("an empty path was given; is the variable in the hook's command empty?")
    # Without O_NONBLOCK a named pipe would hold us up for ever.
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    status = os.fstat(fd)
    if stat.S_ISREG(status.st_mode) and status.st_size:
        return os.fdopen(fd, "rb")
    os.close(fd)
    raise ClientError("the file is empty" if stat.S_ISREG(status.st_mode) else "this is no file")


def _body_headers(digest: bytes, size: int) -> list[tuple[str, str]]:
    """Return what describes the body; the digest lets the vault refuse what the line changed (RFC 9530)."""
    return [
        ("Content-Length", str(size)),
        ("Content-Type", "application/octet-stream"),
        ("Content-Digest", f"sha-256=:{base64.b64encode(digest).decode()}:"),
    ]


def _checked(path: Path, answer: UploadReceipt, sha256: str, size: int) -> Receipt:
    """Return the receipt; raise `ClientError` unless it is for these very bytes."""
    if answer.sha256 != sha256 or answer.bytes != size:
        raise ClientError(f"the receipt is not for {path}; keep the file and ask the operator")
    return Receipt(path, answer.recording, sha256, size, answer.sealed_at, answer.log_index)
