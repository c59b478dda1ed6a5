"""Custody of the root key in AWS KMS: what is refused, what may pass, and what nobody gets to read."""

from __future__ import annotations

import sys

import pytest

from keys.custody import create_custody, destroy_custody, open_custody
from keys.errors import CustodyRefused, CustodyUnavailable
from keys.secret import Secret
from tests.harness.aws import Aws
from tests.harness.odd_servers import http_answer, saying
from tests.harness.tcp_proxy import proxying

CONTEXT = {"vault": "v", "purpose": "p"}
TARGET = "TrentService"


@pytest.fixture(scope="module")
def arn(aws_running: Aws) -> str:
    """A key that the operator made."""
    return aws_running.kms.create_key()["KeyMetadata"]["Arn"]


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "AccessDeniedException"),
        (400, "DisabledException"),
        (400, "KMSInvalidStateException"),
        (400, "NotFoundException"),
        (400, "IncorrectKeyException"),
        (400, "InvalidCiphertextException"),
        (400, "UnrecognizedClientException"),
        (403, "ExpiredTokenException"),
    ],
)
def test_a_refusal_says_what_to_do_and_is_final(aws: Aws, arn: str, status: int, code: str) -> None:
    """What KMS denies is refused at once, and the message carries no secret and no key of ours."""
    custody = open_custody(f"awskms:{arn}?endpoint={aws.url}")
    wrapped = custody.wrap(Secret(b"seed"), context=CONTEXT)
    aws.answers(status, code, method="POST", contains=TARGET)

    with pytest.raises(CustodyRefused) as refused:
        custody.unwrap(wrapped, context=CONTEXT)

    assert aws.calm() == []
    assert "not-a-secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "ThrottlingException"),
        (400, "Throttling"),
        (400, "TooManyRequestsException"),
        (429, "SomethingElse"),
        (500, "KMSInternalException"),
        (503, "ServiceUnavailable"),
    ],
)
def test_what_may_pass_is_tried_again_within_limits(aws: Aws, arn: str, status: int, code: str) -> None:
    """One throttling is not noticed; one that lasts is «unavailable» after three attempts."""
    custody = open_custody(f"awskms:{arn}?endpoint={aws.url}")
    wrapped = custody.wrap(Secret(b"seed"), context=CONTEXT)
    aws.answers(status, code, contains=TARGET)
    assert custody.unwrap(wrapped, context=CONTEXT) == Secret(b"seed")

    aws.answers(status, code, contains=TARGET, times=10)
    with pytest.raises(CustodyUnavailable):
        custody.unwrap(wrapped, context=CONTEXT)
    assert aws.calm()[0]["times"] == 7


def test_a_kms_that_can_not_be_reached_is_unavailable(aws: Aws, arn: str) -> None:
    """A connection that breaks is no refusal: the vault is told to come again."""
    with proxying("127.0.0.1", aws.port) as proxy:
        custody = open_custody(f"awskms:{arn}?endpoint=http://{proxy.address}")
        wrapped = custody.wrap(Secret(b"seed"), context=CONTEXT)
        proxy.refuse()
        with pytest.raises(CustodyUnavailable):
            custody.unwrap(wrapped, context=CONTEXT)
        proxy.forward()
        assert custody.unwrap(wrapped, context=CONTEXT) == Secret(b"seed")


@pytest.mark.parametrize(
    "body",
    [b"<html>sign in to the network</html>", b"{}", b"[]", b'{"Plaintext": 5}', b'{"Plaintext": ""}', b""],
)
@pytest.mark.usefixtures("aws")
def test_what_is_no_answer_of_kms_is_taken_for_none(body: bytes) -> None:
    """A proxy in between that says 200 gives no secret and ends no start with a traceback."""
    with saying(http_answer("200 OK", body)) as port:
        custody = open_custody(f"awskms:alias/x?region=eu-west-2&endpoint=http://127.0.0.1:{port}")
        for work in (
            lambda: custody.unwrap(b"\x02wrapped", context=CONTEXT),
            lambda: custody.wrap(Secret(b"seed"), context=CONTEXT),
        ):
            with pytest.raises(CustodyUnavailable):
                work()


def test_the_context_travels_as_an_encryption_context(aws: Aws, arn: str) -> None:
    """KMS itself binds vault and purpose: its own decryption without them fails."""
    wrapped = open_custody(f"awskms:{arn}?endpoint={aws.url}").wrap(Secret(b"seed"), context=CONTEXT)

    opened = aws.kms.decrypt(CiphertextBlob=wrapped[1:], EncryptionContext=CONTEXT)
    assert opened["Plaintext"] == b"seed"
    with pytest.raises(aws.kms.exceptions.InvalidCiphertextException):
        aws.kms.decrypt(CiphertextBlob=wrapped[1:])


def test_no_key_is_made_and_an_unfit_one_is_not_taken(aws: Aws) -> None:
    """`init` takes an enabled symmetric key made to encrypt; a missing one is not made."""
    tail = f"?endpoint={aws.url}"
    signing = aws.kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")["KeyMetadata"]["Arn"]
    disabled = aws.kms.create_key()["KeyMetadata"]["KeyId"]
    aws.kms.disable_key(KeyId=disabled)
    for key in (signing, disabled, "alias/nobody-made-it"):
        with pytest.raises(CustodyRefused):
            create_custody(f"awskms:{key}{tail}")


def test_an_alias_serves_as_well_as_an_arn(aws: Aws, arn: str) -> None:
    """A name that the operator gave the key, with the region in the URI or the environment."""
    aws.kms.create_alias(AliasName=f"alias/{arn[-8:]}", TargetKeyId=arn)
    custody = create_custody(f"awskms:alias/{arn[-8:]}?region=eu-west-2&endpoint={aws.url}")

    assert custody.region == "eu-west-2"
    assert open_custody(f"awskms:alias/{arn[-8:]}?endpoint={aws.url}").region == "eu-west-2"
    wrapped = custody.wrap(Secret(b"x"), context=CONTEXT)
    assert open_custody(f"awskms:{arn}?endpoint={aws.url}").unwrap(wrapped, context=CONTEXT) == Secret(b"x")


@pytest.mark.parametrize(
    "location",
    [
        "alias/x?password=hunter2",
        "alias/x?endpoint=https://user:hunter2@kms.example",
        "alias/x?endpoint=http://kms.example",
        "alias/x?endpoint=https://[hunter2",
        "alias/x?endpoint=https://",
        "alias/x?endpoint=file:///etc/passwd",
        "alias/hunter2 with spaces",
        "?region=eu-west-2",
        "arn:aws:kms:eu-west-2:1:key/x?region=us-east-1",
    ],
)
def test_a_uri_that_says_too_much_is_refused_unquoted(location: str) -> None:
    """No credentials, no plain HTTP to elsewhere, no second region; what stood there is not repeated."""
    with pytest.raises(CustodyRefused) as refused:
        open_custody(f"awskms:{location}")
    assert "hunter2" not in str(refused.value)


def test_without_the_sdk_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without boto3 is told what to install."""
    monkeypatch.delitem(sys.modules, "keys.custody.awskms", raising=False)
    monkeypatch.setitem(sys.modules, "boto3.session", None)
    with pytest.raises(CustodyRefused, match=r"pip install 'callvault\[awskms\]'"):
        open_custody("awskms:alias/x")


def test_the_vault_destroys_no_key_of_kms() -> None:
    """Ending a key there is its administrators' affair."""
    with pytest.raises(CustodyRefused):
        destroy_custody("awskms:alias/x")
