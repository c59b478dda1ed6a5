"""One range of one blob out of the bucket, as one answer that is read bit by bit.

An answer that breaks off is asked for again from where it broke: a customer who reads slowly may hold it
open for longer than the store does. All of it blocks; call it on a thread.
"""

from __future__ import annotations

import random
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from vault.domain.names import BlobKey
from vault.errors import BlobMissing, StoreUnavailable
from vault.store.blobfile import PIECE_BYTES
from vault.store.s3.bucket import Bucket
from vault.store.s3.failures import BROKEN, code_of, translated

if TYPE_CHECKING:
    from botocore.response import StreamingBody

# So often in a row without a single byte; each begins with the SDK's own attempts.
_RESUMPTIONS = 3
_FIRST_PAUSE_SECONDS = 0.5


class BlobReader:
    """Reads one range. Use by one thread at a time; `close` unless read to its end."""

    def __init__(self, bucket: Bucket, key: BlobKey, offset: int, length: int) -> None:
        self._bucket = bucket
        self._key = key
        self._offset = offset
        self._end = offset + length
        self._body: StreamingBody | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is something to close."""
        return self._body is not None

    def next_piece(self) -> bytes:
        """Return the next `PIECE_BYTES` or the rest; raise `BlobMissing` or `StoreUnavailable`."""
        with translated(f"blob {self._key} can't be read", needs="s3:GetObject"):
            piece = self._resumed()
        self._offset += len(piece)
        if self._offset == self._end:
            self.close()
        return piece

    def close(self) -> None:
        """Let the answer go, read or not."""
        body, self._body = self._body, None
        if body is not None:
            with suppress(*BROKEN):
                body.close()

    def _resumed(self) -> bytes:
        for resumption in range(_RESUMPTIONS):
            body = self._answer()
            try:
                return self._read(body)
            except BROKEN:
                self.close()
                time.sleep(_FIRST_PAUSE_SECONDS * 2**resumption * random.random())  # noqa: S311  # no secret
        return self._read(self._answer())

    def _answer(self) -> StreamingBody:
        if self._body is None:
            self._body = self._ask()
        return self._body

    def _read(self, body: StreamingBody) -> bytes:
        wanted = min(PIECE_BYTES, self._end - self._offset)
        piece: bytes = body.read(wanted)
        if len(piece) < wanted:
            raise ConnectionError("the answer broke off")
        return piece

    def _ask(self) -> StreamingBody:
        range_ = f"bytes={self._offset}-{self._end - 1}"
        try:
            answer = self._bucket.client.get_object(
                Bucket=self._bucket.name, Key=self._bucket.object_name(self._key), Range=range_
            )
        except ClientError as error:
            if code_of(error) == "NoSuchKey":
                raise BlobMissing(f"no blob {self._key}") from error
            if code_of(error) == "InvalidRange":
                raise StoreUnavailable(f"blob {self._key} ends early") from error
            raise
        if not answer.get("ContentRange", "").startswith(f"bytes {self._offset}-{self._end - 1}/"):
            answer["Body"].close()
            raise StoreUnavailable(f"blob {self._key} ends early")
        return answer["Body"]
