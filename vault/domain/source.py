"""An upload source: a PBX or platform that may write recordings and do nothing else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from vault.domain.names import CustomerId, SourceId, SourceName
from vault.errors import BadToken, Closed


@dataclass(frozen=True, slots=True)
class Source:
    """A source uploads for one customer, or with `customer=None` the company's own calls.

    `zone` is the IANA zone of the local times in its file names; `region` (ISO 3166) reads its numbers.
    `token_id` and `hook_token_id` are digests of its bearer token and its write-only URL token.
    `vouched` authenticates `statement` under the service's key: a writer to the database can't turn one
    customer's calls into another's.
    """

    id: SourceId
    name: SourceName
    customer: CustomerId | None
    zone: str
    region: str
    token_id: str
    hook_token_id: str
    added_at: datetime
    revoked_at: datetime | None = None
    vouched: bytes = b""

    @property
    def statement(self) -> bytes:
        """What is vouched for: whose calls these tokens bring, and whether they still may."""
        parts = ("source", self.id, self.customer or "own", self.token_id, self.hook_token_id)
        return " ".join((*parts, "revoked" if self.revoked_at else "live")).encode()

    @property
    def terms(self) -> tuple[str, ...]:
        """What never changes of it, for the log to hold by a keyed digest."""
        added = self.added_at.astimezone(UTC).isoformat()
        return (self.id, self.name, self.customer or "own", self.zone, self.region, added)

    def must_be_live(self) -> None:
        """Raise `BadToken` for a source that was revoked: its token is as good as unknown."""
        if self.revoked_at is not None:
            raise BadToken("the token is unknown or revoked")

    def revoke(self, now: datetime) -> Source:
        """Return the source revoked; raise `Closed` the second time."""
        if self.revoked_at is not None:
            raise Closed(f"the source {self.name} was revoked already")
        return replace(self, revoked_at=now)
