"""Collect everything that waits: download, keep, confirm, save the certificate; in this order, one by one.

A recording is confirmed only once its file is whole, synced and under its name: from the receipt on, ours is
the only copy.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from keys.signing import NoteVerifier
from vault.entrypoints.client.collecting import Collected, Collector, Waiting
from vault.entrypoints.client.download import Advance, Download
from vault.entrypoints.client.evidence import must_certify
from vault.entrypoints.client.failures import CertificateWrong, ClientError, ServerRefused
from vault.entrypoints.client.ledger import Held, Ledger
from vault.entrypoints.client.names import reserve, safe_name

Meter = Callable[[str, int], AbstractContextManager[Advance]]
"""Given a name and a size, shows how it goes on."""

_FINAL = {"shredded"}


@dataclass(frozen=True, slots=True)
class Fetched:
    """What became of one recording; `error` says why it did not work, `file` is then None or unconfirmed."""

    id: str
    file: Path | None = None
    bytes: int = 0
    sha256: str | None = None
    state: str | None = None
    certificate: Path | None = None
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Brings a customer's recordings into a folder. `verifier` is that of the vault's log, if known."""

    collector: Collector
    folder: Path
    ledger: Ledger
    meter: Meter
    verifier: NoteVerifier | None = None

    async def run(self) -> AsyncIterator[Fetched]:
        """Yield what became of each recording; one that fails does not stop the others."""
        waiting = await self.collector.waiting()
        listed = {recording.id for recording in waiting}
        for held in list(self.ledger.held.values()):
            if held.id not in listed and held.state not in _FINAL:
                async for result in self._finish(held):
                    yield result
        for recording in waiting:
            try:
                yield await self._fetch(recording)
            except (ClientError, OSError) as error:
                yield Fetched(recording.id, error=error)

    async def _finish(self, held: Held) -> AsyncIterator[Fetched]:
        """Ask again for a certificate that an earlier run could not get, where it is still to be had."""
        if await asyncio.to_thread(self._on_disk, held.id) is None:
            return
        try:
            yield await self._confirm(held)
        except ServerRefused:
            return  # another customer's, or not of this link: what is asked for now does not concern it
        except (ClientError, OSError) as error:
            yield Fetched(held.id, error=error)

    async def _fetch(self, recording: Waiting) -> Fetched:
        held = await asyncio.to_thread(self._on_disk, recording.id)
        if held is not None and recording.state == "retained" and held.state is not None:
            return self._fetched(held, None)
        return await self._confirm(held or await self._download(recording))

    def _on_disk(self, recording: str) -> Held | None:
        """Return what an earlier run brought, if it is still there unchanged."""
        held = self.ledger.held.get(recording)
        if held is None:
            return None
        try:
            with (self.folder / held.file).open("rb") as file:
                intact = hashlib.file_digest(file, "sha256").hexdigest() == held.sha256
        except OSError:
            return None
        return held if intact else None

    async def _download(self, recording: Waiting) -> Held:
        name = safe_name(recording.file_name, recording.id)
        part = self.folder / f".{name}.{recording.id}.part"
        with self.meter(name, recording.bytes) as advance:
            sha256 = await Download(self.collector, recording, part, advance).run()
        target = reserve(self.folder, name)
        held = Held(recording.id, target.name, sha256)
        # Noted first: after a crash here the line names a file whose digest tells that it is another.
        self.ledger.note(held)
        part.replace(target)
        _sync_folder(self.folder)
        return held

    async def _confirm(self, held: Held) -> Fetched:
        try:
            answer = await self.collector.confirm(held.id, held.sha256)
        except ServerRefused as error:
            if error.code == "digest_mismatch":
                raise ClientError(self._set_aside(held)) from None
            raise
        certificate = self._save_certificate(held, answer)
        confirmed = replace(held, state=answer.state)
        self.ledger.note(confirmed)
        return self._fetched(confirmed, certificate)

    def _set_aside(self, held: Held) -> str:
        """Move what is not the recording out of the way; the next run downloads it from the beginning."""
        aside = reserve(self.folder, f"{held.file}.damaged")
        (self.folder / held.file).replace(aside)
        return (
            f"what arrived is not the recording and was put aside as {aside.name}; "
            "the vault destroyed nothing, run this again"
        )

    def _save_certificate(self, held: Held, answer: Collected) -> Path | None:
        """Keep the certificate; raise `CertificateWrong` for one that does not fit, which is put aside.

        The receipt stays unanswered in the ledger then, so that the next run asks again.
        """
        if answer.certificate is None:
            if answer.state in _FINAL:
                raise CertificateWrong(
                    "the vault says that it destroyed the recording, and certifies nothing"
                )
            return None
        text = answer.certificate.encode("utf-8", "surrogatepass")
        try:
            must_certify(text, held, self.verifier)
        except CertificateWrong as error:
            aside = _save(self.folder, f"{held.file}.tlog-proof.wrong", text)
            kept = f"the recording is kept as {held.file}, what came instead as {aside.name}"
            raise CertificateWrong(f"{error}; {kept}") from None
        return _save(self.folder, f"{held.file}.tlog-proof", text)

    def _fetched(self, held: Held, certificate: Path | None) -> Fetched:
        path = self.folder / held.file
        return Fetched(held.id, path, path.stat().st_size, held.sha256, held.state, certificate)


def _save(folder: Path, name: str, content: bytes) -> Path:
    """Write a new file, durably; return the name that was free."""
    target = reserve(folder, name)
    with target.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    _sync_folder(folder)
    return target


def _sync_folder(folder: Path) -> None:
    """Make a rename survive a power cut."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
