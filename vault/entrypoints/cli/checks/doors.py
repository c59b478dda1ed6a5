"""The addresses: what customers reach, and how the way there is kept secret."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

from vault.config import Settings
from vault.entrypoints.cli.checks.check import Check, Level


def check_doors(settings: Settings) -> Iterator[Check]:
    """Look at the public address and at who ends TLS."""
    http = settings.http
    if http.public_url is None:
        yield Check(
            Level.WARNING, "public address", f"[http] public_url is unset: links lead to {http.base_url()}"
        )
    else:
        yield Check(Level.OK, "public address", http.public_url)
    if http.tls_certificate is not None and http.tls_key is not None:
        yield _certificate(http.tls_certificate, http.tls_key)
    elif http.trusted_proxies:
        yield Check(Level.OK, "tls", f"ends at the proxies {', '.join(http.trusted_proxies)}")
    else:
        yield Check(Level.WARNING, "tls", "neither a certificate nor a proxy: only this machine can connect")


def _certificate(certificate: Path, key: Path) -> Check:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        return Check(Level.FAILURE, "tls", f"{certificate} with {key}: {error.strerror or 'not usable'}")
    return Check(Level.OK, "tls", str(certificate))
