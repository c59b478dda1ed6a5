"""The real service with its payloads in S3 and its root key in AWS KMS, there and away."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.harness.aws import Aws
from tests.harness.processes import eventually
from tests.harness.service import Service, serving
from tests.harness.tcp_proxy import TcpProxy, proxying
from tests.harness.vaults import RealVault, found, sha256
from vault.domain.names import new_id
from vault.store.s3.ownership import MARKER
from vault.usecases.confirm_receipt import confirm_receipt
from vault.usecases.delete_blobs import delete_queued_blobs
from vault.usecases.report_status import report_status

CONTENT = os.urandom(12_000_000)


@dataclass
class Scene:
    """A vault on a bucket and a key, both reached through proxies of their own."""

    aws: Aws
    bucket: str
    known: RealVault
    s3: TcpProxy
    kms: TcpProxy

    def left(self) -> list[str]:
        """What a listing of the bucket shows of blobs."""
        shown = self.aws.leftovers(self.bucket)
        return [each for each in shown if each != f"version blobs/{MARKER}"]


@pytest.fixture
def scene(aws: Aws, tmp_path: Path) -> Iterator[Scene]:
    """Found a vault on a bucket that keeps versions."""
    bucket, arn = aws.bucket(new_id()), aws.kms.create_key()["KeyMetadata"]["Arn"]
    with proxying("127.0.0.1", aws.port) as s3, proxying("127.0.0.1", aws.port) as kms:
        known = found(
            tmp_path / "vault",
            ("CALLVAULT_STORE__URL", f"s3://{bucket}/blobs?endpoint=http://{s3.address}"),
            ("CALLVAULT_CUSTODY__URL", f"awskms:{arn}?endpoint=http://{kms.address}"),
            ("CALLVAULT_RESIDENCY__REGIONS", "eu-west-2"),
        )
        yield Scene(aws, bucket, known, s3, kms)


async def collected(service: Service, content: bytes) -> None:
    """Upload, collect and confirm, as a PBX and its customer do."""
    async with service.caller() as caller:
        uploaded = await caller.upload("call.wav", content)
        assert uploaded.status == 201, uploaded.body
        session, recording = await caller.sign_in(), uploaded.json["recording"]
        await caller.must_wait(session, recording, content)
        receipt = await caller.receipt(session, recording, sha256(content))
        assert receipt.json["state"] == "shredded"


async def test_the_whole_way(scene: Scene) -> None:
    """Uploaded in parts, collected, shredded; nothing is left in the bucket, and the log verifies."""
    with serving(scene.known) as service:
        await collected(service, CONTENT)
        eventually(lambda: scene.left() == [])
        assert json.loads(service.command("--format", "json", "status"))["blobs_to_delete"] == 0
        service.command("audit", "verify")
        assert "eu-west-2" in service.command("doctor")


async def test_a_store_that_is_away_does_not_stop_destruction(scene: Scene) -> None:
    """A receipt destroys the key all the same; the blob stays queued, in sight, and follows."""
    async with scene.known.opened() as vault:
        receipt = await scene.known.upload(vault, b"x" * 1000)
        visitor = await scene.known.visit(vault)
        scene.s3.refuse()
        answer = await confirm_receipt(vault, visitor, receipt.recording, receipt.sha256)
        assert answer.certificate is not None

        assert await delete_queued_blobs(vault) == 0
        assert (await report_status(vault)).blobs_to_delete == 1
        scene.s3.forward()
        assert await delete_queued_blobs(replace(vault, clock=Later())) == 1
        assert (await report_status(vault)).blobs_to_delete == 0
    assert scene.left() == []


async def test_the_service_starts_while_its_store_is_away(scene: Scene) -> None:
    """A restart during an outage of S3 serves what needs no payload, says not ready, and heals by itself."""
    scene.s3.refuse()
    with serving(scene.known) as service:
        async with service.caller() as caller:
            ready = await caller.call("GET", "/readyz")
            assert ready.status == 503
            assert b"store_unavailable" in ready.body
            assert (await caller.call("GET", "/healthz")).status == 200
            refused = await caller.upload("call.wav", b"x" * 1000)
            assert (refused.status, refused.code) == (503, "store_unavailable")
            scene.s3.forward()
            assert (await caller.call("GET", "/readyz")).status == 200
        await collected(service, b"y" * 1000)
        eventually(lambda: scene.left() == [])


async def test_a_key_service_that_is_gone_does_not_stop_a_running_service(scene: Scene) -> None:
    """Only what starts needs the root key: told to come again if it is away, refused if it denies."""
    with serving(scene.known) as service:
        scene.kms.refuse()
        await collected(service, b"z" * 1000)
        service.command("status", expect=4)
        scene.kms.forward()
        scene.aws.answers(400, "AccessDeniedException", contains="TrentService", times=9)
        service.command("status", expect=1)
        scene.aws.calm()
        service.command("status")


def test_a_bucket_that_can_keep_what_was_deleted_is_not_served(scene: Scene) -> None:
    """Object lock found at start, or another region than allowed, is a clear refusal."""
    locked = scene.aws.bucket(new_id(), locked=True)
    url = f"s3://{locked}?endpoint={scene.aws.url}"
    for name, value in (("STORE__URL", url), ("RESIDENCY__REGIONS", "eu-central-1")):
        known = scene.known.with_setting(f"CALLVAULT_{name}", value)
        service = Service(known, known.data.with_name("log"))
        service.command("serve", "--port", "0", expect=1)


class Later:
    """A clock that is a quarter of an hour ahead: what waits to be tried again is due."""

    def now(self) -> datetime:
        """Return that time."""
        return datetime.now(UTC) + timedelta(minutes=15)
