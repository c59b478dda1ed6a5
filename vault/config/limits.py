"""How much, how many, how long."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from vault.config.section import Bytes, Section


class Limits(Section, frozen=True, kw_only=True):
    """How much, how many, how long."""

    recording_bytes: Annotated[
        int, Meta(ge=1, title="a number of bytes", description="The largest recording that is taken.")
    ] = 8 << 30
    uploads_at_once: Annotated[
        int,
        Meta(
            ge=1, le=10_000, title="a number from 1 to 10000", description="Uploads at a time, per process."
        ),
    ] = 64
    session_hours: Annotated[
        int,
        Meta(
            ge=1,
            le=168,
            title="a number from 1 to 168",
            description="How long a customer, or staff from machines of their own, stay signed in.",
        ),
    ] = 8
    link_days: Annotated[
        int, Meta(ge=1, le=365, title="a number from 1 to 365", description="How long a link works.")
    ] = 7
    disk_reserve_bytes: Annotated[
        Bytes | None,
        Meta(
            title="a number of bytes",
            description=(
                "Disk space that recordings never take, so that the log can always be written. "
                "Unset: 256 MiB, or a sixteenth of a disk smaller than 4 GiB."
            ),
        ),
    ] = None
    blob_sweep_hours: Annotated[
        int,
        Meta(
            ge=1,
            title="a number of hours, 1 or more",
            description="The age at which a payload without a record is removed; no upload takes as long.",
        ),
    ] = 24
    password_checks_at_once: Annotated[
        int,
        Meta(
            ge=1,
            le=64,
            title="a number from 1 to 64",
            description="Password checks at a time, per process; each takes 64 MiB of memory.",
        ),
    ] = 2
    shutdown_seconds: Annotated[
        int,
        Meta(
            ge=0,
            le=3600,
            title="a number of seconds, 0 to 3600",
            description="How long what runs may take to end when the service is stopped.",
        ),
    ] = 30
