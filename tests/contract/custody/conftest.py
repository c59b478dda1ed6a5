"""Who runs the contract of `Custody`: a bench per provider.

A real key of AWS KMS joins when `CALLVAULT_TEST_KMS_URI` names two for tests, with a space between them
(`awskms:alias/one?region=… awskms:alias/two?region=…`).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from keys.custody import Custody, create_custody
from tests.harness.aws import Aws

REAL_KMS = os.environ.get("CALLVAULT_TEST_KMS_URI")


@dataclass(frozen=True)
class Pair:
    """Two root keys of one provider."""

    custody: Custody
    other: Custody


@pytest.fixture(scope="session")
def kms_keys(aws_running: Aws) -> list[str]:
    """Two keys of moto's, made once: they take it a second."""
    return [aws_running.kms.create_key()["KeyMetadata"]["Arn"] for _ in range(2)]


@pytest.fixture(params=["local", "awskms", "awskms-real"] if REAL_KMS else ["local", "awskms"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Pair:
    """Return two root keys of each provider."""
    if request.param == "local":
        uris = [f"local:{tmp_path}/one.key", f"local:{tmp_path}/two.key"]
    elif request.param == "awskms":
        aws: Aws = request.getfixturevalue("aws")
        uris = [f"awskms:{arn}?endpoint={aws.url}" for arn in request.getfixturevalue("kms_keys")]
    else:
        uris = (REAL_KMS or "").split()
    return Pair(*map(create_custody, uris))


@pytest.fixture
def custody(pair: Pair) -> Custody:
    """Return one root key, for promises that need no other."""
    return pair.custody
