"""A recording: one uploaded file and what is known of it, from sealed to shredded."""

from __future__ import annotations

import builtins
import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from vault.domain.names import BlobKey, CustomerId, RecordingId, Sha256, SourceId
from vault.errors import Collected, Conflict, HoldInForce, RegimeKeeps


class RecordingState(StrEnum):
    """Where a recording is on its way.

    waiting    sealed, can be opened and collected
    retained   the customer proved that it holds it, and a hold or its regime keeps it; it can be opened
    collected  nothing opens it any more; its slot is being destroyed
    shredded   its slot is destroyed on every mirror
    """

    WAITING = "waiting"
    RETAINED = "retained"
    COLLECTED = "collected"
    SHREDDED = "shredded"


LIVING = (RecordingState.WAITING, RecordingState.RETAINED)
"""The states in which a recording opens."""


class Cause(StrEnum):
    """Why a recording is to end."""

    COLLECTION = "collection"
    INSTRUCTION = "instruction"


@dataclass(frozen=True, slots=True)
class Recording:
    """One recording. `sha256` and `bytes` are of the plaintext; `log_index` is the entry that sealed it.

    `customer` is None for the company's own (controller-side) calls. `day` names the day key of its
    call details (UTC date of the call, or of sealing). `received_at` is when its customer first proved
    that it holds it.
    """

    id: RecordingId
    source: SourceId
    customer: CustomerId | None
    blob: BlobKey
    nonce: bytes
    sha256: Sha256
    bytes: int
    sealed_at: datetime
    log_index: int
    slot: int
    state: RecordingState = RecordingState.WAITING
    received_at: datetime | None = None
    shredded_at: datetime | None = None
    shred_log_index: int | None = None
    holds: int = 0  # holds in force, counted when it is read

    @property
    def binding(self) -> builtins.bytes:
        """What its header is bound to under its slot: whose it is, size, digest. Nothing can be swapped."""
        return f"recording {self.id} of {self.customer or 'own'} {self.bytes} {self.sha256}".encode()

    @property
    def details_binding(self) -> builtins.bytes:
        """What its call details are bound to under their day's slot: nobody else's customer is shown them."""
        return f"call details of {self.id} of {self.customer or 'own'}".encode()

    @property
    def owner_facts(self) -> dict[str, str | int | bool]:
        """How the log tells whose it is, by which entries are found again."""
        return {"customer": self.customer} if self.customer else {"own": True}

    def must_open(self) -> None:
        """Raise `Collected` from the moment that collection is on record."""
        if self.state in {RecordingState.COLLECTED, RecordingState.SHREDDED}:
            raise Collected("the recording was collected and is destroyed")

    def must_be_collected(self) -> None:
        """Raise `Conflict` unless collection is on record: only then may its slot be destroyed."""
        if self.state is not RecordingState.COLLECTED:
            raise Conflict(f"the recording {self.id} is {self.state}, not collected")

    def receive(self, now: datetime) -> Recording:
        """Return it as kept although the customer proved that it holds it; raise `Collected`."""
        self.must_open()
        return replace(self, state=RecordingState.RETAINED, received_at=self.received_at or now)

    def collect(self, now: datetime, cause: Cause, *, delete_on_collection: bool) -> Recording:
        """Return it as collected: the point of no return. Raise `Collected` or `Kept`."""
        self.must_open()
        may_shred(self, cause, delete_on_collection=delete_on_collection)
        proven_at = now if cause is Cause.COLLECTION else None
        return replace(self, state=RecordingState.COLLECTED, received_at=self.received_at or proven_at)

    def shred(self, now: datetime, log_index: int) -> Recording:
        """Return a collected one as shredded, with the index of the entry that says so; raise `Conflict`."""
        self.must_be_collected()
        return replace(self, state=RecordingState.SHREDDED, shredded_at=now, shred_log_index=log_index)


def payload_digest(blob: BlobKey, nonce: bytes) -> str:
    """Return what a recording's entry says of where its payload lies and how it begins; tells neither.

    128 bits of SHA-256: both are random, and the service chose them.
    """
    return hashlib.sha256(blob.encode() + b" " + nonce).hexdigest()[:32]


def may_shred(recording: Recording, cause: Cause, *, delete_on_collection: bool) -> None:
    """Pass, or raise `HoldInForce` or `RegimeKeeps`: the one gate before every way of ending a recording.

    A legal hold beats everything. A customer's regime (FCA SYSC 10A) beats collection, not an instruction.
    """
    if recording.holds:
        raise HoldInForce(f"a legal hold keeps the recording {recording.id}")
    if cause is Cause.COLLECTION and not delete_on_collection:
        raise RegimeKeeps(f"the customer's instruction keeps the recording {recording.id}")
