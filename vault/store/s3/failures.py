"""What goes wrong at an object store, in our words: what failed, why, and what to do about it.

The SDK's own texts are not passed on: they quote URLs and, for a wrong signature, parts of the request.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ReadTimeoutError,
)
from botocore.exceptions import ConnectionError as BotoConnectionError
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError

from vault.errors import StorageFull, StoreUnavailable, VaultError

BROKEN = (BotoCoreError, ResponseParserError, HTTPError, OSError)
"""What the SDK raises when no answer came, or not all of one."""

# Amazon S3, "Error responses"; a HEAD has no body, so that the code is the status.
_DENIED = frozenset(
    {
        "403",
        "AccessDenied",
        "AccountProblem",
        "AllAccessDisabled",
        "ExpiredToken",
        "InvalidAccessKeyId",
        "InvalidToken",
        "SignatureDoesNotMatch",
        "UnauthorizedAccess",
    }
)
_SLOW = frozenset({"503", "RequestLimitExceeded", "ServiceUnavailable", "SlowDown", "Throttling", "429"})
_FULL = frozenset({"507", "QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded"})
_NO_BUCKET = frozenset({"NoSuchBucket"})


def code_of(error: ClientError) -> str:
    """Return the code of an error answer, such as `NoSuchKey`."""
    return str(error.response.get("Error", {}).get("Code", "unknown"))


@contextmanager
def translated(what: str, *, needs: str) -> Iterator[None]:
    """Turn what the SDK raises into `StoreUnavailable` or `StorageFull`.

    `what` begins the message; `needs` names the permission that the operator may have to give.
    """
    try:
        yield
    except ClientError as error:
        raise refused(what, code_of(error), needs=needs) from error
    except BROKEN as error:
        raise StoreUnavailable(f"{what}: {_reason(error)}") from error


def refused(what: str, code: str, *, needs: str) -> VaultError:
    """Return the error for an answer of that code."""
    if code in _FULL:
        return StorageFull(f"{what}: the object store has no space left ({code})")
    if code in _DENIED:
        return StoreUnavailable(f"{what}: the object store denies it ({code}); our credentials need {needs}")
    if code in _SLOW:
        return StoreUnavailable(f"{what}: the object store asks to slow down ({code}); try again later")
    if code in _NO_BUCKET:
        return StoreUnavailable(f"{what}: the bucket does not exist; look at [store] url")
    return StoreUnavailable(f"{what}: the object store answered {code}")


def _reason(error: BaseException) -> str:
    if isinstance(error, NoCredentialsError | PartialCredentialsError | CredentialRetrievalError):
        return "the AWS SDK finds no credentials (environment, profile, instance role)"
    if isinstance(error, NoRegionError):
        return "no region is known; give it as ?region= in [store] url"
    if isinstance(error, ConnectTimeoutError | ReadTimeoutError):
        return "the object store does not answer in time"
    if isinstance(error, EndpointConnectionError):
        return "the object store can't be reached"
    if isinstance(error, BotoConnectionError | HTTPError | OSError):
        return "the connection to the object store broke"
    return f"the AWS SDK failed ({type(error).__name__})"
