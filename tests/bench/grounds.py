"""What vaults under measurement stand on: files and SQLite, or servers that run for one bench.

PostgreSQL syncs what it commits. S3 is moto's: a Python program that serves one request after another, slower
than any real store. Only ratios to a peer on the same server say anything.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.plan import Plan
from tests.harness.vaults import RealVault, found

if TYPE_CHECKING:
    from tests.harness.aws import Aws
    from tests.harness.postgres import Server

BUCKET = "callvault-bench"


class Missing(Exception):
    """A server that this machine has not got; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Ground:
    """The servers that run, if any."""

    postgres: Server | None = None
    aws: Aws | None = None

    def found(self, folder: Path) -> RealVault:
        """Make a vault; what has no server of its own lies in the folder."""
        settings = {}
        if self.aws is not None:
            settings["CALLVAULT_STORE__URL"] = f"s3://{BUCKET}/{folder.name}?endpoint={self.aws.url}"
        if self.postgres is None:
            return found(folder, *settings.items())
        from tests.harness.postgres_vaults import found_on  # noqa: PLC0415 - needs the driver

        return found_on(self.postgres, folder, *settings.items())


@contextmanager
def ground(plan: Plan, folder: Path) -> Iterator[Ground]:
    """Run what the plan asks for, its files below `folder`; raise `Missing`."""
    with ExitStack() as stack:
        postgres = stack.enter_context(_postgres(folder)) if plan.database == "postgresql" else None
        aws = stack.enter_context(_aws()) if plan.store == "s3" else None
        yield Ground(postgres, aws)


@contextmanager
def _postgres(folder: Path) -> Iterator[Server]:
    from tests.harness import postgres  # noqa: PLC0415 - needs the driver

    with ExitStack() as stack:
        try:
            server = stack.enter_context(postgres.running(durable=True, within=folder))
        except postgres.Missing as error:
            raise Missing(str(error)) from error
        yield server


@contextmanager
def _aws() -> Iterator[Aws]:
    from tests.harness.aws import ENVIRONMENT, aws_server  # noqa: PLC0415 - needs the SDK

    with aws_server() as server, _environment(ENVIRONMENT):
        server.bucket(BUCKET)
        yield server


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set variables for this process and those that it starts; put back what was there."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
