"""Delete the blobs of shredded recordings, each until it is proven absent."""

from __future__ import annotations

from collections.abc import Container, Sequence
from datetime import datetime, timedelta

from vault.domain.names import BlobKey
from vault.errors import LogCorrupt, StoreUnavailable
from vault.ports.vault import Vault
from vault.sealing.payload import is_missing
from vault.usecases.free_blobs import free_blobs

_BATCH = 100
_RETRY = timedelta(minutes=1)


async def delete_queued_blobs(vault: Vault) -> int:
    """Take a turn at what is queued; return how many are gone.

    One that lies there without a shredded recording leaves the queue and is the sweep's, which asks the whole
    log first: an upload that failed while the store was away left it, or somebody else queued it. Raise
    `LogCorrupt` for such, the others being done.
    """
    now = vault.clock.now()
    async with vault.reading() as rows:
        due = await rows.blob_deletions.due(now, _BATCH)
    if not due:
        return 0
    free = await free_blobs(vault, due)
    gone = [key for key in due if key in free and await delete_blob(vault, key)]
    unproven = [key for key in due if key not in free]
    await _note(vault, due, {*gone, *unproven}, now + _RETRY)
    if lying := [key for key in unproven if await _lies(vault, key)]:
        raise LogCorrupt(
            f"{len(lying)} blobs, {lying[0]} among them, were queued to be deleted, in which no shredded "
            "recording lay. They were left to the sweep"
        )
    return len(gone)


async def _lies(vault: Vault, key: BlobKey) -> bool:
    """Say whether there is such a blob, as far as the store can tell."""
    try:
        return not await is_missing(vault.blobs, key)
    except StoreUnavailable:
        return True


async def _note(vault: Vault, due: Sequence[BlobKey], done: Container[BlobKey], retry_at: datetime) -> None:
    async with vault.unit_of_work() as work:
        for key in due:
            if key in done:
                await work.blob_deletions.done(key)
            else:
                await work.blob_deletions.failed(key, retry_at)
        await work.commit()


async def delete_blob(vault: Vault, key: BlobKey) -> bool:
    """Delete a blob; say whether it is proven absent now, or the store did not answer."""
    try:
        await vault.blobs.delete(key)
    except StoreUnavailable:
        return False
    return True
