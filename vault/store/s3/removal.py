"""A blob out of the bucket: every version, delete marker and unfinished upload, until a listing shows none.

In a bucket with versions a plain DELETE only adds a marker on top: each version is deleted by its id.
All of it blocks; call it on a thread.
"""

from __future__ import annotations

from botocore.exceptions import ClientError

from vault.domain.names import BlobKey
from vault.errors import StoreUnavailable
from vault.store.s3.bucket import Bucket
from vault.store.s3.failures import code_of, translated

# The first round removes, the second one's listing proves. A third is for an upload that came in between.
_ROUNDS = 3
_NEEDS = (
    "s3:ListBucketVersions, s3:ListBucketMultipartUploads, s3:DeleteObject, s3:DeleteObjectVersion "
    "and s3:AbortMultipartUpload"
)


class Removal:
    """Removes blobs from a bucket."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def remove(self, key: BlobKey) -> None:
        """Remove all there is of a blob and prove it; raise `StoreUnavailable` if anything may be left."""
        name = self._bucket.object_name(key)
        with translated(f"blob {key} can't be removed", needs=_NEEDS):
            for _ in range(_ROUNDS):
                uploads, versions = self._uploads(name), self._versions(name)
                if not uploads and not versions:
                    return
                for upload in uploads:
                    self._abort(name, upload)
                for version in versions:
                    self._bucket.client.delete_object(Bucket=self._bucket.name, Key=name, VersionId=version)
        raise StoreUnavailable(f"blob {key} can't be removed: the object store still lists some of it")

    def abort_uploads(self, key: BlobKey) -> None:
        """Abort every unfinished upload of a blob, whose id need not be known; raise `StoreUnavailable`."""
        name = self._bucket.object_name(key)
        with translated(f"the upload of blob {key} can't be aborted", needs=_NEEDS):
            for upload in self._uploads(name):
                self._abort(name, upload)

    def _uploads(self, name: str) -> list[str]:
        pages = self._bucket.client.get_paginator("list_multipart_uploads").paginate(
            Bucket=self._bucket.name, Prefix=name
        )
        return [each["UploadId"] for page in pages for each in page.get("Uploads", ()) if each["Key"] == name]

    def _versions(self, name: str) -> list[str]:
        """Return the ids of every version and marker; «null» is one from before versions were kept."""
        pages = self._bucket.client.get_paginator("list_object_versions").paginate(
            Bucket=self._bucket.name, Prefix=name
        )
        return [
            each["VersionId"]
            for page in pages
            for each in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
            if each["Key"] == name
        ]

    def _abort(self, name: str, upload: str) -> None:
        try:
            self._bucket.client.abort_multipart_upload(Bucket=self._bucket.name, Key=name, UploadId=upload)
        except ClientError as error:
            if code_of(error) != "NoSuchUpload":  # completed or aborted since it was listed
                raise
