"""Where things are: database, payloads, root key, slots; and in which regions they may be."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from vault.config.section import Section, Text

# A driver may be named, as in `sqlite+aiosqlite:`.
_DATABASE_URL = re.compile(r"(sqlite|postgres|postgresql)(\+[a-z0-9]+)?://")


class Database(Section, frozen=True, kw_only=True):
    """Where the records are."""

    url: Annotated[
        Text,
        Meta(
            title="sqlite:///PATH or postgresql://ROLE@HOST/NAME",
            description=(
                "SQLite by `sqlite:///PATH`, or PostgreSQL by libpq's own URI, "
                "`postgresql://ROLE@HOST/NAME?sslmode=verify-full` (howto/postgresql.md)."
            ),
        ),
    ] = "sqlite:///vault.sqlite"

    def __post_init__(self) -> None:
        if not _DATABASE_URL.match(self.url):
            raise ValueError("url")


class Store(Section, frozen=True, kw_only=True):
    """Where the sealed payloads are."""

    url: Annotated[
        Text,
        Meta(
            title="a store URL",
            description=(
                "A folder by `file:PATH`, or a bucket by `s3://BUCKET/PREFIX`, with `?region=…&endpoint=…` "
                "where needed ([S3](howto/s3.md)). Never credentials."
            ),
        ),
    ] = "file:blobs"


class Custody(Section, frozen=True, kw_only=True):
    """Where the service's own root key lives."""

    url: Annotated[
        Text,
        Meta(
            title="a custody URL",
            description=(
                "A local file by `local:PATH`, or AWS KMS by `awskms:alias/NAME` or `awskms:ARN`. "
                "It opens no recording."
            ),
        ),
    ] = "local:root.key"


class Slots(Section, frozen=True, kw_only=True):
    """Where the slots are, whose overwriting destroys recordings."""

    paths: Annotated[
        tuple[Path, ...],
        Meta(
            min_length=1,
            title="a list of folders",
            description="Mirrors of the slots, best on several disks; outside every snapshot and backup.",
        ),
    ] = (Path("slots"),)
    allow_unsafe_filesystem: Annotated[
        bool,
        Meta(
            title="true or false",
            description=(
                "Accept a file system that may keep what was overwritten (btrfs, zfs, overlay, network). "
                "Destruction is then not what its certificate says."
            ),
        ),
    ] = False


class Residency(Section, frozen=True, kw_only=True):
    """Where data may lie."""

    regions: Annotated[
        tuple[Text, ...],
        Meta(
            title="a list of regions",
            description=(
                "Regions in which the object store and the root key may lie, such as `eu-west-2`. "
                "The database is the operator's to place. Empty: not checked."
            ),
        ),
    ] = ()
    exception_reason: Annotated[
        Annotated[str, Meta(min_length=1, max_length=500)] | None,
        Meta(
            title="a reason in one line of 1 to 500 characters",
            description=(
                "Why something may lie outside `regions` all the same. Logged as `residency.excepted` "
                "when the service starts with it. Unset: nothing may."
            ),
        ),
    ] = None

    def __post_init__(self) -> None:
        if self.exception_reason is not None and not self.exception_reason.isprintable():
            raise ValueError("exception_reason")

    def enforced(self) -> tuple[str, ...]:
        """Return the regions that places must lie in; empty: anywhere, or excepted."""
        return () if self.exception_reason is not None else self.regions
