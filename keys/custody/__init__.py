"""Custody of the root key: who keeps it, and how the service's own secrets are wrapped under it.

A custody is opened by URI. Its module, and the SDK that it may need, are imported only then.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Protocol, cast

from keys.errors import CustodyRefused
from keys.secret import Secret

_PROVIDERS = {"awskms": "keys.custody.awskms", "local": "keys.custody.local"}


class Custody(Protocol):
    """Wraps secrets under a root key that may never leave where it is kept.

    `context` says what a secret is and whose, in names and values that are not secret, such as
    `{"vault": "…", "secret": "log signing key"}`. Unwrapping needs the same context. Every method
    raises `CustodyRefused` when the root key denies it, which trying again won't change, and
    `CustodyUnavailable` when it can't be reached just now. Calls may block: use a worker thread.
    """

    @property
    def uri(self) -> str:
        """The URI that opens this custody again; it holds no secret."""
        ...

    @property
    def region(self) -> str | None:
        """The region in which the root key lies; None for a place without one."""
        ...

    def wrap(self, secret: Secret, *, context: Mapping[str, str]) -> bytes:
        """Encrypt and authenticate a secret of up to 4096 bytes; two wraps are never alike."""
        ...

    def unwrap(self, wrapped: bytes, *, context: Mapping[str, str]) -> Secret:
        """Return what `wrap` took; `CustodyRefused` if key, context or any byte differ."""
        ...


class Provider(Protocol):
    """What a provider's module offers; `location` is the URI behind its scheme."""

    def open_custody(self, location: str) -> Custody:
        """Open an existing root key."""
        ...

    def create_custody(self, location: str) -> Custody:
        """Make a new root key, or take one into use; `CustodyRefused` if it can't serve a new vault."""
        ...

    def destroy_custody(self, location: str) -> None:
        """Destroy the root key for good; `CustodyRefused` where that is not ours to do."""
        ...


def open_custody(uri: str) -> Custody:
    """Open the custody of an existing root key, such as `local:/etc/callvault/root.key`.

    Raises `CustodyRefused` and `CustodyUnavailable` as `Custody` does.
    """
    provider, location = _find(uri)
    return provider.open_custody(location)


def create_custody(uri: str) -> Custody:
    """Make a new root key there; `CustodyRefused` if there is one already.

    A key service makes none: its key is looked at, and `CustodyRefused` says what it lacks.
    """
    provider, location = _find(uri)
    return provider.create_custody(location)


def destroy_custody(uri: str) -> None:
    """Destroy the root key there; `CustodyRefused` where that is not ours to do, as in a key service."""
    provider, location = _find(uri)
    provider.destroy_custody(location)


def canonical_context(context: Mapping[str, str]) -> bytes:
    """Encode a context so that different ones never look alike: sorted, each part with its length."""
    parts = [part.encode() for item in sorted(context.items()) for part in item]
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def _find(uri: str) -> tuple[Provider, str]:
    scheme, _, location = uri.partition(":")
    module = _PROVIDERS.get(scheme)
    if module is None:
        known = ", ".join(f"{name}:" for name in sorted(_PROVIDERS))
        # The URI itself is not repeated: a mistyped one may hold a password.
        raise CustodyRefused(f"the custody URI has a scheme that is not known; known are {known}")
    if not location:
        raise CustodyRefused(f"the custody URI {scheme}: does not say where the root key is")
    try:
        return cast("Provider", import_module(module)), location
    except ModuleNotFoundError as error:
        raise CustodyRefused(
            f"custody by {scheme}: needs the package {error.name}; run: pip install 'callvault[{scheme}]'"
        ) from error
