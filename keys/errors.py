"""What can go wrong with keys. Each error has a stable `code`, described in `docs/errors.md`.

KeysError
├── MalformedHeader      the age header is not what the specification allows
├── MalformedIdentity    an identity or recipient string can't be read
├── NoMatchingIdentity   none of the identities opens this header
├── PayloadCorrupt       a chunk does not authenticate, is missing or is too many
├── SlotDestroyed        the slot is all zero: what lay under it is gone
├── SlotMismatch         the slot is alive, but what lies under it was changed or swapped
├── SlotsUnavailable     a slot file can't be read or written just now
├── SlotsUnsafe          the file system can't overwrite in place, or the folder is not ours
├── CustodyRefused       the root key can't be had: wrong permissions, denied, or not this vault's
├── CustodyUnavailable   the root key can't be had just now
├── SignatureInvalid     a signed note does not carry the expected signature
└── StampInvalid         a time stamp is not its authority's, or on something else
"""

from __future__ import annotations


class KeysError(Exception):
    """Root of everything that goes wrong with keys."""

    code = "keys_error"


class MalformedHeader(KeysError):
    """The age header is not what the specification allows."""

    code = "malformed_header"


class MalformedIdentity(KeysError):
    """An identity or recipient string can't be read."""

    code = "malformed_identity"


class NoMatchingIdentity(KeysError):
    """None of the identities opens this header."""

    code = "no_matching_identity"


class PayloadCorrupt(KeysError):
    """A chunk does not authenticate, is missing, or is too many."""

    code = "payload_corrupt"


class SlotDestroyed(KeysError):
    """The slot is all zero: what lay under it is gone for good."""

    code = "slot_destroyed"


class SlotMismatch(KeysError):
    """The slot is alive, but what lies under it was changed or swapped."""

    code = "slot_mismatch"


class SlotsUnavailable(KeysError):
    """A slot file can't be read or written just now."""

    code = "slots_unavailable"


class SlotsUnsafe(KeysError):
    """The file system can't overwrite in place, or the folder is not this vault's."""

    code = "slots_unsafe"


class CustodyRefused(KeysError):
    """The root key can't be had: wrong permissions, denied, or not this vault's."""

    code = "custody_refused"


class CustodyUnavailable(KeysError):
    """The root key can't be had just now; trying again may help."""

    code = "custody_unavailable"


class SignatureInvalid(KeysError):
    """A signed note does not carry the expected signature."""

    code = "signature_invalid"


class StampInvalid(KeysError):
    """A time stamp is not its authority's, or on something else."""

    code = "stamp_invalid"
