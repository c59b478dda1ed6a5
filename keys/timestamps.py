"""Time stamps by an authority of somebody else's: that these bytes were there at that time.

RFC 3161; the signature is RFC 5652, the signer's certificate for time stamping alone (RFC 3161, 2.3).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from keys.errors import StampInvalid

MOST_STAMP_BYTES = 64 << 10


def stamp_request(content: bytes) -> bytes:
    """Return the request (DER) for a time stamp on content; the authority sees its SHA-512 alone.

    It asks for the authority's certificate, so that the stamp can be checked without asking anybody.
    """
    builder = TimestampRequestBuilder().data(content).hash_algorithm(HashAlgorithm.SHA512)
    return builder.cert_request(cert_request=True).nonce(nonce=True).build().as_bytes()


def stamp_roots(pem: bytes) -> list[x509.Certificate]:
    """Read the roots that are trusted; raise `StampInvalid` for a file without a certificate."""
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError:
        raise StampInvalid("the file of the authority's roots holds no certificate in PEM") from None


def open_stamp(answer: bytes, content: bytes, roots: Sequence[x509.Certificate]) -> datetime:
    """Return when the authority saw the content, in UTC.

    `answer` is the authority's whole response (DER). Raise `StampInvalid` when it refused, when the stamp is
    on other content, or when its signature does not lead to one of the roots.
    """
    try:
        response = decode_timestamp_response(answer)
        verifier = VerifierBuilder(roots=list(roots)).build()
        verifier.verify(response, hashlib.sha512(content).digest())
    except (VerificationError, ValueError) as error:
        raise StampInvalid(f"the time stamp does not hold: {_first_line(error)}") from None
    return response.tst_info.gen_time.astimezone(UTC)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
