"""Which buckets and URLs an object store is opened on."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.contract.blobs.steps import key, pieces
from tests.harness.aws import Aws
from vault.domain.names import new_id
from vault.errors import ConfigInvalid, StoreUnavailable
from vault.store import open_store


@pytest.mark.parametrize(
    "location",
    [
        "//user:hunter2@bucket/x",
        "//bucket/x?endpoint=https://user:hunter2@minio.example",
        "//bucket/x?endpoint=https://user:hunter2%40minio.example",
        "//bucket/x?aws_secret_access_key=hunter2",
        "//bucket/x?endpoint=http://minio.example",
        "//bucket/x?endpoint=ftp://minio.example",
        "//bucket/../hunter2",
        "//BUCKET/x",
        "bucket/x",
        "//",
        "",
        "//bucket/x#hunter2",
        "//bucket/x?region=hunter2!",
    ],
)
def test_a_url_that_says_too_much_is_refused_unquoted(location: str) -> None:
    """No credentials, no plain HTTP to elsewhere, nothing that names no bucket; nothing is repeated."""
    with pytest.raises(ConfigInvalid) as refused:
        open_store(f"s3:{location}")
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("versioned", [True, False])
def test_a_fit_bucket_takes_a_new_vault_and_stays_empty(aws: Aws, versioned: bool) -> None:  # noqa: FBT001 - a parameter
    """`init` tries the bucket, with versions or without, and leaves nothing in it."""
    bucket = aws.bucket(new_id(), versioned=versioned)
    open_store(f"s3://{bucket}?endpoint={aws.url}", create=True).close()
    assert aws.leftovers(bucket) == []


async def test_a_bucket_with_object_lock_is_refused(aws: Aws) -> None:
    """It could keep what was deleted: refused by `init`, at start, and by every put."""
    url = f"s3://{aws.bucket(new_id(), locked=True)}/x?endpoint={aws.url}"
    with pytest.raises(ConfigInvalid, match="object lock"):
        open_store(url, create=True)
    store = open_store(url)
    with pytest.raises(ConfigInvalid, match="object lock"):
        await store.examine()
    with pytest.raises(StoreUnavailable, match="object lock"):
        await store.put(key(), pieces(b"x"))
    store.close()


async def test_a_bucket_elsewhere_is_refused(aws: Aws) -> None:
    """A bucket outside the allowed regions takes nothing; one inside does, and says where it is."""
    bucket = aws.bucket(new_id())
    url = f"s3://{bucket}?endpoint={aws.url}"
    with pytest.raises(ConfigInvalid, match="lies in eu-west-2"):
        open_store(url, create=True, regions=["eu-central-1"])
    elsewhere = open_store(url, regions=["eu-central-1"])
    with pytest.raises(StoreUnavailable, match="lies in eu-west-2"):
        await elsewhere.put(key(), pieces(b"x"))
    elsewhere.close()
    store = open_store(url, regions=["eu-west-2", "eu-central-1"])
    assert await store.examine() == "eu-west-2"
    store.close()
    assert aws.leftovers(bucket) == []


def test_a_bucket_that_is_not_there_is_refused(aws: Aws) -> None:
    """A mistyped name is the operator's to mend, and is not made."""
    with pytest.raises(ConfigInvalid, match="does not exist"):
        open_store(f"s3://{new_id()}?endpoint={aws.url}", create=True)


def test_without_the_sdk_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without boto3 is told what to install."""
    for name in [name for name in sys.modules if name.startswith("vault.store.s3")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "boto3.session", None)
    with pytest.raises(ConfigInvalid, match=r"pip install 'callvault\[s3\]'"):
        open_store("s3://bucket/x")


def test_the_sdk_is_loaded_for_its_scheme_only() -> None:
    """Nobody with files waits for an SDK."""
    code = (
        "import sys, vault.app, keys.custody; sys.exit('boto3' in sys.modules or 'botocore' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
