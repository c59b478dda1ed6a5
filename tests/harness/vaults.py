"""Real vaults in a folder: SQLite, files, slots, a local root key, a customer and sources in them."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from keys.slots import describe_filesystem
from vault.app.founding import create_vault
from vault.app.opening import open_vault
from vault.config import Settings, load
from vault.domain.call import CallDetails
from vault.domain.event import SERVICE, Actor, Channel
from vault.domain.names import CustomerName, SourceName, StaffName
from vault.ports.vault import Vault
from vault.usecases.add_customer import add_customer
from vault.usecases.add_source import add_source
from vault.usecases.authenticate import Visitor, authenticate
from vault.usecases.create_link import create_link
from vault.usecases.identify_source import identify_source
from vault.usecases.recover import recover
from vault.usecases.seal_recording import Upload, UploadReceipt, seal_recording
from vault.usecases.sign_in import sign_in

SOMEBODY = Actor("somebody", "somebody", Channel.HTTP, "127.0.0.1")


@dataclass(frozen=True)
class RealVault:
    """A founded vault: where it lies, and the secrets that were shown once."""

    data: Path
    passphrase: str
    recovery: str
    password: str
    bearer: str
    hook: str
    own_bearer: str
    link: str
    environment: tuple[tuple[str, str], ...] = ()
    session: str | None = None
    """A token of its customer's, if it is signed in: it outlives restarts, and saves every visit Argon2."""

    @property
    def settings(self) -> Settings:
        """Its settings, as a door reads them."""
        return load(self.data, None, dict(self.environment))

    def copied_to(self, folder: Path) -> RealVault:
        """Return a copy of the whole vault, slots included."""
        shutil.copytree(self.data, folder)
        return replace(self, data=folder)

    def with_setting(self, name: str, value: str) -> RealVault:
        """Return it with one more `CALLVAULT_…` variable set."""
        return replace(self, environment=(*self.environment, (name, value)))

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Vault]:
        """Open it as the service does: recovered first."""
        async with open_vault(self.settings) as vault:
            await recover(vault)
            yield vault

    async def signed_in(self) -> RealVault:
        """Return it with its customer signed in."""
        async with self.opened() as vault:
            return replace(self, session=await self._sign_in(vault))

    async def visit(self, vault: Vault) -> Visitor:
        """Let its customer in by its session, or sign it in by link."""
        token = self.session or await self._sign_in(vault)
        return await authenticate(vault, token, by=SOMEBODY)

    async def _sign_in(self, vault: Vault) -> str:
        session = await sign_in(vault, link=self.link, password=self.password, by=SOMEBODY)
        return session.token.reveal().decode()

    async def upload(
        self, vault: Vault, content: bytes, *, name: str | None = "call.wav", own: bool = False
    ) -> UploadReceipt:
        """Upload as its PBX."""
        source = await identify_source(vault, self.own_bearer if own else self.bearer)
        upload = Upload(CallDetails(file_name=name))
        return await seal_recording(vault, source, upload, pieces_of(content), by=SERVICE)


async def pieces_of(content: bytes, size: int = 65536) -> AsyncIterator[bytes]:
    """Yield the content as a network would bring it."""
    for start in range(0, len(content), size):
        yield content[start : start + size]


def sha256(content: bytes) -> str:
    """Return the digest in hex."""
    return hashlib.sha256(content).hexdigest()


def found(data: Path, *environment: tuple[str, str]) -> RealVault:
    """Make a vault with a DPO, a customer, its PBX, a source of the company's own, and a link.

    `environment` are variables that it is made and opened with.
    """
    return asyncio.run(_found(data, (*_environment(data), *environment)))


def _environment(data: Path) -> tuple[tuple[str, str], ...]:
    """Allow for containers, whose temporary folders may lie on an overlay: the tests are of our code."""
    unsafe = describe_filesystem(data.parent).problem is not None
    return (("CALLVAULT_SLOTS__ALLOW_UNSAFE_FILESYSTEM", "true"),) if unsafe else ()


async def _found(data: Path, environment: tuple[tuple[str, str], ...]) -> RealVault:
    settings = load(data, None, dict(environment))
    _, founding = await create_vault(settings, StaffName("dana"), by=SERVICE)
    async with open_vault(settings) as vault:
        acme = CustomerName("acme")
        _, password = await add_customer(vault, acme, agreement="CT-2031", by=SERVICE)
        _, tokens = await add_source(
            vault, SourceName("pbx"), customer=acme, zone="Europe/London", region="GB", by=SERVICE
        )
        _, own = await add_source(
            vault, SourceName("office"), customer=None, zone="Europe/London", region="GB", by=SERVICE
        )
        _, link = await create_link(vault, acme, by=SERVICE)
    return RealVault(
        data=data,
        passphrase=founding.passphrase.reveal().decode(),
        recovery=founding.recovery.reveal().decode(),
        password=password.reveal().decode(),
        bearer=tokens.bearer.reveal().decode(),
        hook=tokens.hook.reveal().decode(),
        own_bearer=own.bearer.reveal().decode(),
        link=link.reveal().decode(),
        environment=environment,
    )
