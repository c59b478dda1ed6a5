"""Custody in AWS KMS: `awskms:alias/callvault`, `awskms:arn:aws:kms:…`, or a key's id.

`?region=eu-west-2` and `?endpoint=https://…` may follow; credentials are found by the SDK's own chain and
never stand in the URI. The root key never leaves KMS: it is a symmetric key made there by the operator, whose
policy allows the service `kms:Encrypt`, `kms:Decrypt` and `kms:DescribeKey`. A wrapped secret is

    0x02 ‖ KMS ciphertext

with the context as KMS's encryption context, which KMS authenticates and writes to CloudTrail in clear.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import parse_qsl, urlsplit

from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError
from botocore.parsers import ResponseParserError

from keys.errors import CustodyRefused, CustodyUnavailable, KeysError
from keys.secret import Secret

if TYPE_CHECKING:
    from mypy_boto3_kms.client import KMSClient

# AWS KMS, Encrypt: the most that a symmetric key takes.
MAX_SECRET_BYTES = 4096
_VERSION = b"\x02"
# A start waits for this, a running service never does: three attempts, half a minute at the very most.
_CONFIG = Config(connect_timeout=4, read_timeout=6, retries={"mode": "standard", "total_max_attempts": 3})
_KEY = re.compile(
    r"(?:alias/|arn:aws[a-z-]*:kms:(?P<region>[a-z0-9-]+):[0-9]+:(?:key|alias)/)?[A-Za-z0-9/_-]+"
)
_NEEDS = "kms:Encrypt, kms:Decrypt and kms:DescribeKey"
# AWS KMS, "Common error types" and the errors of Encrypt and Decrypt: those that waiting may heal.
_PASSING = frozenset(
    {
        "DependencyTimeoutException",
        "InternalFailure",
        "KMSInternalException",
        "KeyUnavailableException",
        "LimitExceededException",
        "RequestLimitExceeded",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
_TOO_MANY, _SERVER_ERROR = 429, 500
# What a ciphertext of another key, another context or a changed byte gets.
_NOT_OURS = frozenset({"InvalidCiphertextException", "IncorrectKeyException"})
_WORDS = {
    "DisabledException": "the key is disabled",
    "KMSInvalidStateException": "the key is disabled or about to be deleted",
    "NotFoundException": "there is no such key in that account and region",
    "AccessDeniedException": f"access is denied; our credentials need {_NEEDS}",
    "ExpiredTokenException": "our credentials have expired",
    "UnrecognizedClientException": "our credentials are not known there",
}


@dataclass(frozen=True, slots=True)
class _Location:
    """Which key, and where."""

    key: str
    region: str | None
    endpoint: str | None


class KmsCustody:
    """A root key in AWS KMS; see `keys.custody.Custody` for the contract."""

    def __init__(self, uri: str, location: _Location) -> None:
        self._uri = uri
        self._location = location
        self._made: KMSClient | None = None
        self._making = Lock()

    @property
    def uri(self) -> str:
        """`awskms:` and what was given."""
        return self._uri

    @property
    def region(self) -> str | None:
        """The key's region, as the ARN, the URI or the SDK's configuration tells it."""
        if self._location.region:
            return self._location.region
        with _translated():
            return self._client().meta.region_name

    def wrap(self, secret: Secret, *, context: Mapping[str, str]) -> bytes:
        """Let KMS encrypt a secret of up to 4096 bytes."""
        if len(secret) > MAX_SECRET_BYTES:
            raise ValueError(f"a secret to wrap is at most {MAX_SECRET_BYTES} bytes long")
        with _translated():
            answer = self._client().encrypt(
                KeyId=self._location.key, Plaintext=secret.reveal(), EncryptionContext=context
            )
        return _VERSION + _said(answer, "CiphertextBlob")

    def unwrap(self, wrapped: bytes, *, context: Mapping[str, str]) -> Secret:
        """Return what `wrap` took; `CustodyRefused` if key, context or any byte differ."""
        if wrapped[:1] != _VERSION or len(wrapped) == 1:
            raise CustodyRefused("this is not a secret wrapped by AWS KMS")
        with _translated():
            # Naming the key refuses a ciphertext of any other key that our credentials may use.
            answer = self._client().decrypt(
                KeyId=self._location.key, CiphertextBlob=wrapped[1:], EncryptionContext=context
            )
        return Secret(_said(answer, "Plaintext"))

    def require_fit(self) -> None:
        """Raise `CustodyRefused` unless the key is enabled, symmetric, and made to encrypt."""
        with _translated():
            answer: Mapping[str, Any] = self._client().describe_key(KeyId=self._location.key)
        key = answer.get("KeyMetadata", {})
        if key.get("KeyState") != "Enabled":
            raise CustodyRefused(f"AWS KMS: the key is not enabled (its state is {key.get('KeyState')})")
        # AWS KMS, CreateKey: such a key encrypts and decrypts, and has no other use.
        if key.get("KeySpec") != "SYMMETRIC_DEFAULT":
            raise CustodyRefused(
                "AWS KMS: the key must be symmetric, made to encrypt and decrypt "
                f"(it is {key.get('KeySpec')})"
            )

    def _client(self) -> KMSClient:
        with self._making:
            if self._made is None:
                self._made = Session().client(
                    "kms",
                    region_name=self._location.region,
                    endpoint_url=self._location.endpoint,
                    config=_CONFIG,
                )
            return self._made


def open_custody(location: str) -> KmsCustody:
    """Open the custody; the key is not looked at before it is used."""
    return KmsCustody(f"awskms:{location}", _parse(location))


def create_custody(location: str) -> KmsCustody:
    """Take the key that the operator made into use, once it is found fit; none is made here."""
    custody = open_custody(location)
    custody.require_fit()
    return custody


def _parse(location: str) -> _Location:
    """Return the parts; raise `CustodyRefused`, which quotes nothing."""
    key, _, query = location.removeprefix("//").partition("?")
    named = _KEY.fullmatch(key)
    if named is None:
        raise CustodyRefused("the custody URI awskms: wants alias/NAME, a key's ARN or its id")
    try:
        options = dict(parse_qsl(query, strict_parsing=bool(query)))
    except ValueError:
        options = {"": ""}
    if set(options) - {"region", "endpoint"}:
        raise CustodyRefused(
            "the custody URI awskms: knows only region= and endpoint= after the question mark"
        )
    region = named["region"] or options.get("region")
    if options.get("region", region) != region:
        raise CustodyRefused("the custody URI awskms: names one region in the ARN and another after it")
    return _Location(key, region, _endpoint(options.get("endpoint")))


def _endpoint(text: str | None) -> str | None:
    """Return the endpoint: https, or http on this machine, since the unwrapped secret comes over it."""
    if text is None:
        return None
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if (
        not parts.hostname
        or "@" in text
        or not (parts.scheme == "https" or (parts.scheme == "http" and local))
    ):
        raise CustodyRefused("the custody URI awskms: wants endpoint=https://… (http only for this machine)")
    return text


def destroy_custody(_location: str) -> NoReturn:
    """Refuse: a key of KMS is its administrators' to end, with the waiting time that KMS asks for."""
    raise CustodyRefused("a key in AWS KMS is disabled and deleted there, not by the vault")


