"""What lies in the bucket under our prefix, a page at a time: blobs of every version, unfinished uploads.

A blob that has only old versions or a delete marker left is listed too: it is still there to be swept.
All of it blocks; call it on a thread.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from vault.domain.names import BlobKey
from vault.store.blobkey import is_blob_key
from vault.store.s3.bucket import Bucket
from vault.store.s3.failures import translated

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import ListObjectVersionsRequestTypeDef

_WHAT = "the object store can't be listed"


@dataclass(frozen=True, slots=True)
class Page:
    """Keys in their order with a time of writing, a key once per version; where the next page begins."""

    written: tuple[tuple[BlobKey, datetime], ...]
    next: tuple[str, str] | None


class Listing:
    """Lists blobs of one location."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def page(self, start: tuple[str, str]) -> Page:
        """Return a page of versions and markers from a start, two empty words for the first one."""
        wanted: ListObjectVersionsRequestTypeDef = {
            "Bucket": self._bucket.name,
            "Prefix": self._bucket.location.prefix,
        }
        if any(start):
            wanted |= {"KeyMarker": start[0], "VersionIdMarker": start[1]}
        with translated(_WHAT, needs="s3:ListBucketVersions"):
            page = self._bucket.client.list_object_versions(**wanted)
        found = sorted(
            self._ours((*page.get("Versions", ()), *page.get("DeleteMarkers", ())), "LastModified")
        )
        if not page["IsTruncated"]:
            return Page(tuple(found), None)
        return Page(tuple(found), (page["NextKeyMarker"], page.get("NextVersionIdMarker", "")))

    def unfinished(self) -> dict[BlobKey, datetime]:
        """Return the keys of unfinished uploads with the time at which the latest of each began."""
        with translated(_WHAT, needs="s3:ListBucketMultipartUploads"):
            pages = self._bucket.client.get_paginator("list_multipart_uploads").paginate(
                Bucket=self._bucket.name, Prefix=self._bucket.location.prefix
            )
            uploads = [each for page in pages for each in page.get("Uploads", ())]
        return dict(sorted(self._ours(uploads, "Initiated"), key=lambda each: each[1]))

    def _ours(self, items: Iterable[Any], time: str) -> Iterable[tuple[BlobKey, datetime]]:
        """Yield those that are named as we name blobs; whatever else lies there is none of our business."""
        for item in items:
            key = item["Key"].removeprefix(self._bucket.location.prefix)
            if is_blob_key(key):
                yield BlobKey(key), item[time]
