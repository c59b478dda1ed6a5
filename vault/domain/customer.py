"""A customer: the contracting company whose calls are held, controller of its processor-side recordings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from vault.domain.names import CustomerId, CustomerName
from vault.errors import Closed, Invalid

LINE_CHARACTERS = 320  # 64 before the @, 255 after it: RFC 5321, section 4.5.3.1


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer with the reference of its recording agreement.

    `delete_on_collection` is off only by the customer's instruction (FCA SYSC 10A firms keep recordings).
    """

    id: CustomerId
    name: CustomerName
    agreement: str
    added_at: datetime
    title: str | None = None
    email: str | None = None
    delete_on_collection: bool = True
    closed_at: datetime | None = None

    @property
    def terms(self) -> tuple[str, ...]:
        """Who it is and how it is reached, for the log to hold by a keyed digest each time it changes."""
        added = self.added_at.astimezone(UTC).isoformat()
        return (self.id, self.name, self.agreement, added, self.title or "", self.email or "")

    def must_be_open(self) -> None:
        """Raise `Closed` for a customer that was closed."""
        if self.closed_at is not None:
            raise Closed(f"the customer {self.name} is closed")

    def close(self, now: datetime) -> Customer:
        """Return the customer closed: nothing is uploaded for it any more; what waits can be collected."""
        self.must_be_open()
        return replace(self, closed_at=now)


def parse_agreement(text: str) -> str:
    """Return the reference of a recording agreement; raise `Invalid` for none.

    A processor records on its controller's instruction only (UK GDPR Article 28).
    """
    reference = text.strip()
    if not reference:
        raise Invalid("a customer needs the reference of its recording agreement")
    return reference


def parse_line(text: str | None) -> str | None:
    """Return a title or an address for mail, trimmed; raise `Invalid` unless it is one printable line.

    It goes into heads of mail and of pages, where a second line would be another field.
    """
    if text is None:
        return None
    line = text.strip()
    if len(line) > LINE_CHARACTERS or not line.isprintable():
        raise Invalid(f"a title or address is one line of {LINE_CHARACTERS} characters at most")
    return line
