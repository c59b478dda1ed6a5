"""Where the vault is: a base URL, or a customer's link with its token in the fragment."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from keys.secret import Secret
from vault.entrypoints.client.failures import ClientError

_COLLECT = "/collect"


@dataclass(frozen=True, slots=True)
class Address:
    """The vault's base URL, without a slash at the end, and the token of the link if it was one."""

    base_url: str
    link: Secret | None
    local: bool

    @property
    def tls(self) -> bool:
        """Whether TLS is spoken."""
        return self.base_url.startswith("https:")

    def url(self, path: str) -> str:
        """Return the URL of a path that begins with a slash."""
        return self.base_url + path


def parse_address(text: str) -> Address:
    """Read a base URL or a link; raise `ClientError`. The message never repeats the token.

    Plain HTTP is for this machine alone: anybody on the way could read the recording and the password.
    """
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ClientError("the address can't be read; an example is https://vault.example") from None
    if parts.scheme not in {"http", "https"} or not host or parts.username is not None:
        raise ClientError("the address begins with https:// and a host, and names no user")
    local = _is_loopback(host)
    if parts.scheme == "http" and not local:
        raise ClientError(
            f"plain http:// to {host} is refused: whoever is on the way could read recordings and passwords; "
            "use https://"
        )
    return Address(_base(parts, host, port), _token(parts), local)


def _base(parts: SplitResult, host: str, port: int | None) -> str:
    path = parts.path.rstrip("/")
    if parts.fragment:
        path = path.removesuffix(_COLLECT)
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}{f':{port}' if port else ''}{path}"


def _token(parts: SplitResult) -> Secret | None:
    return Secret(parts.fragment.encode()) if parts.fragment else None


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":  # RFC 6761, 6.3
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
