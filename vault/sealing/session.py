"""A customer's session: its identity under a slot and under a key that only the session token yields.

The server keeps no token: id and key come from it by separate HKDF labels.
"""

from __future__ import annotations

from keys.age import HybridIdentity
from keys.derive import derive, open_small, seal_small
from keys.identities import parse_identity
from keys.secret import Secret
from keys.slots.sealing import open_under, seal_under
from vault.domain.access import Session
from vault.domain.names import SessionId
from vault.errors import AccessDenied


def session_id(token: Secret) -> SessionId:
    """Return the id under which the token's session lies."""
    return SessionId(derive(token, "session id").reveal().hex())


def seal(slot: Secret, token: Secret, identity: HybridIdentity) -> bytes:
    """Return the identity under the token's key, under the slot."""
    name = session_id(token).encode()
    inner = seal_small(_key(token), identity.encode().reveal(), bound_to=name)
    return seal_under(slot, inner, bound_to=b"session " + name)


def open_identity(slot: Secret, token: Secret, session: Session) -> HybridIdentity:
    """Return the identity; raise `keys.errors.SlotMismatch` for anything but its own token and slot."""
    name = session.id.encode()
    inner = open_under(slot, session.sealed, bound_to=b"session " + name)
    identity = parse_identity(open_small(_key(token), inner, bound_to=name).decode())
    if not isinstance(identity, HybridIdentity):
        raise AccessDenied("sign in again")
    return identity


def _key(token: Secret) -> Secret:
    return derive(token, "session key")
