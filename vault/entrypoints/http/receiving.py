"""A request's body on its way in: as it comes, never whole, and never waited for without a limit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from aiohttp import BodyPartReader, HttpVersion10, HttpVersion11, MultipartReader, hdrs, web
from aiohttp.http_exceptions import HttpProcessingError
from multidict import CIMultiDictProxy

from vault.entrypoints.http.refusals import ExpectationUnknown, FieldInvalid, UnsupportedMediaType
from vault.errors import Invalid, RecordingTooLarge, UploadCut

FILE_PARTS = ("file", "ngfile")
"""The names of the part that is the recording; `ngfile` is rtpengine's."""

_PART_PIECE_BYTES = 256 * 1024
_AROUND_PART_BYTES = 64 * 1024
"""What boundaries, part headers and small parts beside the recording may add to a multipart body."""
_MOST_PARTS = 16
_PLAIN_TRANSFER = {"", "binary", "8bit", "7bit"}
_PLAIN = {"", "identity"}
_SLOWEST_BYTES_PER_SECOND = 1024
"""What a sender must bring on average, counted over the time that it is waited for."""

_T = TypeVar("_T")


@dataclass(slots=True)
class Pace:
    """How long a sender is waited for: `idle_seconds` at once, and in all as long as its bytes earned it."""

    idle_seconds: float
    left_seconds: float = 0.0

    def __post_init__(self) -> None:
        self.left_seconds = self.idle_seconds

    def earn(self, received_bytes: int) -> None:
        """Let a sender that brings something be waited for the longer."""
        self.left_seconds += received_bytes / _SLOWEST_BYTES_PER_SECOND

    async def wait(self, reading: Awaitable[_T]) -> _T:
        """Wait for the network, but not for ever; raise `UploadCut`, or `Invalid` for broken framing."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        with _malformed():
            try:
                async with asyncio.timeout(min(self.idle_seconds, self.left_seconds)):
                    return await reading
            except TimeoutError:
                raise UploadCut("the body stood still, or came too slowly; nothing was kept") from None
            finally:
                self.left_seconds -= loop.time() - begun


def must_be_framed_plainly(request: web.Request) -> None:
    """Raise `UnsupportedMediaType` for a transfer coding beside `chunked` (RFC 9112, 6.1).

    What is behind another would be kept as it came, and a proxy may have read it differently. Raise
    `Invalid` for a version of HTTP that is not spoken here.
    """
    if request.version not in {HttpVersion10, HttpVersion11}:
        raise Invalid("HTTP/1.1 and HTTP/1.0 are spoken here")
    told = request.headers.getall(hdrs.TRANSFER_ENCODING, [])
    if told and [value.strip(" \t").lower() for value in told] != ["chunked"]:
        raise UnsupportedMediaType("Transfer-Encoding: only chunked is known")


def must_be_takeable(request: web.Request, limit_bytes: int) -> None:
    """Refuse by the headers alone what can't be taken, before a byte of the body is asked for.

    Raise `UnsupportedMediaType` for a content coding, `RecordingTooLarge`, and `FieldInvalid` for a part of
    a file (RFC 9110, 14.5).
    """
    if is_encoded(request.headers):
        raise UnsupportedMediaType("Content-Encoding: send the recording as it is")
    if hdrs.CONTENT_RANGE in request.headers:
        raise FieldInvalid("Content-Range", "a recording is sent whole")
    allowed = limit_bytes + (_AROUND_PART_BYTES if is_multipart(request) else 0)
    if (request.content_length or 0) > allowed:
        raise RecordingTooLarge(f"a recording may have {limit_bytes} bytes at most")


def is_encoded(headers: CIMultiDictProxy[str]) -> bool:
    """Say whether any Content-Encoding names a coding: nothing is ever unpacked here."""
    return any(value.strip().lower() not in _PLAIN for value in headers.getall(hdrs.CONTENT_ENCODING, []))


def is_multipart(request: web.Request) -> bool:
    """Say whether the body is a form with parts."""
    return request.method == hdrs.METH_POST and request.content_type == "multipart/form-data"


async def send_continue(request: web.Request) -> None:
    """Ask for the body of a request that waits for that (RFC 9110, 10.1.1): whoever asks was let in."""
    expects = request.headers.get(hdrs.EXPECT, "").lower() == "100-continue"
    if expects and request.version >= HttpVersion11:
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # the answer itself has not begun


def must_expect_known(request: web.Request) -> None:
    """Raise `ExpectationUnknown` for an Expect that nobody here can meet."""
    if request.headers.get(hdrs.EXPECT, "100-continue").lower() != "100-continue":
        raise ExpectationUnknown("Expect: only 100-continue is known")


async def raw_body(request: web.Request, idle_seconds: float) -> AsyncGenerator[bytes, None]:
    """Yield the body as it comes; raise `UploadCut` if it stops before its end or for too long."""
    received_bytes, pace = 0, Pace(idle_seconds)
    while not request.content.at_eof():
        # As it came, uncopied. A piece may be empty at the end of a chunk (RFC 9112, 7.1).
        piece, _ = await pace.wait(request.content.readchunk())
        received_bytes += len(piece)
        pace.earn(len(piece))
        if piece:
            yield piece
    if request.content_length is not None and received_bytes != request.content_length:
        raise UploadCut("the body is shorter than announced; nothing was kept")


async def open_part(request: web.Request, pace: Pace) -> tuple[MultipartReader, BodyPartReader]:
    """Read up to the part that is the recording; raise `Invalid` where there is none."""
    with _malformed():
        reader = await request.multipart()
    for _ in range(_MOST_PARTS):
        part = await pace.wait(reader.next())
        if part is None:
            break
        if not isinstance(part, BodyPartReader):
            raise Invalid("the form holds a form; send the recording as a part named file")
        if part.name in FILE_PARTS:
            return reader, part
        await _skip(part, pace)
    raise Invalid("the form has no part named file or ngfile")


async def part_body(reader: MultipartReader, part: BodyPartReader, pace: Pace) -> AsyncGenerator[bytes, None]:
    """Yield the part; end only once the whole form was read to its last boundary.

    Raise `UploadCut` or `Invalid` before the end otherwise, so that half a form is never taken for a file.
    """
    transfer = part.headers.getall(hdrs.CONTENT_TRANSFER_ENCODING, [])
    if any(value.strip().lower() not in _PLAIN_TRANSFER for value in transfer):
        raise UnsupportedMediaType("Content-Transfer-Encoding: send the recording as it is")
    if is_encoded(part.headers):
        raise UnsupportedMediaType("Content-Encoding: send the recording as it is")
    while not part.at_eof():
        if piece := await pace.wait(part.read_chunk(_PART_PIECE_BYTES)):
            pace.earn(len(piece))
            yield piece
    for _ in range(_MOST_PARTS):
        following = await pace.wait(reader.next())
        if following is None:
            return
        if not isinstance(following, BodyPartReader) or following.name in FILE_PARTS:
            raise Invalid("the form holds more than one recording; nothing was kept")
        await _skip(following, pace)
    raise Invalid(f"the form has more than {_MOST_PARTS} parts")


async def _skip(part: BodyPartReader, pace: Pace) -> None:
    """Read past a part that is not the recording."""
    skipped_bytes = 0
    while not part.at_eof():
        skipped_bytes += len(await pace.wait(part.read_chunk()))
        if skipped_bytes > _AROUND_PART_BYTES:
            raise Invalid(f"a part beside the recording has more than {_AROUND_PART_BYTES} bytes")


@contextmanager
def _malformed() -> Iterator[None]:
    """Say in our words what aiohttp says when a body ends early or breaks its own framing."""
    try:
        yield
    except (ConnectionError, web.RequestPayloadError, asyncio.IncompleteReadError):
        raise UploadCut("the connection ended before the body did; nothing was kept") from None
    except (ValueError, AssertionError, RuntimeError, HttpProcessingError):
        raise Invalid("the form is not what multipart/form-data must be; nothing was kept") from None
