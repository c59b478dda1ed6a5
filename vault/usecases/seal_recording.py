"""Take an upload: seal it as it comes, make it durable, answer with a receipt."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from keys.age import FileKey
from vault.domain.audio import inspect
from vault.domain.call import CallDetails
from vault.domain.event import Action, Actor, AuditEvent
from vault.domain.names import BlobKey, RecordingId, Sha256, new_id
from vault.domain.phone import search_term
from vault.domain.recording import Recording, RecordingState, payload_digest
from vault.domain.source import Source
from vault.errors import ContentDigestWrong, StoreUnavailable, VaultError
from vault.ports.blobs import Piece
from vault.ports.database import UnitOfWork
from vault.ports.repositories import NewRecording, Period
from vault.ports.vault import Vault
from vault.sealing import details as sealed_details
from vault.sealing import header
from vault.sealing.payload import SealingStream, is_missing
from vault.usecases.add_source import must_be_vouched
from vault.usecases.find_party import find_source


@dataclass(frozen=True, slots=True)
class Upload:
    """What a source announces besides the bytes.

    `digests` are those of the body that it claims, by hashlib name (`sha256`, `sha512`), checked before the
    receipt.
    """

    details: CallDetails = field(default_factory=CallDetails)
    digests: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UploadReceipt:
    """The promise that the recording survives a power cut. `created` is False for the same again."""

    recording: RecordingId
    sha256: Sha256
    bytes: int
    sealed_at: datetime
    log_index: int
    created: bool


@dataclass(frozen=True, slots=True)
class _Stored:
    """A sealed payload that is durable in the blob store and has no row yet."""

    id: RecordingId
    blob: BlobKey
    stream: SealingStream
    header: bytes
    details: CallDetails


async def seal_recording(
    vault: Vault, source: Source, upload: Upload, body: AsyncIterator[bytes], *, by: Actor
) -> UploadReceipt:
    """Return the receipt once the recording is durable; the same one again for the same upload.

    The same is: the same source, call id (or else file name) and digest. Raise `EmptyRecording`,
    `ContentDigestWrong`, `RecordingTooLarge`, `StorageFull`, `Unavailable`; nothing is half-kept.
    """
    owners = await header.owners(vault, source.customer)
    file_key = FileKey.generate()
    blob = BlobKey(new_id())
    stream = SealingStream(file_key, vault.policy.recording_bytes_limit, _second_digest(upload))
    async with aclosing(_checked(stream, upload, body)) as pieces:
        await vault.blobs.put(blob, pieces)
    try:
        stored = _Stored(
            RecordingId(new_id()),
            blob,
            stream,
            await header.seal(file_key, owners.recipients),
            _completed(upload, stream),
        )
        while (receipt := await _kept(vault, source, stored, owners.epoch, by)) is None:
            owners = await header.owners(vault, source.customer)
            stored = replace(stored, header=await header.seal(file_key, owners.recipients))
    except BaseException:
        await asyncio.shield(_forget(vault, blob))
        raise
    if not receipt.created:
        await _drop(vault, blob)
    return receipt


async def _kept(vault: Vault, source: Source, stored: _Stored, epoch: int, by: Actor) -> UploadReceipt | None:
    """Return the receipt once it is durable; None to try once more.

    That is: keys were rotated since the header was sealed, or what passed for the same has lost its payload
    and does so no more.
    """

    async def _record_unless_rotated(work: UnitOfWork) -> UploadReceipt | None:
        if await work.renewals.epoch() != epoch:
            return None
        return await _record(vault, work, source, stored, by)

    # Committed for the same again too: what was found may not be durable yet.
    receipt = await vault.change(_record_unless_rotated)
    if receipt is None or receipt.created or not await _has_no_payload(vault, receipt.recording):
        return receipt
    same = receipt.recording
    await vault.change(lambda work: work.recordings.forget_same_as(same))
    return None


async def _checked(
    stream: SealingStream, upload: Upload, body: AsyncIterator[bytes]
) -> AsyncGenerator[Piece, None]:
    """Pass the sealed pieces on; raise `ContentDigestWrong` before the blob is complete."""
    async with aclosing(stream.seal(body)) as pieces:
        async for piece in pieces:
            yield piece
    found = {"sha256": bytes.fromhex(stream.sha256), "sha512": stream.other_digest}
    for algorithm, claimed in upload.digests.items():
        if not hmac.compare_digest(found[algorithm] or b"", claimed):
            raise ContentDigestWrong("the body is not what its Content-Digest says; nothing was kept")


def _second_digest(upload: Upload) -> str | None:
    return "sha512" if "sha512" in upload.digests else None


def _completed(upload: Upload, stream: SealingStream) -> CallDetails:
    """Add what the file itself tells: its length in time, and the flag of an unfinished header."""
    facts = inspect(stream.head, stream.bytes, upload.details.file_name)
    duration = upload.details.duration_seconds
    return replace(
        upload.details,
        duration_seconds=facts.duration_seconds if duration is None else duration,
        header_incomplete=facts.header_incomplete,
    )


async def _record(
    vault: Vault, work: UnitOfWork, source: Source, stored: _Stored, by: Actor
) -> UploadReceipt:
    """Add the recording and its entry, or find the one that is the same."""
    must_be_vouched(vault, await find_source(work, source.name)).must_be_live()
    same_as = _same_as(vault, source, stored)
    if same_as is not None and (same := await work.recordings.same_as(same_as)) is not None:
        return _receipt(same, created=False)
    facts: dict[str, str | int | bool] = {"source": source.id, "sha256": stored.stream.sha256}
    facts |= {"customer": source.customer} if source.customer else {"own": True}
    facts["payload"] = payload_digest(stored.blob, stored.stream.nonce)
    appended = await work.log.append(
        AuditEvent(
            Action.RECORDING_SEALED, by, recording=stored.id, facts={**facts, "bytes": stored.stream.bytes}
        )
    )
    slot = await work.slots.claim("recording", appended.time)
    recording = Recording(
        id=stored.id,
        source=source.id,
        customer=source.customer,
        blob=stored.blob,
        nonce=stored.stream.nonce,
        sha256=stored.stream.sha256,
        bytes=stored.stream.bytes,
        sealed_at=appended.time,
        log_index=appended.index,
        slot=slot,
    )
    sealed = header.put_under(await vault.slots.claimable(slot), stored.header, recording)
    row = await _row(vault, work, source, stored.details, (recording, sealed))
    await work.recordings.add(replace(row, same_as=same_as))
    return _receipt(recording, created=True)


async def _row(
    vault: Vault,
    work: UnitOfWork,
    source: Source,
    details: CallDetails,
    sealed: tuple[Recording, bytes],
) -> NewRecording:
    """Put the call details under the slot of their day, and their numbers into the index of their month."""
    recording, sealed_header = sealed
    now = recording.sealed_at
    started_at = details.started_at or now
    day = started_at.date()
    day_slot = await sealed_details.period_slot(vault, work, Period.DAY_DETAILS, day, now)
    terms = {search_term(number, source.region) for number in details.numbers()} - {None}
    tokens: tuple[str, ...] = ()
    if terms:
        month = await sealed_details.period_slot(vault, work, Period.MONTH_INDEX, day.replace(day=1), now)
        tokens = tuple(sorted(sealed_details.number_token(month, term) for term in terms if term))
    return NewRecording(
        recording=recording,
        header=sealed_header,
        day=day,
        details=sealed_details.seal(day_slot, recording, details),
        started_at=started_at,
        same_as=None,
        call=vault.keys.blind("call id", details.call_id) if details.call_id else None,
        numbers=tokens,
    )


def _same_as(vault: Vault, source: Source, stored: _Stored) -> str | None:
    """Return the blinded idempotency key, or None with neither call id nor file name."""
    return sealed_details.same_upload(vault.keys, source.id, stored.details, stored.stream.sha256)


def _receipt(recording: Recording, *, created: bool) -> UploadReceipt:
    return UploadReceipt(
        recording.id, recording.sha256, recording.bytes, recording.sealed_at, recording.log_index, created
    )


async def _has_no_payload(vault: Vault, recording: RecordingId) -> bool:
    """Say whether a recording that waits has lost its payload: a receipt for it would promise nothing."""
    async with vault.reading() as rows:
        found = await rows.recordings.get(recording)
    if found is None or found.state is not RecordingState.WAITING:
        return False
    return await is_missing(vault.blobs, found.blob)


async def _forget(vault: Vault, blob: BlobKey) -> None:
    """Remove a payload that got no row.

    Asked in a unit of work, which comes after one whose commit is still under way: cut off while it waited
    for the disk, that recording may well stay. And put on record before it is done: of a commit whose sync
    failed, the write-ahead log still has every page, and a crash now would bring the row back without its
    payload. A durable commit is written over those pages.
    """
    with suppress(VaultError):
        async with vault.unit_of_work() as work:
            if await work.recordings.knows_blob(blob):
                return
            await work.blob_deletions.queue(blob, vault.clock.now())
            await work.commit()
        await _drop(vault, blob)


async def _drop(vault: Vault, blob: BlobKey) -> None:
    """Remove a payload that nobody needs; the sweeper takes what this can't."""
    with suppress(StoreUnavailable):
        await vault.blobs.delete(blob)
