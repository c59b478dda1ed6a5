"""The vault as a use case holds it: its ports, its service keys and its policy."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from keys.age import FileKey, HybridIdentity
from keys.secret import Secret
from keys.service import ServiceKeys
from vault.domain.guesses import Bucket
from vault.ports.anchors import AnchorPlace, TimestampAuthority
from vault.ports.blobs import BlobStore
from vault.ports.clock import Clock
from vault.ports.database import Database, Repositories, UnitOfWork
from vault.ports.slots import Slots

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Policy:
    """What the operator decided. `snapshot_horizon` is printed on every certificate; None is «unstated».

    `approve_grants` and `approve_openings` ask for a second DPO, who has `request_patience` to approve an
    opening. `base_url` is where customers come to.
    """

    recording_bytes_limit: int
    session_lifetime: timedelta
    link_lifetime: timedelta
    blob_sweep_age: timedelta
    snapshot_horizon: str | None
    approve_grants: bool = False
    approve_openings: bool = False
    request_patience: timedelta = timedelta(days=14)
    base_url: str = ""
    anchor_age: timedelta = timedelta(days=1)


class PasswordChecks(Protocol):
    """Where Argon2 is paid for: bounded lanes, so that guesses from outside never crowd out customers."""

    async def unlock(self, locked: bytes, password: Secret, *, trusted: bool) -> HybridIdentity:
        """Unlock an identity on a worker thread.

        `trusted` picks the lane of known networks and valid links. Raise
        `keys.errors.NoMatchingIdentity` for a wrong password, `Overloaded` when the lane is full.
        """
        ...

    async def open_header(self, sealed: bytes, password: Secret) -> FileKey:
        """Open an age header with a password, in the trusted lane; raise as `unlock` does."""
        ...


class StoppedGuesses(Protocol):
    """Counts guesses turned away before they cost anything; written to the buckets now and then."""

    def count(self, bucket: str, times: int = 1) -> None:
        """Note one more, or so many; waits for nothing."""
        ...

    def take(self) -> Mapping[str, int]:
        """Return the counts since the last call, and begin anew."""
        ...

    def remember(self, presented: str, full: Bucket, now: datetime, /) -> None:
        """Keep for a moment in which full bucket a try fell that was presented so; bounded."""
        ...

    def remembered(self, presented: str, now: datetime, /) -> Bucket | None:
        """Return that bucket while the moment lasts."""
        ...


@dataclass(frozen=True, slots=True)
class Vault:
    """Everything a use case may touch."""

    id: str
    database: Database
    blobs: BlobStore
    slots: Slots
    clock: Clock
    keys: ServiceKeys
    passwords: PasswordChecks
    stopped_guesses: StoppedGuesses
    policy: Policy
    anchor_places: Sequence[AnchorPlace] = ()
    timestamps: TimestampAuthority | None = None

    def unit_of_work(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """Begin a change; see `Database.unit_of_work`."""
        return self.database.unit_of_work()

    def reading(self) -> AbstractAsyncContextManager[Repositories]:
        """Begin a reading snapshot; see `Database.reading`."""
        return self.database.reading()

    async def change(self, body: Callable[[UnitOfWork], Coroutine[Any, Any, T]]) -> T:
        """Make a change at one go; see `Database.change`."""
        return await self.database.change(body)

    async def read(self, body: Callable[[Repositories], Coroutine[Any, Any, T]]) -> T:
        """Read at one go; see `Database.read`."""
        return await self.database.read(body)
