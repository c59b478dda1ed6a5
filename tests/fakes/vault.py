"""A vault of fakes, joined as `vault.app` joins the real parts."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Self

from keys.service import ServiceKeys
from tests.fakes.blobs import MemoryBlobs
from tests.fakes.clock import SettableClock
from tests.fakes.database import MemoryDatabase
from tests.fakes.passwords import CountedPasswords
from tests.fakes.power import Power
from tests.fakes.slots import MemorySlots
from tests.fakes.state import State
from tests.fakes.tally import Tally
from vault.app.notary import LogNotary
from vault.domain.names import new_id
from vault.ports.vault import Policy, Vault

POLICY = Policy(
    recording_bytes_limit=8 * 1024 * 1024,
    session_lifetime=timedelta(hours=12),
    link_lifetime=timedelta(days=7),
    blob_sweep_age=timedelta(days=1),
    snapshot_horizon="14 days",
)


def _new_keys() -> ServiceKeys:
    return ServiceKeys(ServiceKeys.new_secret(), f"callvault/{new_id()}")


@dataclass(slots=True, kw_only=True)
class Parts:
    """The fakes of one vault, each open to the test that uses it."""

    id: str = field(default_factory=new_id)
    keys: ServiceKeys = field(default_factory=_new_keys)
    clock: SettableClock = field(default_factory=SettableClock)
    slots: MemorySlots = field(default_factory=MemorySlots)
    blobs: MemoryBlobs = field(default_factory=MemoryBlobs)
    state: State = field(default_factory=State)
    policy: Policy = POLICY
    passwords: CountedPasswords = field(default_factory=CountedPasswords)
    stopped: Tally = field(default_factory=Tally)
    power: Power = field(default_factory=Power)
    database: MemoryDatabase = field(init=False)

    def __post_init__(self) -> None:
        self.database = MemoryDatabase(self.clock, self.state, notary=LogNotary(self.keys, self.slots))
        self.database.power = self.slots.power = self.power

    def copy(self) -> Self:
        """Return a vault of its own that begins as this one is: nothing in one reaches the other."""
        return type(self)(
            id=self.id,
            keys=self.keys,
            clock=SettableClock(self.clock.moment),
            slots=self.slots.copy(),
            blobs=MemoryBlobs(dict(self.blobs.blobs), written_at=dict(self.blobs.written_at)),
            state=self.database.state.copy(),
            policy=self.policy,
        )

    def restarted(self) -> Self:
        """Return the vault after a power cut: what was durable is there, what was in memory is not."""
        return type(self)(
            id=self.id,
            keys=self.keys,
            clock=self.clock,
            slots=self.slots,
            blobs=self.blobs,
            state=self.database.state,
            policy=self.policy,
        )

    def beside(self, slots: MemorySlots) -> Self:
        """Return this database and store beside other slots: a backup put back, or the reverse."""
        return self.but(slots=slots)

    def but(self, **changes: Any) -> Self:  # noqa: ANN401 - the types are those of the fields
        """Return these parts with some of them exchanged."""
        return replace(self, state=self.database.state, **changes)


def fake_vault(parts: Parts | None = None) -> Vault:
    """Return a vault over these parts, or over new, empty ones; it has not been founded."""
    parts = parts or Parts()
    return Vault(
        id=parts.id,
        database=parts.database,
        blobs=parts.blobs,
        slots=parts.slots,
        clock=parts.clock,
        keys=parts.keys,
        passwords=parts.passwords,
        stopped_guesses=parts.stopped,
        policy=parts.policy,
    )
