"""The HTTP door: where it listens, and how customers reach it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from msgspec import Meta

from vault.config.addresses import require_listener, require_network, require_public_url
from vault.config.section import Section, Text

_MAX_PORT = 65_535


class Http(Section, frozen=True, kw_only=True):
    """The HTTP door."""

    host: Annotated[
        Text, Meta(title="a host name or an address", description="The address to listen on.")
    ] = "127.0.0.1"
    port: Annotated[
        int,
        Meta(
            ge=0,
            le=_MAX_PORT,
            title="a port number, 0 to 65535",
            description="The port to listen on; 0 takes a free one.",
        ),
    ] = 8440
    workers: Annotated[
        int, Meta(ge=1, le=64, title="a number from 1 to 64", description="How many processes serve.")
    ] = 1
    public_url: Annotated[
        str | None,
        Meta(
            title="an https URL (http only for this machine) without a query",
            description="Where customers reach the vault; links begin with it. Unset: host and port.",
        ),
    ] = None
    tls_certificate: Annotated[
        Path | None,
        Meta(
            title="a file, together with tls_key",
            description="The certificate chain (PEM). Unset: plain HTTP, for this machine or behind a proxy.",
        ),
    ] = None
    tls_key: Annotated[
        Path | None,
        Meta(
            title="a file, together with tls_certificate", description="The certificate's private key (PEM)."
        ),
    ] = None
    trusted_proxies: Annotated[
        tuple[str, ...],
        Meta(
            title="a list of networks such as 10.0.0.0/8 or 192.0.2.7",
            description="Proxies whose word on the caller's address is taken.",
        ),
    ] = ()
    operator_listen: Annotated[
        str | None,
        Meta(
            title="an address and port such as 127.0.0.1:9440",
            description=(
                "A listener for `/metrics`, `/healthz` and `/readyz`. Unset: `/metrics` answers at the door, "
                "to this machine alone; and to nobody (404) where a proxy is declared, or must be there: an "
                "https `public_url` without `tls_certificate`."
            ),
        ),
    ] = None

    def __post_init__(self) -> None:
        if self.public_url is not None:
            require_public_url(self.public_url)
        for network in self.trusted_proxies:
            require_network(network)
        if self.operator_listen is not None:
            require_listener(self.operator_listen)
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate" if self.tls_certificate is None else "tls_key")

    def base_url(self) -> str:
        """Return what links begin with, without a slash at the end."""
        if self.public_url is not None:
            return self.public_url.rstrip("/")
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls_certificate else 'http'}://{host}:{self.port}"
