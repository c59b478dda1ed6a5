"""Whose blobs lie under a prefix: a small object that names the vault.

To the sweep of another vault every blob of ours would be one without a recording. Two vaults may share a
bucket, never a prefix. All of it blocks; call it on a thread.
"""

from __future__ import annotations

from botocore.exceptions import ClientError

from vault.errors import ConfigInvalid, VaultExists
from vault.store.s3.bucket import Bucket
from vault.store.s3.failures import code_of, translated
from vault.store.s3.listing import Listing

MARKER = "callvault.vault"
_TEXT = "Callvault keeps sealed recordings here. Leave this object: it says whose they are.\nvault {}\n"
_MOST_BYTES = 4096
_NEEDS = "s3:GetObject and s3:PutObject"
_TAKEN = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})


class Ownership:
    """The mark of one vault under one location's prefix."""

    def __init__(self, bucket: Bucket, owner: str) -> None:
        self._bucket = bucket
        self._owner = owner
        self._name = f"{bucket.location.prefix}{MARKER}"

    def must_be_free(self) -> None:
        """Raise `VaultExists` for a place that is another vault's, or `StoreUnavailable`."""
        with translated(f"the bucket {self._bucket.name} can't be looked at", needs=_NEEDS):
            told = self._told()
        if told != self._owner and (told is not None or self._holds_blobs()):
            raise VaultExists(
                f"{self._bucket.location} is another vault's; choose another prefix. If an init was cut off, "
                f"remove {MARKER} there. Nothing was changed"
            )

    def claim(self) -> None:
        """Name our vault where none is named; raise `ConfigInvalid` for another vault's place."""
        with translated(f"the bucket {self._bucket.name} can't be marked", needs=_NEEDS):
            told = self._told()
            if told is None:
                self._put()
                told = self._told()
        if told != self._owner:
            raise ConfigInvalid(f"{self._bucket.location} is another vault's; look at [store] url")

    def _told(self) -> str | None:
        """Return the vault that the mark names, None without one."""
        try:
            answer = self._bucket.client.get_object(Bucket=self._bucket.name, Key=self._name)
        except ClientError as error:
            if code_of(error) == "NoSuchKey":
                return None
            raise
        with answer["Body"] as body:
            last = body.read(_MOST_BYTES).splitlines()[-1:]
        return b"".join(last).decode(errors="replace").removeprefix("vault ")

    def _put(self) -> None:
        """Put the mark unless somebody was quicker."""
        text = _TEXT.format(self._owner).encode()
        try:
            self._bucket.client.put_object(
                Bucket=self._bucket.name, Key=self._name, Body=text, IfNoneMatch="*"
            )
        except ClientError as error:
            if code_of(error) not in _TAKEN:
                raise

    def _holds_blobs(self) -> bool:
        listing = Listing(self._bucket)
        start: tuple[str, str] | None = ("", "")
        while start is not None:
            page = listing.page(start)
            if page.written:
                return True
            start = page.next
        return False
