"""One blob on its way into the bucket: a single PUT if it is small, else parts, completed at the end.

An object appears whole or not at all, and never in place of another (`If-None-Match: *`). The SDK tries
again when an answer was lost, and is then told that the object is there: each upload carries a mark of its
own, by which it knows its own object. All of it blocks; call it on a thread.
"""

from __future__ import annotations

import base64
import hashlib
from contextlib import suppress
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from vault.domain.names import BlobKey, new_id
from vault.errors import BlobExists, RecordingTooLarge, VaultError
from vault.store.s3.bucket import Bucket
from vault.store.s3.failures import code_of, translated
from vault.store.s3.removal import Removal

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

# The least that S3 takes as a part that is not the last: an upload holds up to three of them in memory.
PART_BYTES = 5 << 20
# Amazon S3, "Multipart upload limits". With our parts that is 48 GiB: some thousand hours of telephony.
MOST_PARTS = 10_000
_MARK = "callvault-upload"
_TAKEN = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})
# A completion whose answer was lost has used the upload up.
_PERHAPS_OURS = _TAKEN | {"NoSuchUpload"}
_ABSENT = frozenset({"404", "NoSuchKey"})
_PUT = "s3:PutObject"


class BlobUpload:
    """Writes one blob: `send` parts and `finish`, or `finish` alone; `discard` if it comes to nothing."""

    def __init__(self, bucket: Bucket, key: BlobKey) -> None:
        self._bucket = bucket
        self._key = key
        self._name = bucket.object_name(key)
        self._mark = new_id()
        self._upload_id = ""
        self._parts: dict[int, CompletedPartTypeDef] = {}
        self._begun = False
        self._may_have_landed = False

    def begin(self) -> None:
        """Begin an upload in parts."""
        self._begun = True
        with translated(f"blob {self._key} can't be written", needs=_PUT):
            self._upload_id = self._bucket.client.create_multipart_upload(
                Bucket=self._bucket.name,
                Key=self._name,
                ChecksumAlgorithm="SHA256",
                Metadata={_MARK: self._mark},
            )["UploadId"]

    def send(self, number: int, content: bytearray) -> None:
        """Send a part, counted from 1, its checksum with it. Parts may go at the same time."""
        if number > MOST_PARTS:
            raise RecordingTooLarge("an object store takes no more than 48 GiB in one blob")
        checksum = _checksum(content)
        with translated(f"blob {self._key} can't be written", needs=_PUT):
            sent = self._bucket.client.upload_part(
                Bucket=self._bucket.name,
                Key=self._name,
                UploadId=self._upload_id,
                PartNumber=number,
                Body=content,  # type: ignore[arg-type]  # boto3 takes a bytearray; its stubs don't know
                ChecksumSHA256=checksum,
            )
        self._parts[number] = {"PartNumber": number, "ETag": sent["ETag"], "ChecksumSHA256": checksum}

    def finish(self, whole: bytearray) -> None:
        """Complete the parts, or put a small blob whole; raise `BlobExists`."""
        self._may_have_landed = True
        with translated(f"blob {self._key} can't be finished", needs=_PUT):
            try:
                if self._begun:
                    self._complete()
                else:
                    self._put(whole)
            except ClientError as error:
                if code_of(error) not in _PERHAPS_OURS:
                    raise
                self._require_landed(error)

    def discard(self, brisk: Bucket) -> None:
        """Leave nothing. If the store refuses even that, what stays has no row and is swept."""
        removal = Removal(brisk)
        with suppress(VaultError):
            if self._begun:
                removal.abort_uploads(self._key)
            if self._may_have_landed and self._landed(brisk):
                removal.remove(self._key)

    def _put(self, whole: bytearray) -> None:
        self._bucket.client.put_object(
            Bucket=self._bucket.name,
            Key=self._name,
            Body=whole,  # type: ignore[arg-type]  # as above
            IfNoneMatch="*",
            ChecksumSHA256=_checksum(whole),
            Metadata={_MARK: self._mark},
        )

    def _complete(self) -> None:
        self._bucket.client.complete_multipart_upload(
            Bucket=self._bucket.name,
            Key=self._name,
            UploadId=self._upload_id,
            MultipartUpload={"Parts": [self._parts[number] for number in sorted(self._parts)]},
            IfNoneMatch="*",
        )

    def _require_landed(self, error: ClientError) -> None:
        """Pass if the object is this upload's, whose first answer was lost; raise `BlobExists` or `error`."""
        if self._landed(self._bucket):
            return
        if code_of(error) in _TAKEN:
            raise BlobExists(f"blob {self._key} is there already") from error
        raise error

    def _landed(self, bucket: Bucket) -> bool:
        """Say whether the object there is this upload's."""
        with translated(f"blob {self._key} can't be looked at", needs="s3:GetObject"):
            try:
                found = bucket.client.head_object(Bucket=bucket.name, Key=self._name)
            except ClientError as error:
                if code_of(error) in _ABSENT:
                    return False
                raise
        return found["Metadata"].get(_MARK) == self._mark


def _checksum(content: bytearray) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()
