"""A staff session: the person's identity, or nothing, under a slot and a key that only the token yields.

The server keeps no token: id and key come from it by separate HKDF labels, none of which a customer's has.
"""

from __future__ import annotations

from dataclasses import replace

from keys.age import HybridIdentity
from keys.derive import derive, open_small, seal_small
from keys.identities import parse_identity
from keys.secret import Secret
from keys.slots.sealing import open_under, seal_under
from vault.domain.names import SessionId
from vault.domain.staff_session import StaffSession
from vault.errors import AccessDenied


def session_id(token: Secret) -> SessionId:
    """Return the id under which the token's session lies."""
    return SessionId(derive(token, "staff session id").reveal().hex())


def seal(slot: Secret, token: Secret, identity: HybridIdentity | None, session: StaffSession) -> StaffSession:
    """Return the session with the identity under the token's key, under the slot, bound to all it says.

    Without an identity it is sealed just so: whoever writes rows into the database makes no session.
    """
    kept = b"" if identity is None else identity.encode().reveal()
    inner = seal_small(_key(token), kept, bound_to=session.id.encode())
    return replace(session, sealed=seal_under(slot, inner, bound_to=session.binding))


def open_identity(slot: Secret, token: Secret, session: StaffSession) -> HybridIdentity | None:
    """Return the identity, None for a person who keeps theirs.

    Raise `keys.errors.SlotMismatch` for anything but its own token, slot and row.
    """
    inner = open_under(slot, session.sealed, bound_to=session.binding)
    kept = open_small(_key(token), inner, bound_to=session.id.encode())
    if not kept:
        return None
    identity = parse_identity(kept.decode())
    if not isinstance(identity, HybridIdentity):
        raise AccessDenied("sign in again")
    return identity


def _key(token: Secret) -> Secret:
    return derive(token, "staff session key")
