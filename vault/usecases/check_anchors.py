"""Gather the anchors of every place, to hold the log against, and check their time stamps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from keys.errors import SignatureInvalid, StampInvalid
from keys.signing import NoteVerifier
from vault.audit.checkpoint import Checkpoint, open_checkpoint
from vault.audit.entry import Entry
from vault.errors import AnchorUnavailable, LogCorrupt
from vault.ports.anchors import Anchor, AnchorPlace
from vault.ports.vault import Vault

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
            async for anchor in place.anchors():
                stamped += await _gather(vault, anchor, place, signed, findings)
        except AnchorUnavailable as error:
            findings.append(str(error))
    return Gathered(tuple(signed), stamped, findings)


async def _gather(
    vault: Vault, anchor: Anchor, place: AnchorPlace, signed: set[Checkpoint], findings: list[str]
) -> bool:
    """Add an anchor's checkpoint, or what is wrong with it; say whether its time stamp was checked."""
    try:
        signed.add(_checkpoint_in(anchor, vault.keys.verifier))
        return await _stamp_holds(vault, anchor)
    except (SignatureInvalid, StampInvalid, LogCorrupt) as error:
        findings.append(f"anchor of {anchor.size} entries in {place.name}: {error}")
        return False


def _checkpoint_in(anchor: Anchor, verifier: NoteVerifier) -> Checkpoint:
    checkpoint = open_checkpoint(anchor.note, verifier)
    if checkpoint.size != anchor.size:
        raise LogCorrupt(f"it is the checkpoint of {checkpoint.size} entries")
    return checkpoint


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
