"""A customer's session: its identity under a slot and under a key that only the session token yields.

The server keeps no token: id and key come from it by separate HKDF labels.
"""

from __future__ import annotations

from dataclasses import replace

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


def seal(slot: Secret, token: Secret, identity: HybridIdentity, session: Session) -> Session:
    """Return the session with the identity under the token's key, under the slot, bound to all it says."""
    inner = seal_small(_key(token), identity.encode().reveal(), bound_to=session.id.encode())
    return replace(session, sealed=seal_under(slot, inner, bound_to=session.binding))


def open_identity(slot: Secret, token: Secret, session: Session) -> HybridIdentity:
    """Return the identity; raise `keys.errors.SlotMismatch` for anything but its own token, slot and row."""
    inner = open_under(slot, session.sealed, bound_to=session.binding)
    identity = parse_identity(open_small(_key(token), inner, bound_to=session.id.encode()).decode())
    if not isinstance(identity, HybridIdentity):
        raise AccessDenied("sign in again")
    return identity


def _key(token: Secret) -> Secret:
    return derive(token, "session key")
