"""Whether a bucket can keep what the vault promises: deleted is deleted, and data stays in its regions.

All of it blocks; call it on a thread.
"""

from __future__ import annotations

from collections.abc import Collection

from botocore.exceptions import ClientError

from vault.errors import ConfigInvalid
from vault.store.s3.bucket import Bucket
from vault.store.s3.failures import code_of, translated

# Amazon S3 for a bucket without object lock; other stores for not knowing what that is.
_NO_LOCK = frozenset({"ObjectLockConfigurationNotFoundError", "NotImplemented", "MethodNotAllowed"})
# Amazon S3, GetBucketLocation: two regions have names from before regions had names.
_FIRST_REGION = "us-east-1"
_OLD_NAMES = {"EU": "eu-west-1"}
_NEEDS = "s3:ListBucket, s3:GetBucketLocation, s3:GetBucketObjectLockConfiguration and s3:GetBucketVersioning"


def examine(bucket: Bucket, regions: Collection[str]) -> str | None:
    """Return the bucket's region, None if the store does not tell; raise `ConfigInvalid` for an unfit one.

    Unfit is one that does not exist, that can keep objects from being deleted, or that lies outside
    `regions` (empty: anywhere). Raise `StoreUnavailable` when that can't be told now.
    """
    with translated(f"the bucket {bucket.name} can't be examined", needs=_NEEDS):
        region = _region(bucket)
        _require_deletion(bucket)
    if regions and region not in regions:
        raise ConfigInvalid(
            f"the bucket {bucket.name} lies in {region or 'a region that it does not tell'}, and [residency] "
            f"regions allows {', '.join(sorted(regions))}; move it, or give [residency] exception_reason"
        )
    return region


def _region(bucket: Bucket) -> str | None:
    try:
        told = bucket.client.head_bucket(Bucket=bucket.name).get("BucketRegion")
    except ClientError as error:
        if code_of(error) == "404":
            raise ConfigInvalid(
                f"the bucket {bucket.name} does not exist; make it, or look at [store] url"
            ) from error
        raise
    if told:
        return told
    location: str | None = bucket.client.get_bucket_location(Bucket=bucket.name)["LocationConstraint"]
    if location:
        return _OLD_NAMES.get(location, location)
    # No name is Amazon's first region; a store of one's own may just not know of regions.
    return bucket.location.region if bucket.location.endpoint else _FIRST_REGION


def _require_deletion(bucket: Bucket) -> None:
    if _is_locked(bucket):
        raise ConfigInvalid(
            f"the bucket {bucket.name} has object lock, which can keep objects from being deleted; "
            "take a bucket without"
        )
    if bucket.client.get_bucket_versioning(Bucket=bucket.name).get("MFADelete") == "Enabled":
        raise ConfigInvalid(
            f"the bucket {bucket.name} asks for a second factor before a version is deleted (MFA delete); "
            "switch that off"
        )


def _is_locked(bucket: Bucket) -> bool:
    try:
        found = bucket.client.get_object_lock_configuration(Bucket=bucket.name)
    except ClientError as error:
        if code_of(error) in _NO_LOCK:
            return False
        raise
    return found.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") == "Enabled"
