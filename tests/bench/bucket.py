"""A bare bucket, as a peer: the same bytes put and read by the SDK on the same server, in plaintext."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from tests.bench.client import PIECE_BYTES
from tests.bench.grounds import BUCKET
from vault.store.s3.writing import PART_BYTES

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

    from tests.harness.aws import Aws


def put(aws: Aws, name: str, body: bytes) -> None:
    """Put one small object."""
    aws.s3.put_object(Bucket=BUCKET, Key=f"bare/{name}", Body=body)


def put_parts(aws: Aws, name: str, pieces: Iterable[bytes]) -> float:
    """Put a large object, one part of our length after another; return the seconds until it is whole."""
    key = f"bare/{name}"
    begun = time.perf_counter()
    upload = aws.s3.create_multipart_upload(Bucket=BUCKET, Key=key)["UploadId"]
    sent: list[CompletedPartTypeDef] = []
    for number, part in enumerate(_parts(pieces), 1):
        done = aws.s3.upload_part(Bucket=BUCKET, Key=key, UploadId=upload, PartNumber=number, Body=part)
        sent.append({"PartNumber": number, "ETag": done["ETag"]})
    aws.s3.complete_multipart_upload(Bucket=BUCKET, Key=key, UploadId=upload, MultipartUpload={"Parts": sent})
    return time.perf_counter() - begun


def get_all(aws: Aws, name: str, length: int) -> float:
    """Read an object and drop it; return the seconds until its last byte."""
    begun = time.perf_counter()
    body = aws.s3.get_object(Bucket=BUCKET, Key=f"bare/{name}")["Body"]
    read = sum(len(chunk) for chunk in body.iter_chunks(PIECE_BYTES))
    if read != length:
        raise RuntimeError(f"{read} bytes came instead of {length}")
    return time.perf_counter() - begun


def remove(aws: Aws, name: str) -> None:
    """Remove every version of an object: the server keeps all of them in memory."""
    listing = aws.s3.list_object_versions(Bucket=BUCKET, Prefix=f"bare/{name}")
    for kept in (*listing.get("Versions", ()), *listing.get("DeleteMarkers", ())):
        aws.s3.delete_object(Bucket=BUCKET, Key=kept["Key"], VersionId=kept["VersionId"])


def _parts(pieces: Iterable[bytes]) -> Iterator[bytes]:
    part = bytearray()
    for piece in pieces:
        part += piece
        if len(part) >= PART_BYTES:
            yield bytes(part)
            part.clear()
    if part:
        yield bytes(part)
