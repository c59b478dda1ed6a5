"""A founded vault with two customers and their sources, made once and copied for every test."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Self

from keys.secret import Secret
from tests.fakes.vault import Parts, fake_vault
from vault.domain.call import CallDetails
from vault.domain.customer import Customer
from vault.domain.event import Action, Actor, Channel
from vault.domain.names import CustomerName, RecordingId, Sha256, SourceName, StaffName
from vault.domain.recording import Recording
from vault.domain.source import Source
from vault.ports.log import EventFilter
from vault.ports.vault import Vault
from vault.usecases.add_customer import add_customer
from vault.usecases.add_source import add_source
from vault.usecases.authenticate import Visitor, authenticate
from vault.usecases.found_vault import Founding, found_vault
from vault.usecases.open_recording import OpenRecording
from vault.usecases.recorded_events import LoggedEvent, events_of
from vault.usecases.seal_recording import Upload, UploadReceipt, seal_recording
from vault.usecases.sign_in import sign_in

DPO = StaffName("dana")
OPERATOR = Actor("os:1000", "root", Channel.CLI)
PBX = Actor("source:pbx", "pbx", Channel.HTTP, "192.0.2.10")
VISITOR = Actor("visitor", "somebody", Channel.HTTP, "198.51.100.7")


@dataclass(frozen=True, slots=True)
class Known:
    """A customer with its password, a session begun from `VISITOR`'s network, and the source of its calls."""

    customer: Customer
    password: Secret
    session: Secret
    source: Source
    bearer: Secret
    hook: Secret


@dataclass(frozen=True, slots=True)
class Scene:
    """A vault with acme and zenith, and a source of the company's own calls."""

    parts: Parts
    vault: Vault
    founding: Founding
    acme: Known
    zenith: Known
    own: Source

    def copy(self) -> Self:
        """Return the same scene over a copy of its vault."""
        return self.over(self.parts.copy())

    def restarted(self) -> Self:
        """Return the same scene after a power cut."""
        return self.over(self.parts.restarted())

    def over(self, parts: Parts) -> Self:
        """Return the same scene over other parts."""
        return replace(self, parts=parts, vault=fake_vault(parts))

    async def visitor(self, known: Known, token: Secret | None = None) -> Visitor:
        """Return the customer, signed in."""
        return await authenticate(self.vault, (token or known.session).reveal().decode(), by=VISITOR)

    async def upload(
        self,
        source: Source,
        content: bytes,
        details: CallDetails | None = None,
        digests: Mapping[str, bytes] | None = None,
    ) -> UploadReceipt:
        """Seal a recording, its body cut as networks do."""
        upload = Upload(details or CallDetails(), digests or {})
        return await seal_recording(self.vault, source, upload, body_of(content), by=PBX)

    def recording(self, recording: RecordingId) -> Recording:
        """Return a recording as it durably is."""
        return self.parts.database.state.recordings[recording]

    async def log(self, action: Action | None = None) -> list[LoggedEvent]:
        """Return the entries of an action, oldest first."""
        async with self.vault.reading() as rows:
            newest_first = await events_of(rows, EventFilter(action=action), limit=100_000)
        return list(reversed(newest_first))


async def body_of(content: bytes, step: int = 50_000) -> AsyncIterator[bytes]:
    """Yield a body in pieces."""
    for start in range(0, len(content), step):
        yield content[start : start + step]


async def read_all(opened: OpenRecording) -> bytes:
    """Return the whole plaintext."""
    return b"".join([piece async for piece in opened.plaintext(0, opened.recording.bytes)])


def digest(content: bytes) -> Sha256:
    """Return what a customer proves with."""
    return Sha256(hashlib.sha256(content).hexdigest())


@cache
def founded() -> Scene:
    """Return the one scene that all are copied from; not to be changed, nor called from within a loop."""
    return asyncio.run(_found())


async def _found() -> Scene:
    parts = Parts()
    vault = fake_vault(parts)
    founding = await found_vault(vault, b"wrapped", DPO, by=OPERATOR)
    acme, zenith = [await _known(vault, name) for name in ("acme", "zenith")]
    own, _ = await add_source(
        vault, SourceName("office"), customer=None, zone="Europe/London", region="GB", by=OPERATOR
    )
    return Scene(parts, vault, founding, acme, zenith, own)


async def _known(vault: Vault, name: str) -> Known:
    customer, password = await add_customer(
        vault, CustomerName(name), agreement=f"contract of {name}", by=OPERATOR
    )
    source, tokens = await add_source(
        vault,
        SourceName(f"{name}-pbx"),
        customer=customer.name,
        zone="Europe/London",
        region="GB",
        by=OPERATOR,
    )
    signed_in = await sign_in(vault, customer=name, password=password.reveal().decode(), by=VISITOR)
    return Known(customer, password, signed_in.token, source, tokens.bearer, tokens.hook)
