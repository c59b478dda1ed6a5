"""Where the doors listen, and whether they may: plain HTTP leaves this machine by declared proxies only."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from dataclasses import dataclass

from vault.config import Http
from vault.errors import ConfigInvalid


@dataclass(frozen=True, slots=True)
class Listener:
    """A bound socket that does not listen yet, and the URL it will answer at."""

    socket: socket.socket
    url: str


def bind_http(http: Http) -> Listener:
    """Bind the public door; raise `ConfigInvalid` where it would be open in plain, or can't be bound."""
    family, address = _resolve(http.host, http.port)
    encrypted = http.tls_certificate is not None
    behind_proxy = bool(http.trusted_proxies) and http.public_url is not None
    if not (encrypted or behind_proxy or ipaddress.ip_address(_host_of(address)).is_loopback):
        raise ConfigInvalid(
            f"plain HTTP on {http.host} would carry passwords in the clear. Set [http] tls_certificate and "
            "tls_key, or, behind a proxy that does TLS, public_url and trusted_proxies"
        )
    return _bind(family, address, "https" if encrypted else "http")


def bind_operator(listen: str) -> Listener:
    """Bind the operator's door (`address:port`): it tells counts, and nothing of anybody."""
    host, _, port = listen.rpartition(":")
    family, address = _resolve(host.strip("[]"), int(port))
    return _bind(family, address, "http")


def tls_context(http: Http) -> ssl.SSLContext | None:
    """Return what TLS needs, or None for plain HTTP; raise `ConfigInvalid` for unusable files."""
    if http.tls_certificate is None or http.tls_key is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # RFC 9325, 3.1.1
    try:
        context.load_cert_chain(http.tls_certificate, http.tls_key, password=_no_password)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not a pair in PEM"
        raise ConfigInvalid(f"[http] tls_certificate, tls_key: can't be used: {reason}") from None
    return context


def _no_password() -> str:
    """Stop OpenSSL from asking at a terminal that nobody watches."""
    raise ValueError("the key has a passphrase")


def _resolve(host: str, port: int) -> tuple[socket.AddressFamily, tuple[str, int]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise ConfigInvalid(f"can't listen on {host}: no such address") from None
    family, *_, address = found[0]
    return family, (str(address[0]), port)


def _bind(family: socket.AddressFamily, address: tuple[str, int], scheme: str) -> Listener:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise ConfigInvalid(f"can't listen on {address[0]} port {address[1]}: {error.strerror}") from None
    listener.setblocking(False)  # noqa: FBT003 - the socket module takes it by position
    host = f"[{address[0]}]" if family == socket.AF_INET6 else address[0]
    return Listener(listener, f"{scheme}://{host}:{listener.getsockname()[1]}")


def _host_of(address: tuple[str, int]) -> str:
    return address[0].partition("%")[0]
