"""Where an object store's URL leads: `s3://bucket/prefix?region=eu-west-2&endpoint=https://minio.example`.

Credentials are never part of it: boto3 finds them by its own chain (environment, profile, instance role).
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from vault.domain.names import BlobKey
from vault.errors import ConfigInvalid

# Amazon S3, "General purpose bucket naming rules".
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
# Amazon S3, "Object key naming guidelines": the safe characters.
_PREFIX = re.compile(r"[A-Za-z0-9!_.*'()/-]*")
_REGION = re.compile(r"[a-z0-9-]{1,40}")
_SETTING = "[store] url"


@dataclass(frozen=True, slots=True)
class S3Location:
    """A bucket, and the beginning of our objects' names in it: empty, or with a slash at its end."""

    bucket: str
    prefix: str
    endpoint: str | None
    region: str | None

    def object_name(self, key: BlobKey) -> str:
        """Return the name of a blob's object."""
        return f"{self.prefix}{key}"

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"


def parse_location(rest: str) -> S3Location:
    """Parse what follows `s3:`; raise `ConfigInvalid`, which quotes nothing: it may hold a password."""
    try:
        parts = urlsplit(f"s3:{rest}")
        query = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    except ValueError:
        raise ConfigInvalid(f"{_SETTING}: what follows s3: is not a URL") from None
    if "@" in rest:
        raise ConfigInvalid(
            f"{_SETTING}: no credentials in the URL; the AWS SDK finds them in the environment, "
            "a profile or a role"
        )
    if set(query) - {"endpoint", "region"} or parts.fragment:
        raise ConfigInvalid(f"{_SETTING}: after the question mark only endpoint= and region= are known")
    if not _BUCKET.fullmatch(parts.netloc):
        raise ConfigInvalid(f"{_SETTING}: a bucket must follow, such as s3://bucket/prefix")
    prefix = parts.path.strip("/")
    if not _PREFIX.fullmatch(prefix) or "//" in prefix or ".." in prefix:
        raise ConfigInvalid(f"{_SETTING}: the prefix has letters, digits, slashes and !-_.*'() only")
    region = query.get("region")
    if region is not None and not _REGION.fullmatch(region):
        raise ConfigInvalid(f"{_SETTING}: region= wants a region such as eu-west-2")
    return S3Location(parts.netloc, f"{prefix}/" if prefix else "", _endpoint(query.get("endpoint")), region)


def _endpoint(text: str | None) -> str | None:
    """Return the endpoint: https, or http on this machine, since a listing that proves must not be forged."""
    if text is None:
        return None
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    safe = parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(host))
    if not host or not safe or "@" in text or parts.path.strip("/") or parts.query:
        raise ConfigInvalid(
            f"{_SETTING}: endpoint= wants https://host:port (http only for this machine) and no path"
        )
    return text.rstrip("/")


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
