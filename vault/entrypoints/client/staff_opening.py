"""Open a recording from the person's own machine: what comes sealed is opened here, as it comes.

Memory holds a piece of 1 MiB. Each chunk is authenticated before any of it is given out (C2SP age v1,
"Payload"), the whole by its digest at the end. A grant's password stays here, too, where the identity does.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

from keys.age import (
    NONCE_BYTES,
    SEALED_CHUNK_BYTES,
    FileKey,
    HybridIdentity,
    PayloadOpener,
    open_header,
    sealed_bytes,
)
from keys.errors import KeysError, NoMatchingIdentity
from keys.passwords import normalise
from vault.domain.names import parse_id_prefix, parse_sha256
from vault.entrypoints.client.failures import ClientError, NotUnderstood, TryAgain
from vault.entrypoints.client.http import answered
from vault.entrypoints.client.staff import Desk
from vault.entrypoints.client.staff_granted import open_layers, proof_of_grant
from vault.errors import Invalid

_RUN_BYTES = 16 * SEALED_CHUNK_BYTES
_PIECE_BYTES = 1 << 20
_MOST_HEADER_BYTES = 1 << 20
_NO_RECORDING = "the answer is not what a vault would say of a recording"


@dataclass(frozen=True, slots=True)
class Incoming:
    """A recording that the vault has begun to answer: on its log already.

    Where the identity stayed here it comes sealed: after a header, or after `layers_bytes` of a grant.
    """

    desk: Desk
    response: aiohttp.ClientResponse
    recording: str
    size_bytes: int
    sha256: str
    layers_bytes: int
    grant_password: str | None

    async def plaintext(self) -> AsyncGenerator[bytes, None]:
        """Yield the recording; raise `ClientError` for what is not it, `TryAgain` if the line breaks."""
        digest, written = hashlib.sha256(), 0
        own = self.desk.identity
        pieces = self.response.content.iter_chunked(_PIECE_BYTES) if own is None else self._opened(own)
        async for piece in pieces:
            digest.update(piece)
            written += len(piece)
            if written > self.size_bytes:
                break
            yield piece
        if written < self.size_bytes:
            raise TryAgain("the recording ended early")
        if written > self.size_bytes or digest.hexdigest() != self.sha256:
            raise ClientError("what came is not the recording: its digest is another")

    async def _opened(self, own: HybridIdentity) -> AsyncGenerator[bytes, None]:
        """Yield what the sealed chunks hold."""
        if self.grant_password is None:
            file_key = await self._file_key()
        else:
            layers = await self._exactly(self.layers_bytes)
            file_key = await open_layers(layers, own, normalise(self.grant_password))
        try:
            opener = PayloadOpener(file_key, await self._exactly(NONCE_BYTES), self.size_bytes)
            left, chunk = sealed_bytes(self.size_bytes) - NONCE_BYTES, 0
            while left:
                run = await self._exactly(min(_RUN_BYTES, left))
                yield await asyncio.to_thread(opener.open, chunk, run)
                left, chunk = left - len(run), chunk + _RUN_BYTES // SEALED_CHUNK_BYTES
        except KeysError:
            raise ClientError("what came was changed on its way, or where it lies") from None

    async def _file_key(self) -> FileKey:
        """Read the header and open it by the group's identities."""
        header = bytearray()
        while not header.rpartition(b"\n")[0].rpartition(b"\n")[2].startswith(b"---"):
            line = await self.response.content.readline()
            header += line
            if not line or len(header) > _MOST_HEADER_BYTES:
                raise NotUnderstood(_NO_RECORDING)
        identities = await self.desk.group_identities()
        try:
            return await asyncio.to_thread(open_header, bytes(header), identities)
        except NoMatchingIdentity:
            raise ClientError("this recording is not sealed to you") from None
        except KeysError:
            raise NotUnderstood(_NO_RECORDING) from None

    async def _exactly(self, length: int) -> bytes:
        try:
            return await self.response.content.readexactly(length)
        except asyncio.IncompleteReadError:
            raise TryAgain("the recording ended early") from None


@asynccontextmanager
async def open_recording(
    desk: Desk, recording: str, *, reason: str, grant_password: str | None = None
) -> AsyncIterator[Incoming]:
    """Ask for a recording, with a reason, by a grant where its password is given; logged before the answer.

    Raise `ServerRefused`, `TryAgain` or `ClientError`.
    """
    asked = {"recording": recording, "reason": reason}
    if grant_password is not None:
        asked |= await proof_of_grant(desk, recording, grant_password)
    async with answered(
        desk.session, "POST", desk.url("recordings/open"), json=asked, headers=desk.headers
    ) as response:
        yield _incoming(desk, response, grant_password)


@dataclass(frozen=True, slots=True)
class IncomingExport:
    """An export that the vault has begun to answer: on its log already, sealed to `recipient`."""

    response: aiohttp.ClientResponse
    recording: str
    recipient: str
    fingerprint: str

    async def age_file(self) -> AsyncGenerator[bytes, None]:
        """Yield the age file; a connection that ends before its announced length raises `TryAgain`."""
        async for piece in self.response.content.iter_chunked(_PIECE_BYTES):
            yield piece


@asynccontextmanager
async def export_recording(
    desk: Desk, recording: str, *, reason: str, to: str | None
) -> AsyncIterator[IncomingExport]:
    """Ask for a recording as an age file for `to`, or for the DPO office; raise as `open_recording`."""
    asked = {"recording": recording, "reason": reason} | ({} if to is None else {"to": to})
    async with answered(
        desk.session, "POST", desk.url("recordings/export"), json=asked, headers=desk.headers
    ) as response:
        yield _incoming_export(response)


def _incoming_export(response: aiohttp.ClientResponse) -> IncomingExport:
    told = response.headers
    try:
        recording = parse_id_prefix(told["Callvault-Recording"])
        return IncomingExport(response, recording, told["Callvault-Recipient"], told["Callvault-Fingerprint"])
    except (KeyError, Invalid):
        raise NotUnderstood(_NO_RECORDING) from None


def _incoming(desk: Desk, response: aiohttp.ClientResponse, grant_password: str | None) -> Incoming:
    told = response.headers
    wanted = "plain" if desk.identity is None else "sealed" if grant_password is None else "granted"
    try:
        recording = parse_id_prefix(told["Callvault-Recording"])
        sha256 = parse_sha256(told["Callvault-Sha256"])
        size, layers = int(told["Callvault-Bytes"]), int(told.get("Callvault-Layers", 0))
    except (KeyError, ValueError, Invalid):
        raise NotUnderstood(_NO_RECORDING) from None
    if told.get("Callvault-Form") != wanted or size < 0 or not 0 <= layers <= _MOST_HEADER_BYTES:
        raise NotUnderstood(_NO_RECORDING)
    return Incoming(desk, response, recording, size, sha256, layers, grant_password)
