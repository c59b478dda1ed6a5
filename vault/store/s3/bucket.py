"""A bucket by boto3: one client, made when it is first needed, with limits on every wait.

boto3's clients may be used by many threads. All of it blocks; call it on a thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING

from boto3.session import Session
from botocore.config import Config

from vault.domain.names import BlobKey
from vault.store.s3.location import S3Location

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for a connection and for each part of an answer, and how often to try."""

    connect_seconds: float
    answer_seconds: float
    attempts: int


# Four attempts with the SDK's growing, jittered pauses (0 to 1, 2 and 4 seconds) outlast a short throttling;
# a store that is stalled is given up after a minute or so, well within the five of a chore.
WORKING = Patience(connect_seconds=10, answer_seconds=15, attempts=4)
# For readiness, which is asked every few seconds, and for clearing up after an upload that failed.
ASKING = Patience(connect_seconds=3, answer_seconds=5, attempts=2)

# The threads of one store, and readers who pause with their answer half read.
_CONNECTIONS = 64


# A session reads files for 0.15 s before its first client; one serves the process. Unlike clients, sessions
# must not be used by two threads at once.
_session = cache(Session)
_session_in_use = Lock()


class Bucket:
    """The client of one location, and the names of objects there."""

    def __init__(self, location: S3Location, patience: Patience) -> None:
        self.location = location
        self._patience = patience
        self._made: S3Client | None = None
        self._making = Lock()

    @property
    def name(self) -> str:
        """The bucket's name, as every request wants it."""
        return self.location.bucket

    @property
    def client(self) -> S3Client:
        """The client; making it reads files, and raises what the SDK does."""
        with self._making:
            if self._made is None:
                self._made = self._make()
            return self._made

    def object_name(self, key: BlobKey) -> str:
        """Return the name of a blob's object."""
        return self.location.object_name(key)

    def close(self) -> None:
        """Let the connections go."""
        with self._making:
            made, self._made = self._made, None
        if made is not None:
            made.close()

    def _make(self) -> S3Client:
        config = Config(
            connect_timeout=self._patience.connect_seconds,
            read_timeout=self._patience.answer_seconds,
            retries={"mode": "standard", "total_max_attempts": self._patience.attempts},
            max_pool_connections=_CONNECTIONS,
            # Checksums are ours (SHA-256, in a header): stores other than Amazon's don't know the trailing
            # ones that the SDK would add. What is read back is authenticated by its sealing.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        with _session_in_use:
            client: S3Client = _session().client(
                "s3", region_name=self.location.region, endpoint_url=self.location.endpoint, config=config
            )
        return client
