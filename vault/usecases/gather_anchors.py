"""Gather the anchors of every place, to hold the log against, and check their time stamps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from keys.errors import SignatureInvalid, StampInvalid
from vault.audit.checkpoint import Checkpoint
from vault.audit.entry import Entry
from vault.errors import AnchorUnavailable, LogCorrupt
from vault.ports.anchors import Anchor, AnchorPlace
from vault.ports.vault import Vault
from vault.usecases.anchor_log import checkpoint_in

_CLOCK_SLACK = timedelta(minutes=5)
"""How far an authority's clock may lie behind ours before the log's own times are in doubt."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """Checkpoints that this log's key signed, how many of them are time-stamped, and what was wrong."""

    checkpoints: Sequence[Checkpoint]
    stamped: int
    findings: Sequence[str]


async def gather_anchors(vault: Vault) -> Gathered:
    """Return what every place keeps; an anchor or a place that can't be read is a finding, not the end."""
    signed: set[Checkpoint] = set()
    stamped, findings = 0, list[str]()
    for place in vault.anchor_places:
        try:
            sizes = await place.sizes()
        except AnchorUnavailable as error:
            findings.append(str(error))
            continue
        for size in sizes:
            stamped += await _gather(vault, size, place, signed, findings)
    return Gathered(tuple(signed), stamped, findings)


async def _gather(
    vault: Vault, size: int, place: AnchorPlace, signed: set[Checkpoint], findings: list[str]
) -> bool:
    """Add an anchor's checkpoint, or what is wrong with it; say whether its time stamp was checked."""
    try:
        anchor = await place.read(size)
        signed.add(checkpoint_in(anchor, vault.keys.verifier))
        return await _stamp_holds(vault, anchor)
    except (AnchorUnavailable, SignatureInvalid, StampInvalid, LogCorrupt) as error:
        findings.append(f"anchor of {size} entries in {place.name}: {error}")
        return False


async def _stamp_holds(vault: Vault, anchor: Anchor) -> bool:
    """Check the time stamp, and the log's own time against it; raise `StampInvalid`.

    Without a configured authority there is nobody whose signature would be believed: nothing is checked then.
    """
    if vault.timestamps is None or anchor.stamp is None:
        return False
    stamped_at = await vault.timestamps.stamped_at(anchor)
    async with vault.reading() as rows:
        last = await rows.events.entry(anchor.size - 1)
    if last is not None and Entry.decode(last.record).time > stamped_at + _CLOCK_SLACK:
        raise StampInvalid(
            f"its last entry claims to be later than the time stamp, {stamped_at:%Y-%m-%d %H:%M}"
        )
    return True