@contextmanager
def _translated() -> Iterator[None]:
    """Turn what the SDK raises into `CustodyRefused` or `CustodyUnavailable`; its texts are not passed on."""
    try:
        yield
    except ClientError as error:
        raise _answered(error) from error
    except NoCredentialsError as error:
        raise CustodyRefused(
            "AWS KMS: the AWS SDK finds no credentials (environment, profile, instance role)"
        ) from error
    except NoRegionError as error:
        raise CustodyRefused("AWS KMS: no region is known; give it as ?region= in [custody] url") from error
    # The SDK's parser fails so over what is JSON and no answer.
    except (BotoCoreError, ResponseParserError, AttributeError, TypeError, OSError) as error:
        raise CustodyUnavailable(
            f"AWS KMS can't be reached or does not answer in time ({type(error).__name__})"
        ) from error


def _said(answer: Mapping[str, Any], name: str) -> bytes:
    """Return what an answer holds; raise `CustodyUnavailable` for one that a proxy in between made up."""
    value: object = answer.get(name)
    if not isinstance(value, bytes) or not value:
        raise CustodyUnavailable("what answers for AWS KMS is not AWS KMS")
    return value


def _answered(error: ClientError) -> KeysError:
    code = str(error.response.get("Error", {}).get("Code", "unknown"))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _PASSING or status == _TOO_MANY or status >= _SERVER_ERROR:
        return CustodyUnavailable(f"AWS KMS can't serve now ({code}); try again later")
    if code in _NOT_OURS:
        return CustodyRefused(
            "the secret was changed, is for another purpose, or is wrapped under another root key than the "
            "configured one of AWS KMS"
        )
    return CustodyRefused(f"AWS KMS: {_WORDS.get(code, 'the request is refused')} ({code})")
