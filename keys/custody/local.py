"""Custody in a local file: `local:/etc/callvault/root.key`.

The file is one line, `callvault-root-key-1 BASE64`, with 32 random bytes. A wrapped secret is

    0x01 ‖ salt (16 bytes) ‖ ChaCha20-Poly1305 ciphertext and tag

under HKDF-SHA256 (RFC 5869) of the root key with that salt; the fresh salt makes every key new, so the
nonce is zero. The context is the associated data.
"""

from __future__ import annotations

import base64
import binascii
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from keys.custody import canonical_context
from keys.durable import make_folder, sync_folder, write_all, write_new
from keys.errors import CustodyRefused, CustodyUnavailable
from keys.secret import Secret

KEY_BYTES = 32
SALT_BYTES = 16
MAX_SECRET_BYTES = 4096
_LABEL = b"callvault-root-key-1 "
_MAX_FILE_BYTES = 4096
_VERSION = b"\x01"
_INFO = b"callvault/custody local v1"
_NONCE = bytes(12)
_TAG_BYTES = 16


class LocalCustody:
    """A root key read once from a file; see `keys.custody.Custody` for the contract."""

    def __init__(self, path: Path, root_key: Secret) -> None:
        self._path = path
        self._root_key = root_key

    @property
    def uri(self) -> str:
        """`local:` and the absolute path."""
        return f"local:{self._path}"

    @property
    def region(self) -> None:
        """A file has none."""
        return None

    def wrap(self, secret: Secret, *, context: Mapping[str, str]) -> bytes:
        """Encrypt and authenticate a secret of up to 4096 bytes."""
        if len(secret) > MAX_SECRET_BYTES:
            raise ValueError(f"a secret to wrap is at most {MAX_SECRET_BYTES} bytes long")
        salt = os.urandom(SALT_BYTES)
        sealed = self._cipher(salt).encrypt(_NONCE, secret.reveal(), canonical_context(context))
        return _VERSION + salt + sealed

    def unwrap(self, wrapped: bytes, *, context: Mapping[str, str]) -> Secret:
        """Return what `wrap` took; `CustodyRefused` if key, context or any byte differ."""
        salt, sealed = wrapped[1 : 1 + SALT_BYTES], wrapped[1 + SALT_BYTES :]
        if wrapped[:1] != _VERSION or len(sealed) < _TAG_BYTES:
            raise CustodyRefused("this is not a secret wrapped by a local root key")
        try:
            return Secret(self._cipher(salt).decrypt(_NONCE, sealed, canonical_context(context)))
        except InvalidTag:
            raise CustodyRefused(
                "the secret was changed, is for another purpose, or is wrapped under another root key than "
                f"{self._path}"
            ) from None

    def _cipher(self, salt: bytes) -> ChaCha20Poly1305:
        return ChaCha20Poly1305(HKDF(SHA256(), KEY_BYTES, salt, _INFO).derive(self._root_key.reveal()))


def open_custody(location: str) -> LocalCustody:
    """Read the root key from a file that only we, or root and we, can read."""
    path = _path(location)
    try:
        return LocalCustody(path, _parse(path, _read(path)))
    except FileNotFoundError:
        raise CustodyRefused(f"there is no root key at {path}") from None
    except (PermissionError, NotADirectoryError, IsADirectoryError) as error:
        raise CustodyRefused(f"the root key at {path} can't be read: {error.strerror}") from None
    except OSError as error:
        raise CustodyUnavailable(f"the root key at {path} can't be read now: {error.strerror}") from error


def create_custody(location: str) -> LocalCustody:
    """Make a file with a new root key, 0600, durable; its folder too if it is missing."""
    path = _path(location)
    root_key = os.urandom(KEY_BYTES)
    try:
        make_folder(path.parent)
        write_new(path, _LABEL + base64.b64encode(root_key) + b"\n")
    except FileExistsError:
        raise CustodyRefused(f"there is something at {path} already; a root key is never replaced") from None
    except (PermissionError, NotADirectoryError) as error:
        raise CustodyRefused(f"no root key can be made at {path}: {error.strerror}") from None
    except OSError as error:
        raise CustodyUnavailable(f"no root key can be made at {path} now: {error.strerror}") from error
    return open_custody(location)


def destroy_custody(location: str) -> None:
    """Overwrite the root key with zeros, synced, and unlink it; nothing but a root key is touched.

    Raises `CustodyRefused` and `CustodyUnavailable` as `open_custody` does.
    """
    open_custody(location)
    path = _path(location)
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            write_all(fd, bytes(os.fstat(fd).st_size), offset=0)
            os.fsync(fd)
        finally:
            os.close(fd)
        path.unlink()
        sync_folder(path.parent)
    except OSError as error:
        raise CustodyUnavailable(
            f"the root key at {path} can't be destroyed now: {error.strerror}"
        ) from error


def _path(location: str) -> Path:
    if "\0" in location:
        raise CustodyRefused("the path of the root key holds a NUL character")
    return Path(location.removeprefix("//")).absolute()


def _read(path: Path) -> bytes:
    # A symbolic link is followed (orchestrators mount secrets as links); what counts is the file.
    # Without O_NONBLOCK a named pipe in its place would hold us up for ever.
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        _require_private(path, os.fstat(fd))
        return os.pread(fd, _MAX_FILE_BYTES, 0)
    finally:
        os.close(fd)


def _require_private(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise CustodyRefused(f"the root key at {path} is not a regular file")
    if status.st_uid not in {0, os.geteuid()}:
        raise CustodyRefused(f"the root key at {path} belongs to another user; give it to ours with chown")
    if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise CustodyRefused(f"others can get at the root key; run: chmod 600 {path}")


def _parse(path: Path, content: bytes) -> Secret:
    encoded = content.removeprefix(_LABEL).removesuffix(b"\n")
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES or content.removesuffix(b"\n") != _LABEL + base64.b64encode(key):
        raise CustodyRefused(f"{path} is not a root key of Callvault")
    return Secret(key)
