"""A session of somebody of the staff who works from a machine of their own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from vault.domain.names import SessionId, StaffId
from vault.errors import AccessDenied


class ProofKind(StrEnum):
    """What a person proved with, which says where their identity is.

    passphrase  it opened the identity here: the session holds it
    identity    an identity file, which stays with its owner: the session holds nothing
    """

    PASSPHRASE = "passphrase"  # noqa: S105 - the name of a kind of proof
    IDENTITY = "identity"


@dataclass(frozen=True, slots=True)
class StaffSession:
    """A person signed in. `sealed` is their own identity, or nothing, under the slot and the token's key.

    `lock` is the slot under which the person's identity lay then: with a new passphrase or a new identity,
    or once the person has left, it is another, and the session is over.
    """

    id: SessionId
    staff: StaffId
    proof: ProofKind
    lock: int
    slot: int
    sealed: bytes
    created_at: datetime
    expires_at: datetime

    @property
    def binding(self) -> bytes:
        """What is sealed is bound to: a row that somebody else wrote or changed is no session."""
        until = self.expires_at.astimezone(UTC).isoformat()
        return f"staff session {self.id} {self.staff} {self.proof} {self.lock} {until}".encode()

    @property
    def owner_facts(self) -> dict[str, str]:
        """How the log tells whose it is."""
        return {"staff": self.staff}

    def must_be_live(self, now: datetime, lock: int | None) -> None:
        """Raise `AccessDenied` once it has expired, or the person's identity lies under another slot."""
        if now >= self.expires_at or lock != self.lock:
            raise AccessDenied("sign in again")
