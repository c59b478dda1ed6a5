"""What there is to set: a struct per section, each setting with its kind, its default and its meaning.

The `title` of a setting completes «wanted: …» in an error, its `description` is its row in
`docs/settings.md`. What a line can't say alone, `__post_init__` checks, naming the setting.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct, structs

from vault.config.addresses import require_listener, require_network, require_public_url

_MAX_PORT = 65_535

Text = Annotated[str, Meta(min_length=1)]
Bytes = Annotated[int, Meta(ge=0)]


class Section(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A section. Its `repr` shows no value: a database URL carries a password."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


class Database(Section, frozen=True, kw_only=True):
    """Where the records are."""

    url: Annotated[
        Text,
        Meta(
            title="a database URL",
            description=(
                "SQLite by `sqlite:///PATH`, or PostgreSQL by libpq's own URI, "
                "`postgresql://ROLE@HOST/NAME?sslmode=verify-full` (howto/postgresql.md)."
            ),
        ),
    ] = "sqlite:///vault.sqlite"


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


class Http(Section, frozen=True, kw_only=True):
    """The HTTP door."""

    host: Annotated[
        Text, Meta(title="a host name or an address", description="The address to listen on.")
    ] = "127.0.0.1"
    port: Annotated[
        int,
        Meta(
            ge=0,
            le=_MAX_PORT,
            title="a port number, 0 to 65535",
            description="The port to listen on; 0 takes a free one.",
        ),
    ] = 8440
    workers: Annotated[
        int, Meta(ge=1, le=64, title="a number from 1 to 64", description="How many processes serve.")
    ] = 1
    public_url: Annotated[
        str | None,
        Meta(
            title="an https URL (http only for this machine) without a query",
            description="Where customers reach the vault; links begin with it. Unset: host and port.",
        ),
    ] = None
    tls_certificate: Annotated[
        Path | None,
        Meta(
            title="a file, together with tls_key",
            description="The certificate chain (PEM). Unset: plain HTTP, for this machine or behind a proxy.",
        ),
    ] = None
    tls_key: Annotated[
        Path | None,
        Meta(
            title="a file, together with tls_certificate", description="The certificate's private key (PEM)."
        ),
    ] = None
    trusted_proxies: Annotated[
        tuple[str, ...],
        Meta(
            title="a list of networks such as 10.0.0.0/8 or 192.0.2.7",
            description="Proxies whose word on the caller's address is taken.",
        ),
    ] = ()
    operator_listen: Annotated[
        str | None,
        Meta(
            title="an address and port such as 127.0.0.1:9440",
            description=(
                "A listener for `/metrics`, `/healthz` and `/readyz`. Unset: `/metrics` answers at the door, "
                "to this machine alone; and to nobody (404) where a proxy is declared, or must be there: an "
                "https `public_url` without `tls_certificate`."
            ),
        ),
    ] = None

    def __post_init__(self) -> None:
        if self.public_url is not None:
            require_public_url(self.public_url)
        for network in self.trusted_proxies:
            require_network(network)
        if self.operator_listen is not None:
            require_listener(self.operator_listen)
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate" if self.tls_certificate is None else "tls_key")

    def base_url(self) -> str:
        """Return what links begin with, without a slash at the end."""
        if self.public_url is not None:
            return self.public_url.rstrip("/")
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls_certificate else 'http'}://{host}:{self.port}"


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


class Shred(Section, frozen=True, kw_only=True):
    """What a destruction certificate says."""

    snapshot_horizon: Annotated[
        Text | None,
        Meta(
            title="words such as 30 days, or none",
            description=(
                "How long snapshots of whole machines or disks are kept that contain the slots; printed on "
                "every certificate. Unset: the certificate says that it is unstated, and `doctor` complains."
            ),
        ),
    ] = None


class Approval(Section, frozen=True, kw_only=True):
    """What a second DPO must approve."""

    grants: Annotated[
        bool,
        Meta(
            title="true or false",
            description="A grant opens nothing until another DPO than its issuer approved it.",
        ),
    ] = False
    openings: Annotated[
        bool,
        Meta(
            title="true or false",
            description=(
                "Whoever of the staff opens or exports a recording without a grant needs another DPO's "
                "approval first, for each time."
            ),
        ),
    ] = False


class Anchors(Section, frozen=True, kw_only=True):
    """Where signed checkpoints of the log are kept outside, so that nothing below them can be rewritten."""

    paths: Annotated[
        tuple[Path, ...],
        Meta(
            title="a list of folders",
            description="Folders for checkpoints, on disks of another machine or person; they must exist.",
        ),
    ] = ()
    every_hours: Annotated[
        int,
        Meta(
            ge=1,
            le=8760,
            title="a number of hours, 1 to 8760",
            description="How old the oldest entry may be that no anchor covers.",
        ),
    ] = 24
    timestamp_url: Annotated[
        str | None,
        Meta(
            title="an http or https URL, together with timestamp_roots",
            description="An RFC 3161 time-stamping authority; it sees a digest alone. Unset: no time stamps.",
        ),
    ] = None
    timestamp_roots: Annotated[
        Path | None,
        Meta(
            title="a file, together with timestamp_url",
            description="The certificates (PEM) of the authority's roots.",
        ),
    ] = None

    def __post_init__(self) -> None:
        if (self.timestamp_url is None) != (self.timestamp_roots is None):
            raise ValueError("timestamp_url" if self.timestamp_url is None else "timestamp_roots")


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
            ge=1, le=168, title="a number from 1 to 168", description="How long a customer stays signed in."
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


class Settings(Struct, frozen=True, kw_only=True):
    """Every setting of a vault, and its data folder `data`; no path in it is relative any more."""

    data: Path
    database: Database = Database()
    store: Store = Store()
    custody: Custody = Custody()
    slots: Slots = Slots()
    http: Http = Http()
    residency: Residency = Residency()
    shred: Shred = Shred()
    anchors: Anchors = Anchors()
    approval: Approval = Approval()
    limits: Limits = Limits()


def sections() -> dict[str, type[Section]]:
    """Return the sections by name, in the order of the manual."""
    return {field.name: field.type for field in structs.fields(Settings) if field.name != "data"}
