"""What a vault hands to strangers about its log: exports, checkpoints, proofs and a certificate."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from keys.signing import NoteSigner
from tests.harness.staff import custodian, dana
from tests.harness.vaults import RealVault, sha256
from vault.domain.event import SERVICE, Action, AuditEvent
from vault.domain.names import RecordingId, Sha256, StaffName
from vault.domain.staff import Role
from vault.entrypoints.cli.files import ExportFolder
from vault.ports.vault import Vault
from vault.usecases.confirm_receipt import confirm_receipt
from vault.usecases.export_log import export_log
from vault.usecases.issue_grant import issue_grant
from vault.usecases.open_as_staff import open_as_staff
from vault.usecases.prove_entry import checkpoint_at, prove_entry
from vault.usecases.remove_staff import remove_staff
from vault.usecases.use_grant import use_grant

CALL = b"the sound of a call"
_REASON = "complaint 12"
EARLIER = 512  # exactly two full tiles
SIZE = 613
KEPT = (1, 2, 7, 255, 256, 257, 384, EARLIER, EARLIER + 1, SIZE - 1, SIZE)
PROVEN = (0, 1, 255, 256, 300, EARLIER - 1, EARLIER, SIZE - 1)


@dataclass(frozen=True)
class Exhibits:
    """What a vault of 613 entries hands out: exports, checkpoints, proofs and a certificate in one folder."""

    data: Path
    folder: Path
    signer: NoteSigner
    recording: str

    @property
    def key(self) -> str:
        """The verifier key."""
        return self.signer.verifier_key

    @property
    def export(self) -> Path:
        """The export of the whole log."""
        return self.folder / "export"

    @property
    def earlier(self) -> Path:
        """The export of the log as it was at `EARLIER` entries."""
        return self.folder / "earlier"

    @property
    def certificate(self) -> Path:
        """The destruction certificate of `recording`."""
        return self.folder / "certificate.tlog-proof"

    def kept(self, size: int) -> Path:
        """Return the file of an older checkpoint."""
        return self.folder / f"checkpoint-{size}"

    def proof(self, index: int) -> Path:
        """Return the file of an entry's proof."""
        return self.folder / f"{index}.tlog-proof"

    def copied(self, tmp_path: Path) -> Path:
        """Return an export of the test's own, to change."""
        return shutil.copytree(self.export, tmp_path / "export")


async def made(known: RealVault, folder: Path) -> Exhibits:
    """Let a vault live through one collection and many small events, and hand out what strangers get."""
    async with known.opened() as vault:
        recording, certificate = await _collected(known, vault)
        await _opened_by_staff(known, vault)
        await _grow(vault, EARLIER - 1)  # an export is an entry itself, and holds it
        await _export(vault, folder / "earlier")
        await _grow(vault, SIZE - 1)
        await _export(vault, folder / "export")
        exhibits = Exhibits(known.data, folder, vault.keys.signer, recording)
        exhibits.certificate.write_bytes(certificate.encode())
        for index in PROVEN:
            exhibits.proof(index).write_bytes((await prove_entry(vault, index)).encode())
        async with vault.reading() as rows:
            for size in KEPT:
                kept = await checkpoint_at(vault, rows, size)
                exhibits.kept(size).write_bytes(kept.sign(exhibits.signer))
    return exhibits


async def _collected(known: RealVault, vault: Vault) -> tuple[str, str]:
    """Upload and collect a recording; return it with the certificate of its destruction."""
    receipt = await known.upload(vault, CALL)
    visitor = await known.visit(vault)
    answer = await confirm_receipt(vault, visitor, RecordingId(receipt.recording), Sha256(sha256(CALL)))
    assert answer.certificate is not None
    return receipt.recording, answer.certificate


async def _opened_by_staff(known: RealVault, vault: Vault) -> None:
    """Have a DPO open a recording, and a manager by a grant; let the manager leave."""
    recording = (await known.upload(vault, CALL, name="another.wav", own=True)).recording
    dpo = await dana(vault, known.passphrase)
    mia = await custodian(vault, dpo, "mia", Role.MANAGER)
    await open_as_staff(vault, dpo, recording, reason=_REASON)
    _, password = await issue_grant(vault, dpo, recording, StaffName("mia"), reason=_REASON)
    await use_grant(vault, mia, recording, password=password, reason=_REASON)
    await remove_staff(vault, dpo, StaffName("mia"))


async def _grow(vault: Vault, size: int) -> None:
    async with vault.unit_of_work() as work:
        for number in range(await work.events.size(), size):
            await work.log.append(AuditEvent(Action.SESSION_ENDED, SERVICE, facts={"number": number}))
        await work.commit()


async def _export(vault: Vault, path: Path) -> None:
    folder = ExportFolder.prepare(path)
    async for name, content in export_log(vault, by=SERVICE):
        folder.write(name, content)
