"""What addresses in settings must be. Each check raises `ValueError` with the setting's name alone."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

_LAST_PORT = 65_535


def require_public_url(url: str) -> None:
    """Require https, or http on this machine: links carry a token that must not travel in the clear.

    Neither query nor fragment nor user: a link is made by adding `/collect#TOKEN` (RFC 3986, 3).
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("public_url") from None
    safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    extra = {"?", "#", "@", "\\"} & set(url) or not url.isprintable() or " " in url
    if not host or not safe or extra or port == 0:
        raise ValueError("public_url")


def require_network(text: str) -> None:
    """Require an address or a network in CIDR notation (RFC 4632), its host bits zero."""
    try:
        ipaddress.ip_network(text)
    except ValueError:
        raise ValueError("trusted_proxies") from None


def require_listener(text: str) -> None:
    """Require `address:port`, an IPv6 address in brackets."""
    host, _, port = text.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not bare or (":" in host) != (bare != host):
        raise ValueError("operator_listen")
    if not (port.isascii() and port.isdigit() and 1 <= int(port) <= _LAST_PORT):
        raise ValueError("operator_listen")


def is_loopback(host: str) -> bool:
    """Say whether the name or address is this machine (RFC 6761, 6.3 for `localhost`)."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
