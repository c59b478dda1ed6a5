"""Blobs in an object store that speaks S3. Importing this imports boto3: `vault.store` does when asked to."""

from vault.store.s3.blobs import S3Blobs
from vault.store.s3.location import S3Location, parse_location

__all__ = ["S3Blobs", "S3Location", "parse_location"]
