"""What happened, as the access log will say it: who did what to which recording, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from vault.domain.names import RecordingId
from vault.errors import Invalid

REASON_CHARACTERS = 500


class Action(StrEnum):
    """Everything the log can say. Values are part of the outside contract."""

    VAULT_CREATED = "vault.created"
    MIRROR_ADDED = "mirror.added"
    DATABASE_MOVED = "database.moved"
    CUSTODY_REWRAPPED = "custody.rewrapped"
    RESIDENCY_EXCEPTED = "residency.excepted"
    RECORDING_SEALED = "recording.sealed"
    RECORDING_OPENED = "recording.opened"
    RECORDING_LISTED = "recording.listed"
    RECORDING_COLLECTED = "recording.collected"
    RECORDING_SHREDDED = "recording.shredded"
    RECORDING_EXPORTED = "recording.exported"
    RECORDING_REFUSED = "recording.refused"
    SHRED_INSTRUCTED = "shred.instructed"
    HOLD_PLACED = "hold.placed"
    HOLD_RELEASED = "hold.released"
    HOLD_LISTED = "hold.listed"
    CUSTOMER_ADDED = "customer.added"
    CUSTOMER_LISTED = "customer.listed"
    CUSTOMER_CHANGED = "customer.changed"
    CUSTOMER_CLOSED = "customer.closed"
    SOURCE_ADDED = "source.added"
    SOURCE_LISTED = "source.listed"
    SOURCE_REVOKED = "source.revoked"
    TOKEN_ISSUED = "token.issued"  # noqa: S105 - the name of an action
    PASSWORD_ISSUED = "password.issued"  # noqa: S105 - the name of an action
    PASSWORD_REFUSED = "password.refused"  # noqa: S105 - the name of an action
    PASSWORD_ACCEPTED = "password.accepted"  # noqa: S105 - the name of an action
    SESSION_ENDED = "session.ended"
    GRANT_ISSUED = "grant.issued"
    GRANT_APPROVED = "grant.approved"
    GRANT_USED = "grant.used"
    GRANT_REVOKED = "grant.revoked"
    GRANT_EXPIRED = "grant.expired"
    GRANT_LISTED = "grant.listed"
    OPENING_REQUESTED = "opening.requested"
    OPENING_APPROVED = "opening.approved"
    OPENING_LISTED = "opening.listed"
    LINK_CREATED = "link.created"
    LINK_LISTED = "link.listed"
    LINK_REVOKED = "link.revoked"
    STAFF_ADDED = "staff.added"
    STAFF_LISTED = "staff.listed"
    CERTIFICATE_READ = "certificate.read"
    LOG_READ = "log.read"
    LOG_ANCHORED = "log.anchored"
    REPORT_MADE = "report.made"
    DETAILS_ERASED = "details.erased"
    STAFF_REMOVED = "staff.removed"
    STAFF_RECOVERED = "staff.recovered"
    KEYS_ROTATED = "keys.rotated"
    KEYS_RENEWED = "keys.renewed"


class Outcome(StrEnum):
    """How it ended."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


class Channel(StrEnum):
    """The door it came through."""

    HTTP = "http"
    SFTP = "sftp"
    CLI = "cli"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever acts. `id` is opaque and enters the log; name and address lie in the erasable detail row.

    `said_by` is the opaque id of the user of this machine on whose word alone somebody is who they are.
    """

    id: str
    name: str
    channel: Channel
    address: str | None = None
    said_by: str | None = None


SERVICE = Actor(id="service", name="service", channel=Channel.SERVICE)


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One thing that happened, before it has a place in the log.

    `facts` are small values that name nobody (digest, size, counts) and enter the log as they are.
    `reason` and `detail` may name people: they lie in the detail row, of which the log holds a salted hash.
    """

    action: Action
    actor: Actor
    outcome: Outcome = Outcome.DONE
    recording: RecordingId | None = None
    facts: Mapping[str, str | int | bool] = field(default_factory=dict)
    reason: str | None = None
    detail: Mapping[str, str | int | bool] = field(default_factory=dict)

    def entry_facts(self) -> Mapping[str, str | int | bool]:
        """Return the facts as the entry has them: that nobody proved who acts is one, and is never erased."""
        if self.actor.said_by is None:
            return self.facts
        return {**self.facts, "said_by": self.actor.said_by}

    def detail_row(self) -> dict[str, str | int | bool]:
        """Return what lies beside the log: name, address, reason and whatever else names somebody."""
        row: dict[str, str | int | bool] = dict(self.detail)
        row["name"] = self.actor.name
        if self.actor.address:
            row["address"] = self.actor.address
        if self.reason:
            row["reason"] = self.reason
        return row


def parse_reason(text: str) -> str:
    """Return the reason for an access, trimmed; raise `Invalid` for none, or one over 500 characters."""
    return _line(text, "say why")


def parse_instruction(text: str) -> str:
    """Return who instructed something, and how; raise `Invalid` as `parse_reason` does."""
    return _line(text, "say who instructed it")


def _line(text: str, wanted: str) -> str:
    line = text.strip()
    # A lone surrogate could not be logged, and a line feed could feign a line.
    if not 1 <= len(line) <= REASON_CHARACTERS or not line.isprintable():
        raise Invalid(f"{wanted}, in one line of 1 to {REASON_CHARACTERS} characters")
    return line
