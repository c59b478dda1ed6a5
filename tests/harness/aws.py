"""S3 and KMS as a server of its own, spoken to over HTTP: moto's, with troubles to order."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

from boto3.session import Session
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_kms.client import KMSClient
    from mypy_boto3_s3.client import S3Client

REGION = "eu-west-2"
ROOT = Path(__file__).parents[2]
# Nothing of the machine's own AWS set-up is read, and nobody is asked for an instance's role.
ENVIRONMENT: Mapping[str, str] = {
    "AWS_ACCESS_KEY_ID": "tests",
    "AWS_SECRET_ACCESS_KEY": "not-a-secret",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
}
_HERE: Any = {"CreateBucketConfiguration": {"LocationConstraint": REGION}}
_END_SECONDS = 10
_XML = "<Error><Code>{code}</Code><Message>as the test asked</Message></Error>"
_JSON = '{{"__type": "{code}", "message": "as the test asked"}}'


class Aws:
    """A running server."""

    def __init__(self, port: int) -> None:
        self.port = port

    @property
    def url(self) -> str:
        """Its endpoint."""
        return f"http://127.0.0.1:{self.port}"

    @cached_property
    def s3(self) -> S3Client:
        """A client of the test's own, which no trouble is meant for."""
        client: S3Client = self._client("s3")
        return client

    @cached_property
    def kms(self) -> KMSClient:
        """A client of the test's own."""
        client: KMSClient = self._client("kms")
        return client

    def bucket(self, name: str, *, versioned: bool = True, locked: bool = False) -> str:
        """Make a bucket; return its name."""
        self.s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=locked, **_HERE)
        if versioned:
            self.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name

    def leftovers(self, bucket: str, prefix: str = "") -> list[str]:
        """Return what a listing shows under a prefix: versions, delete markers and unfinished uploads."""
        versions = self.s3.list_object_versions(Bucket=bucket, Prefix=prefix)
        uploads = self.s3.list_multipart_uploads(Bucket=bucket, Prefix=prefix)
        return [
            *(f"version {each['Key']}" for each in versions.get("Versions", ())),
            *(f"marker {each['Key']}" for each in versions.get("DeleteMarkers", ())),
            *(f"upload {each['Key']}" for each in uploads.get("Uploads", ())),
        ]

    def answers(
        self, status: int, code: str, *, method: str = "", contains: str = "", times: int = 1
    ) -> None:
        """Answer the next requests that fit with an S3 error, or a KMS one for `TrentService…`."""
        body = (_JSON if "TrentService" in contains else _XML).format(code=code)
        self._order(method=method, contains=contains, times=times, status=status, body=body)

    def loses(self, *, method: str = "", contains: str = "", times: int = 1) -> None:
        """Do what the next requests that fit ask, and lose the answers."""
        self._order(method=method, contains=contains, times=times, lost=True)

    def calm(self) -> list[Any]:
        """Cancel what was ordered; return what was not met."""
        with urlopen(Request(f"{self.url}/_trouble", method="DELETE")) as answer:  # noqa: S310 - our own server
            left: list[Any] = json.load(answer)
        return left

    def _order(self, **trouble: object) -> None:
        data = json.dumps(trouble).encode()
        urlopen(Request(f"{self.url}/_trouble", data, method="POST")).close()  # noqa: S310 - our own server

    def _client(self, service: str) -> Any:  # noqa: ANN401 - as boto3 has it
        session = Session(aws_access_key_id="tests", aws_secret_access_key="not-a-secret", region_name=REGION)
        config = Config(retries={"total_max_attempts": 1})
        return session.client(service, endpoint_url=self.url, config=config)


@contextmanager
def aws_server() -> Iterator[Aws]:
    """Run the server; it ends with this, or with the process that runs this."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.harness.aws_process"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield Aws(int(process.stdout.readline()))
    finally:
        process.stdin.close()
        process.wait(_END_SECONDS)
        process.stdout.close()
