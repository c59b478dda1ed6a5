"""Anchor the log: keep its signed checkpoint where who can change the database can't reach.

Below an anchor nothing can be rewritten unseen: `audit verify --anchors` compares.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from keys.errors import SignatureInvalid, StampInvalid
from keys.signing import NoteVerifier
from vault.audit.checkpoint import Checkpoint, open_checkpoint
from vault.audit.entry import Entry
from vault.domain.event import SERVICE, Action, Actor, AuditEvent
from vault.errors import AnchorUnavailable, LogCorrupt
from vault.ports.anchors import Anchor, AnchorPlace
from vault.ports.log import StoredEntry
from vault.ports.vault import Vault
from vault.usecases.prove_entry import sign_checkpoint


@dataclass(frozen=True, slots=True)
class Anchored:
    """What was kept: a checkpoint of `size` entries, in these places."""

    size: int
    places: tuple[str, ...]
    stamped: bool


async def anchor_log(vault: Vault, *, by: Actor = SERVICE) -> Anchored:
    """Keep the checkpoint of now in every place, time-stamped where an authority is configured.

    A place or an authority that is away stops no other one; what failed is raised at the end as
    `AnchorUnavailable`. Raise `LogCorrupt` for a log that was rewritten.
    """
    if not vault.anchor_places:
        raise AnchorUnavailable("no place is configured for anchors: [anchors] paths")
    note = await sign_checkpoint(vault)
    size = open_checkpoint(note, vault.keys.verifier).size
    stamp, troubles = await _stamped(vault, note)
    kept = []
    for place in vault.anchor_places:
        try:
            await place.keep(Anchor(size, note, stamp))
        except AnchorUnavailable as error:
            troubles.append(str(error))
        else:
            kept.append(place.name)
    if kept:
        await _record(vault, by, Anchored(size, tuple(kept), stamp is not None))
    if troubles:
        raise AnchorUnavailable("; ".join(troubles))
    return Anchored(size, tuple(kept), stamp is not None)


async def anchor_when_due(vault: Vault) -> None:
    """Anchor the log once an entry waits for longer than the operator allows; raise as `anchor_log`."""
    for place in vault.anchor_places:
        with suppress(AnchorUnavailable):  # one that is away does not say when the others are due
            age = await unanchored_for(vault, place)
            if age is not None and age >= vault.policy.anchor_age:
                break
    else:
        return
    await anchor_log(vault)


async def unanchored_for(vault: Vault, place: AnchorPlace) -> timedelta | None:
    """Return how long the oldest entry waits that this place has no anchor above; None when none waits.

    What is logged of an anchor itself waits for nothing. Raise `AnchorUnavailable`.
    """
    size = await _newest_size(vault, place)
    async with vault.reading() as rows:
        first = await rows.events.entry(size)
        if first is not None and _of_an_anchor(first):
            first = await rows.events.entry(size + 1)
    return None if first is None else vault.clock.now() - _time(first)


async def _newest_size(vault: Vault, place: AnchorPlace) -> int:
    """Return the size of this log's newest anchor there, 0 without one; a name that somebody made is none."""
    for size in reversed(await place.sizes()):
        with suppress(AnchorUnavailable, LogCorrupt, SignatureInvalid):
            checkpoint_in(await place.read(size), vault.keys.verifier)
            return size
    return 0


def checkpoint_in(anchor: Anchor, verifier: NoteVerifier) -> Checkpoint:
    """Return an anchor's checkpoint; raise `SignatureInvalid` or `LogCorrupt` for what is not this log's."""
    checkpoint = open_checkpoint(anchor.note, verifier)
    if checkpoint.size != anchor.size:
        raise LogCorrupt(f"it is the checkpoint of {checkpoint.size} entries")
    return checkpoint


async def _stamped(vault: Vault, note: bytes) -> tuple[bytes | None, list[str]]:
    if vault.timestamps is None:
        return None, []
    try:
        return await vault.timestamps.stamp(note), []
    except (AnchorUnavailable, StampInvalid) as error:
        return None, [str(error)]


async def _record(vault: Vault, by: Actor, anchored: Anchored) -> None:
    facts = {"size": anchored.size, "places": len(anchored.places), "stamped": anchored.stamped}
    async with vault.unit_of_work() as work:
        await work.log.append(AuditEvent(Action.LOG_ANCHORED, by, facts=facts))
        await work.commit()


def _of_an_anchor(stored: StoredEntry) -> bool:
    return Entry.decode(stored.record).action == Action.LOG_ANCHORED


def _time(stored: StoredEntry) -> datetime:
    return Entry.decode(stored.record).time
