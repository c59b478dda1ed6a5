"""docs/howto/s3.md does what it says, against a server that speaks S3 and KMS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness.aws import ENVIRONMENT, Aws
from tests.howto.desk import Desk
from tests.howto.document import blocks
from tests.howto.following import follow

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/howto/s3.md"
BUCKET, ALIAS = "example-callvault", "alias/callvault"


@pytest.fixture
def account(aws: Aws, desk: Desk) -> Iterator[Aws]:
    """The bucket and the key of the document, and the desk's credentials for them."""
    aws.bucket(BUCKET)
    key = aws.kms.create_key()["KeyMetadata"]["KeyId"]
    aws.kms.create_alias(AliasName=ALIAS, TargetKeyId=key)
    desk.environ |= {**ENVIRONMENT, "AWS_ENDPOINT_URL": aws.url}
    yield aws
    aws.kms.delete_alias(AliasName=ALIAS)


def test_the_document_can_be_followed(account: Aws, desk: Desk) -> None:
    """Every command prints what is shown, the bucket takes its rule, and holds no more than whose it is."""
    rules, _ = _json()
    account.s3.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration=rules)

    follow(DOCUMENT, desk)

    assert [each for each in account.leftovers(BUCKET) if not each.endswith("callvault.vault")] == []


def test_the_policy_is_for_the_bucket_and_the_key_alone() -> None:
    """It allows what is named, on what the settings name, and nothing by a star of its own."""
    _, policy = _json()

    named = [action for statement in policy["Statement"] for action in statement["Action"]]
    assert not [action for action in named if "*" in action]
    assert [statement["Resource"].partition(BUCKET)[2] for statement in policy["Statement"]] == [
        "",
        "/blobs/*",
        "",
    ]
    assert policy["Statement"][2]["Resource"].startswith("arn:aws:kms:eu-west-2:")


def _json() -> tuple[Any, ...]:
    """Return what the document shows as JSON: the bucket's rule, and the credentials' policy."""
    return tuple(json.loads(block.text) for block in blocks(DOCUMENT) if block.kind == "json")
