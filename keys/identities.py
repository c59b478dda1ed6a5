"""Identities under lock, and the text forms of identities and recipients.

A locked identity is an age file whose plaintext is the identity's text: whoever is a recipient of it may take
the identity's part from then on. It is the one form in which an identity is kept.
"""

from __future__ import annotations

from collections.abc import Sequence

from keys.age import (
    HybridIdentity,
    HybridRecipient,
    Identity,
    Recipient,
    X25519Identity,
    X25519Recipient,
    open_file,
    reseal_header,
    seal_file,
    split_header,
)
from keys.age.hybrid import IDENTITY_PREFIX as HYBRID_IDENTITY
from keys.age.hybrid import RECIPIENT_PREFIX as HYBRID_RECIPIENT
from keys.errors import MalformedHeader, MalformedIdentity


def lock(identity: HybridIdentity, recipients: Sequence[Recipient]) -> bytes:
    """Seal `identity` to `recipients`: passwords and other identities, all post-quantum.

    Raises `MalformedHeader` for no recipients, two passwords, or an X25519 recipient: what protects a
    post-quantum identity must not be weaker than it.
    """
    if not all(recipient.post_quantum for recipient in recipients):
        raise MalformedHeader("a post-quantum identity is locked to post-quantum recipients only")
    # With the line feed it is what `age -i` reads.
    return seal_file(identity.encode().reveal() + b"\n", recipients)


def relock(locked: bytes, identities: Sequence[Identity], recipients: Sequence[Recipient]) -> bytes:
    """Lock what these identities open to other recipients; a password to which it was locked stays one.

    The payload, and the file key that only its recipients ever held, are the same. Raises what `unlock` and
    `lock` raise, all but `MalformedIdentity`.
    """
    header, payload = split_header(locked)
    return reseal_header(header, identities, recipients) + payload


def unlock(locked: bytes, identities: Sequence[Identity]) -> HybridIdentity:
    """Open a locked identity with a password or another identity.

    Raises `NoMatchingIdentity` for the wrong one, `MalformedHeader` or `PayloadCorrupt` for a damaged file,
    and `MalformedIdentity` if something else lay in it.
    """
    # "replace": a decoding error would carry the plaintext with it.
    opened = parse_identity(open_file(locked, identities).decode("ascii", "replace"))
    if not isinstance(opened, HybridIdentity):
        raise MalformedIdentity("a post-quantum identity was expected")
    return opened


def parse_identity(text: str) -> HybridIdentity | X25519Identity:
    """Read an identity, alone or as a file in which lines that begin with # are comments.

    Raises `MalformedIdentity`, also for a file with several of them.
    """
    lines = [line.strip() for line in text.splitlines()]
    encoded = [line for line in lines if line and not line.startswith("#")]
    if len(encoded) != 1:
        raise MalformedIdentity("one identity was expected")
    kind = HybridIdentity if encoded[0].startswith(HYBRID_IDENTITY) else X25519Identity
    return kind.parse(encoded[0])


def parse_recipient(text: str) -> HybridRecipient | X25519Recipient:
    """Read a recipient, `age1pq1…` or `age1…`; raise `MalformedIdentity`."""
    stripped = text.strip()
    kind = HybridRecipient if stripped.startswith(HYBRID_RECIPIENT + "1") else X25519Recipient
    return kind.parse(stripped)
