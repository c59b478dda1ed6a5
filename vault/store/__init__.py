"""Adapters of what lies on disks and in buckets; a blob store opens by its URL.

    file:/srv/callvault/blobs      files of one folder (a plain path says the same)
    s3://bucket/prefix?region=…    objects of a bucket (`vault.store.s3.location`)

A provider is imported when its scheme is asked for, so nobody waits for an SDK that is not used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from vault.errors import ConfigInvalid
from vault.ports.blobs import BlobStore

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Wishes:
    """How a store is opened; each provider heeds what concerns it."""

    create: bool
    owner: str | None
    reserve_bytes: int | None
    regions: Collection[str]


def open_store(
    url: str,
    *,
    create: bool = False,
    owner: str | None = None,
    reserve_bytes: int | None = None,
    regions: Collection[str] = (),
) -> BlobStore:
    """Open the store at `url`; with `create`, make the place of a new vault first (`init` does).

    `owner` is the vault's id: a store is one vault's, for each sweeps what it has no record of.
    `reserve_bytes` of a disk stay free; None leaves it to the provider. `regions` are those in which it may
    lie; empty: anywhere. Raise `ConfigInvalid` for a URL that no provider knows, which is never quoted since
    it may carry a password, or whose SDK is missing; with `create`, `VaultExists` for another vault's place,
    and `StorageFull` or `StoreUnavailable` if it can't be made.
    """
    scheme, location = "file", url
    if match := _SCHEME.fullmatch(url):
        scheme, location = match[1].lower(), match[2]
    provider = _PROVIDERS.get(scheme)
    if provider is None:
        known = ", ".join(f"{name}:" for name in sorted(_PROVIDERS))
        raise ConfigInvalid(f"[store] url: no store is known by the scheme {scheme}: (known: {known})")
    return provider(location, _Wishes(create, owner, reserve_bytes, regions))


def _open_file(location: str, wishes: _Wishes) -> BlobStore:
    from vault.store.filesystem import FilesystemBlobs  # noqa: PLC0415  # imported when its scheme is asked for

    store = FilesystemBlobs(_folder_at(location), owner=wishes.owner, reserve_bytes=wishes.reserve_bytes)
    if wishes.create:
        store.create()
    return store


def _open_s3(location: str, wishes: _Wishes) -> BlobStore:
    try:
        from vault.store.s3 import S3Blobs, parse_location  # noqa: PLC0415  # imported when its scheme is asked for
    except ModuleNotFoundError as error:
        raise ConfigInvalid(
            f"[store] url: s3: needs the package {error.name}; run: pip install 'callvault[s3]'"
        ) from error
    store = S3Blobs(parse_location(location), owner=wishes.owner, regions=wishes.regions)
    if wishes.create:
        store.create()
    return store


def _folder_at(location: str) -> Path:
    """Return the folder of `file:PATH`, `file:/PATH` or `file:///PATH` (RFC 8089), taken literally."""
    if location.startswith("//"):
        host, slash, path = location[2:].partition("/")
        if host not in {"", "localhost"}:
            raise ConfigInvalid("[store] url: file:// is followed by an absolute path, not by a host")
        location = slash + path
    if not location.strip() or "\0" in location:
        raise ConfigInvalid("[store] url: a folder must follow, such as file:/srv/callvault/blobs")
    return Path(location)


_PROVIDERS: dict[str, Callable[[str, _Wishes], BlobStore]] = {"file": _open_file, "s3": _open_s3}
