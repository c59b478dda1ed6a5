"""Why there is no connection, or no answer on it, in words that say what to do about it."""

from __future__ import annotations

import os
import socket
import ssl

import aiohttp

from vault.entrypoints.client.failures import ClientError, TryAgain

# What OpenSSL says of a certificate: X509_V_ERR_… of <openssl/x509_vfy.h>.
_NOT_YET_VALID, _EXPIRED = 9, 10
_NOBODY_TRUSTED = frozenset({2, 18, 19, 20, 21})
_ANOTHER_NAME = frozenset({62, 64})
_NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "UNKNOWN_PROTOCOL"})


def failure_of_connection(error: Exception, *, tls: bool) -> ClientError:
    """Return what went wrong between here and the server: `TryAgain` where waiting may help."""
    match error:
        case aiohttp.ClientConnectorCertificateError(
            certificate_error=ssl.SSLCertVerificationError() as found
        ):
            return ClientError(f"no trusted connection to {_place(error)}: {_told_of(found)}")
        case aiohttp.ClientSSLError(os_error=ssl.SSLError() as found):
            return ClientError(f"no trusted connection to {_place(error)}: {_no_handshake(found)}")
        case aiohttp.ClientConnectorDNSError():
            return TryAgain(f"nothing is known of a host named {error.host}; is the address right?")
        case aiohttp.ClientConnectorError():
            return TryAgain(f"{_place(error)} can't be reached: {_reason(error.os_error)}")
    return _without_answer(error, tls=tls)


def _without_answer(error: Exception, *, tls: bool) -> ClientError:
    """Return what went wrong on a connection that was there."""
    if isinstance(error, aiohttp.ClientResponseError):
        return ClientError("what answers there does not speak HTTP; is the address right?")
    if isinstance(error, TimeoutError):  # aiohttp's own are such, too
        return TryAgain("the server takes too long to answer")
    return TryAgain("the connection broke" if tls else "the connection broke; is it https:// there?")


def _place(error: aiohttp.ClientConnectorError) -> str:
    return f"{error.host}:{error.port}"


def _told_of(found: ssl.SSLCertVerificationError) -> str:
    """Return what is wrong with a certificate."""
    if found.verify_code in _NOBODY_TRUSTED:
        return (
            "nobody whom this machine trusts has signed its certificate; "
            "SSL_CERT_FILE names certificate authorities of your own"
        )
    if found.verify_code in _ANOTHER_NAME:
        return "its certificate is for another name; use the address that it is for"
    if found.verify_code == _EXPIRED:
        return "its certificate has expired"
    if found.verify_code == _NOT_YET_VALID:
        return "its certificate is not valid yet; is the clock of this machine right?"
    return f"its certificate does not hold ({found.verify_message})"


def _no_handshake(found: ssl.SSLError) -> str:
    if found.reason in _NO_TLS:
        return "what answers there speaks no TLS; is it another port?"
    return f"the TLS handshake failed ({found.reason or 'no reason was told'})"


def _reason(error: OSError) -> str:
    """Return why, as the operating system says it; asyncio's own text has the address once more."""
    if isinstance(error, socket.gaierror) or error.errno is None:
        return error.strerror or "no connection"
    return os.strerror(error.errno).lower()
