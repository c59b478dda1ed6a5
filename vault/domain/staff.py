"""Staff and the groups they hold keys for: the DPO office and the tech managers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from vault.domain.names import StaffId, StaffName
from vault.errors import Closed


class Role(StrEnum):
    """What a person is to the vault."""

    DPO = "dpo"
    TECH_MANAGER = "tech-manager"
    MANAGER = "manager"


class Group(StrEnum):
    """Who shares an identity. Recordings are sealed to groups, groups' identities to people."""

    DPO_OFFICE = "dpo-office"
    TECH_MANAGERS = "tech-managers"


_GROUPS = {Role.DPO: Group.DPO_OFFICE, Role.TECH_MANAGER: Group.TECH_MANAGERS}


@dataclass(frozen=True, slots=True)
class StaffMember:
    """A person with a role."""

    id: StaffId
    name: StaffName
    role: Role
    added_at: datetime
    removed_at: datetime | None = None

    @property
    def terms(self) -> tuple[str, ...]:
        """What never changes of a person, for the log to hold by a keyed digest."""
        return (self.id, self.name, self.role, self.added_at.astimezone(UTC).isoformat())

    @property
    def group(self) -> Group | None:
        """The group whose identity this person's opens; a manager's opens none."""
        return _GROUPS.get(self.role)

    def must_be_here(self) -> None:
        """Raise `Closed` for who has left."""
        if self.removed_at is not None:
            raise Closed(f"{self.name} has left already")

    def remove(self, now: datetime) -> StaffMember:
        """Return the person as one who has left; raise `Closed` the second time."""
        self.must_be_here()
        return replace(self, removed_at=now)


class Owner(StrEnum):
    """Whose identity it is."""

    CUSTOMER = "customer"
    GROUP = "group"
    STAFF = "staff"
    RECOVERY = "recovery"


@dataclass(frozen=True, slots=True)
class LockedIdentity:
    """A public recipient and, under a slot, the identity that opens for it, locked.

    `generation` counts up when the identity itself is renewed; a new password only locks the same one anew.
    `vouched` authenticates (owner, owner_id, generation, recipient) under the service's key.
    `slot` and `sealed` are None for an identity kept outside (recovery, a person's own file).
    """

    owner: Owner
    owner_id: str
    generation: int
    recipient: str
    vouched: bytes
    slot: int | None
    sealed: bytes | None

    @property
    def statement(self) -> bytes:
        """What is vouched for: this recipient is this owner's in this generation."""
        return f"recipient {self.owner} {self.owner_id} {self.generation} {self.recipient}".encode()

    @property
    def binding(self) -> bytes:
        """What the locked identity is bound to under its slot."""
        return b"identity of " + self.statement
