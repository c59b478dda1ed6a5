"""What the operator owes others: how destruction is certified, who approves, what is kept outside."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from msgspec import Meta

from vault.config.section import Section, Text


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
    request_days: Annotated[
        int,
        Meta(
            ge=1,
            le=365,
            title="a number of days, 1 to 365",
            description="How long a request for an opening or export waits for its approval; then it ends.",
        ),
    ] = 14


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
