"""What a DPO has proven of the access log, or recomputed, or written out."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Callable
from typing import Annotated

from msgspec import Meta, Struct

from keys.errors import SignatureInvalid
from vault.entrypoints.staff.audit import OneEntry
from vault.entrypoints.staff.operation import DPO_ALONE, Acting, Operation, StreamOperation
from vault.entrypoints.staff.row import Row
from vault.errors import LogCorrupt, ProofInvalid
from vault.ports.vault import Vault
from vault.usecases.export_log import export_log
from vault.usecases.gather_anchors import Gathered, gather_anchors
from vault.usecases.prove_entry import sign_checkpoint
from vault.usecases.read_log import show_proof
from vault.usecases.verify_log import Verification, verify_log


class VerifyLog(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A kept checkpoint with which the log must begin; whether the vault's own anchors are looked at, too."""

    since_checkpoint: str | None = None
    anchors: bool = False


class Nothing(Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing more has to be said."""


class Proven(Struct, frozen=True):
    """What is sure of a proof."""

    proof: str


class Verified(Struct, frozen=True):
    """What is sure of a verification."""

    ok: bool
    findings: list[str]


class Signed(Struct, frozen=True):
    """What is sure of a checkpoint."""

    checkpoint: str


class VerifierKey(Struct, frozen=True):
    """What is sure of the verifier key."""

    key: str


class Exported(Struct, frozen=True):
    """What is sure of a file of the log: it has its place, and none outside the folder (C2SP tlog-tiles)."""

    path: Annotated[
        str,
        Meta(pattern=r"\A(checkpoint|tile/([0-9]{1,2}|entries)/(x[0-9]{3}/)*[0-9]{3}(\.p/[0-9]{1,3})?)\Z"),
    ]
    content: bytes


async def _prove(vault: Vault, acting: Acting, asked: OneEntry) -> Row:
    """Prove that an entry is in the log (C2SP tlog-proof)."""
    return {"proof": (await show_proof(vault, asked.index, by=acting.actor)).encode().decode()}


async def _verify(vault: Vault, _acting: Acting, asked: VerifyLog) -> Row:
    """Recompute the whole log and compare it with the database, and with the anchors if asked."""
    kept = asked.since_checkpoint.encode() if asked.since_checkpoint is not None else None
    try:
        return await verified(vault, kept, anchors=asked.anchors)
    except (
        SignatureInvalid,
        ProofInvalid,
        LogCorrupt,
    ) as error:  # it is no checkpoint of this log
        return not_verified(error, anchors=asked.anchors)


async def verified(
    vault: Vault, kept: bytes | None, *, anchors: bool, progress: Callable[[int, int], None] = lambda *_: None
) -> Row:
    """Return what the verification found; raise as `verify_log` for what is no checkpoint of this log."""
    found = await gather_anchors(vault) if anchors else Gathered((), 0, ())
    result = await verify_log(vault, since=kept, anchors=found.checkpoints, progress=progress)
    return _verification_row(result, found, anchors=anchors)


def not_verified(error: Exception, *, anchors: bool) -> Row:
    """Return what is shown of a log that was not even begun with."""
    return _verification_row(Verification(0, None, [str(error)]), Gathered((), 0, ()), anchors=anchors)


def _verification_row(result: Verification, anchored: Gathered, *, anchors: bool) -> Row:
    findings = [*result.findings, *anchored.findings]
    return {
        "ok": not findings,
        "size": result.size,
        "root": base64.b64encode(result.root).decode() if result.root else None,
        "erased_details": result.erased,
        **({"anchors": len(anchored.checkpoints), "stamped": anchored.stamped} if anchors else {}),
        "findings": findings,
    }


async def _checkpoint(vault: Vault, _acting: Acting, _asked: Nothing) -> Row:
    """Show the log's signed size and root."""
    return {"checkpoint": (await sign_checkpoint(vault)).decode()}


async def _key(vault: Vault, _acting: Acting, _asked: Nothing) -> Row:
    """Show the log's verifier key."""
    return {"key": vault.keys.signer.verifier_key}


async def _export(vault: Vault, acting: Acting, _asked: Nothing) -> AsyncIterator[Row]:
    """Show the log as C2SP tlog-tiles, file by file: `path`, and `content` in base64."""
    async for path, content in export_log(vault, by=acting.actor):
        yield {"path": path, "content": base64.b64encode(content).decode()}


PROVE = Operation("audit prove", OneEntry, _prove, DPO_ALONE, many=False, sure=Proven)
VERIFY = Operation("audit verify", VerifyLog, _verify, DPO_ALONE, many=False, sure=Verified)
CHECKPOINT = Operation("audit checkpoint", Nothing, _checkpoint, DPO_ALONE, many=False, sure=Signed)
KEY = Operation("audit key", Nothing, _key, DPO_ALONE, many=False, sure=VerifierKey)
EXPORT = StreamOperation("audit export", Nothing, _export, DPO_ALONE, sure=Exported)
OPERATIONS = (PROVE, VERIFY, CHECKPOINT, KEY)
