"""What a DPO asks of the access log."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator

from msgspec import Struct

from keys.errors import SignatureInvalid
from vault.domain.event import Action, Outcome
from vault.domain.names import parse_id_prefix, parse_name
from vault.entrypoints.staff.log_rows import event_row
from vault.entrypoints.staff.operation import (
    DPO_ALONE,
    Acting,
    IdText,
    Index,
    Limit,
    LineText,
    Moment,
    NameText,
    Operation,
    Rows,
    StreamOperation,
)
from vault.entrypoints.staff.row import Row
from vault.errors import LogCorrupt, ProofInvalid
from vault.ports.log import EventFilter
from vault.ports.vault import Vault
from vault.usecases.erase_details import erase_details
from vault.usecases.export_log import export_log
from vault.usecases.look_up import look_up
from vault.usecases.prove_entry import sign_checkpoint
from vault.usecases.read_log import follow_events, list_events, show_event, show_proof
from vault.usecases.verify_log import Verification, verify_log


class ListEvents(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which entries: those that fit every field that is given, below `before`, so many at most."""

    actor: NameText | None = None
    recording: IdText | None = None
    customer: NameText | None = None
    action: Action | None = None
    outcome: Outcome | None = None
    since: Moment | None = None
    until: Moment | None = None
    before: Index | None = None
    limit: Limit = 100


class OneEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """An entry, by its place in the log."""

    index: Index


class VerifyLog(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A kept checkpoint with which the log must begin, or nothing."""

    since_checkpoint: str | None = None


class EraseDetails(Struct, frozen=True, forbid_unknown_fields=True):
    """Whose details are to go, and why."""

    indexes: list[Index]
    reason: LineText


class TailLog(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How many of the newest entries, and whether new ones follow without an end."""

    lines: Limit = 10
    follow: bool = True


class Nothing(Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing more has to be said."""


async def _list(vault: Vault, acting: Acting, asked: ListEvents) -> Rows:
    """List entries of the access log, newest first."""
    named = await look_up(
        vault,
        actor=asked.actor,
        recording=parse_id_prefix(asked.recording) if asked.recording else None,
        customer=parse_name(asked.customer) if asked.customer else None,
    )
    which = EventFilter(
        actor=named.actor,
        recording=named.recording,
        customer=named.customer,
        action=asked.action,
        outcome=asked.outcome,
        since=asked.since,
        until=asked.until,
    )
    events = await list_events(vault, which, by=acting.actor, before=asked.before, limit=asked.limit)
    return [event_row(event) for event in events]


async def _show(vault: Vault, acting: Acting, asked: OneEntry) -> Row:
    """Show one entry of the access log."""
    return event_row(await show_event(vault, asked.index, by=acting.actor))


async def _prove(vault: Vault, acting: Acting, asked: OneEntry) -> Row:
    """Prove that an entry is in the log (C2SP tlog-proof)."""
    return {"proof": (await show_proof(vault, asked.index, by=acting.actor)).encode().decode()}


async def _verify(vault: Vault, _acting: Acting, asked: VerifyLog) -> Row:
    """Recompute the whole log and compare it with the database."""
    kept = asked.since_checkpoint.encode() if asked.since_checkpoint is not None else None
    try:
        result = await verify_log(vault, since=kept)
    except (
        SignatureInvalid,
        ProofInvalid,
        LogCorrupt,
    ) as error:  # it is no checkpoint of this log
        result = Verification(0, None, [str(error)])
    root = base64.b64encode(result.root).decode() if result.root else None
    findings = list(result.findings)
    return {
        "ok": not findings,
        "size": result.size,
        "root": root,
        "erased_details": result.erased,
        "findings": findings,
    }


async def _checkpoint(vault: Vault, _acting: Acting, _asked: Nothing) -> Row:
    """Show the log's signed size and root."""
    return {"checkpoint": (await sign_checkpoint(vault)).decode()}


async def _key(vault: Vault, _acting: Acting, _asked: Nothing) -> Row:
    """Show the log's verifier key."""
    return {"key": vault.keys.signer.verifier_key}


async def _tail(vault: Vault, acting: Acting, asked: TailLog) -> AsyncIterator[Row]:
    """Show the newest entries and, if asked, every new one as it comes."""
    async for event in follow_events(vault, by=acting.actor, lines=asked.lines, follow=asked.follow):
        yield event_row(event)


async def _export(vault: Vault, acting: Acting, _asked: Nothing) -> AsyncIterator[Row]:
    """Show the log as C2SP tlog-tiles, file by file: `path`, and `content` in base64."""
    async for path, content in export_log(vault, by=acting.actor):
        yield {"path": path, "content": base64.b64encode(content).decode()}


async def _erase(vault: Vault, acting: Acting, asked: EraseDetails) -> Row:
    """Erase what detail rows say of people; the entries stay."""
    return {"erased": list(await erase_details(vault, acting.proven, asked.indexes, reason=asked.reason))}


LIST = Operation("audit list", ListEvents, _list, DPO_ALONE, many=True, paged_by="index")
SHOW = Operation("audit show", OneEntry, _show, DPO_ALONE, many=False)
PROVE = Operation("audit prove", OneEntry, _prove, DPO_ALONE, many=False)
VERIFY = Operation("audit verify", VerifyLog, _verify, DPO_ALONE, many=False)
CHECKPOINT = Operation("audit checkpoint", Nothing, _checkpoint, DPO_ALONE, many=False)
KEY = Operation("audit key", Nothing, _key, DPO_ALONE, many=False)
ERASE = Operation("audit erase-details", EraseDetails, _erase, DPO_ALONE, many=False, proof=True)
TAIL = StreamOperation("audit tail", TailLog, _tail, DPO_ALONE)
EXPORT = StreamOperation("audit export", Nothing, _export, DPO_ALONE)
STREAMS = (TAIL, EXPORT)
OPERATIONS = (LIST, SHOW, PROVE, VERIFY, CHECKPOINT, KEY, ERASE)
