"""What the vault of the demonstration stands on besides its folder.

`STORE=s3`, `DATABASE=postgresql` and `CUSTODY=awskms` each choose a server that runs for the demonstration
alone: a real PostgreSQL, and moto's S3 and KMS. They are those of the tests, and need what the tests need.
"""

from __future__ import annotations

import importlib
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from tests.harness.aws import Aws
    from tests.harness.postgres import Server

CHOICES = {"STORE": ("files", "s3"), "DATABASE": ("sqlite", "postgresql"), "CUSTODY": ("local", "awskms")}
"""What can be asked for, the default first."""

_BUCKET = "callvault-demo"
_YESTERDAY = "yesterday"


class Unavailable(Exception):
    """What was asked for can't be had here; the message says why."""


class Part(Protocol):
    """A server that keeps something of the vault."""

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables that lead the vault to it."""
        ...

    def contents(self) -> Iterator[bytes]:
        """Yield what each file or object on it holds."""
        ...

    def copied(self) -> Mapping[str, str]:
        """Copy what it keeps as it is now; return the variables that lead a vault to the copy."""
        ...


class Postgresql:
    """The database, on a server of its own."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._name = server.create()
        self.environment = self._leads_to(self._name)

    def contents(self) -> Iterator[bytes]:
        """Yield every file of the server, with all that it had only in memory."""
        self._server.run("CHECKPOINT")
        return files_below(self._server.folder / "data")

    def copied(self) -> Mapping[str, str]:
        """Copy the database by `pg_dump`, for somebody is connected to it."""
        copy = self._server.create()
        programs, url = self._server.programs, self._server.url
        dump = subprocess.run([programs / "pg_dump", url(self._name)], capture_output=True, check=True)
        words = [str(programs / "psql"), "--quiet", "--set=ON_ERROR_STOP=1", url(copy)]
        subprocess.run(words, input=dump.stdout, stdout=subprocess.DEVNULL, check=True)
        return self._leads_to(copy)

    def _leads_to(self, database: str) -> dict[str, str]:
        return {"CALLVAULT_DATABASE__URL": self._server.url(database)}


class S3:
    """The blobs, in a bucket that keeps versions."""

    def __init__(self, aws: Aws, credentials: Mapping[str, str]) -> None:
        self._aws = aws
        self._bucket = aws.bucket(_BUCKET)
        self.environment = {**credentials, **self._leads_to("blobs")}

    def contents(self) -> Iterator[bytes]:
        """Yield every object."""
        for key in self._keys():
            yield self._aws.s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()

    def copied(self) -> Mapping[str, str]:
        """Copy every object to another prefix."""
        for key in self._keys():
            copy = key.replace("blobs/", f"{_YESTERDAY}/", 1)
            self._aws.s3.copy_object(
                Bucket=self._bucket, Key=copy, CopySource={"Bucket": self._bucket, "Key": key}
            )
        return self._leads_to(_YESTERDAY)

    def _keys(self) -> list[str]:
        listing = self._aws.s3.list_objects_v2(Bucket=self._bucket)
        return [each["Key"] for each in listing.get("Contents", ())]

    def _leads_to(self, prefix: str) -> dict[str, str]:
        return {"CALLVAULT_STORE__URL": f"s3://{self._bucket}/{prefix}?endpoint={self._aws.url}"}


class AwsKms:
    """The root key. What it keeps never leaves it: nothing to look at or to copy."""

    def __init__(self, aws: Aws, credentials: Mapping[str, str]) -> None:
        key = aws.kms.create_key()["KeyMetadata"]["Arn"]
        self.environment = {**credentials, "CALLVAULT_CUSTODY__URL": f"awskms:{key}?endpoint={aws.url}"}

    def contents(self) -> Iterator[bytes]:
        """Yield nothing."""
        return iter(())

    def copied(self) -> Mapping[str, str]:
        """Lead to the same key: who has yesterday's database may have it too."""
        return self.environment


def files_below(folder: Path) -> Iterator[bytes]:
    """Yield what each file holds; one that goes meanwhile is none."""
    for path in folder.rglob("*"):
        if path.is_file():
            with suppress(FileNotFoundError):
                yield path.read_bytes()


@contextmanager
def parts(asked: Mapping[str, str]) -> Iterator[list[Part]]:
    """Run the servers that were asked for, by the names in `CHOICES`; end and remove them with the block.

    Raises `Unavailable`.
    """
    chosen = {name: _choice(name, asked.get(name, "")) for name in CHOICES}
    running: list[Part] = []
    with ExitStack() as stack:
        if chosen["DATABASE"] == "postgresql":
            running.append(stack.enter_context(_postgresql()))
        if chosen["STORE"] == "s3" or chosen["CUSTODY"] == "awskms":
            aws, credentials = stack.enter_context(_aws())
            if chosen["STORE"] == "s3":
                running.append(S3(aws, credentials))
            if chosen["CUSTODY"] == "awskms":
                running.append(AwsKms(aws, credentials))
        yield running


def _choice(name: str, word: str) -> str:
    allowed = CHOICES[name]
    if word and word not in allowed:
        raise Unavailable(f"{name}={word} is unknown: {name} is {' or '.join(allowed)}")
    return word or allowed[0]


@contextmanager
def _postgresql() -> Iterator[Postgresql]:
    _need("psycopg")
    from tests.harness.postgres import Missing, running  # noqa: PLC0415 - needs the driver

    with ExitStack() as stack:
        try:
            server = stack.enter_context(running())
        except Missing as error:
            raise Unavailable(str(error)) from error
        yield Postgresql(server)


@contextmanager
def _aws() -> Iterator[tuple[Aws, Mapping[str, str]]]:
    _need("boto3", "moto", "werkzeug")
    from tests.harness.aws import ENVIRONMENT, aws_server  # noqa: PLC0415 - needs the SDK

    with aws_server() as aws:
        yield aws, ENVIRONMENT


def _need(*packages: str) -> None:
    """Raise `Unavailable` for what is not installed: the demonstration alone needs none of it."""
    for package in packages:
        try:
            importlib.import_module(package)
        except ImportError as error:
            reason = f"the Python package {package} is missing; `make demo` with the same words installs it"
            raise Unavailable(reason) from error
