"""The service's own keys: all derived from one secret that custody of the root key wraps.

They sign the log, vouch for recipients and blind what is looked up by equality. They open no recording.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping

from keys.derive import derive
from keys.secret import Secret
from keys.signing import NoteSigner, NoteVerifier

SECRET_BYTES = 32
_BLINDED_CHARACTERS = 40  # 160 bits of HMAC-SHA-256 in hex: no collisions at any size of vault


def wrapping_context(vault_id: str) -> Mapping[str, str]:
    """Return what custody binds the service's secret to: its vault and its purpose."""
    return {"vault": vault_id, "purpose": "service secret"}


class ServiceKeys:
    """Derives each key once, by a label of its own (RFC 5869)."""

    def __init__(self, secret: Secret, log_name: str) -> None:
        self._vouch = derive(secret, "vouch for recipients")
        self._blind = derive(secret, "blind look-ups")
        self.log_name = log_name
        self.signer = NoteSigner(log_name, derive(secret, "sign the log"))
        self.verifier = NoteVerifier.parse(self.signer.verifier_key)

    @staticmethod
    def new_secret() -> Secret:
        """Return a fresh service secret."""
        return Secret(secrets.token_bytes(SECRET_BYTES))

    def vouch(self, statement: bytes) -> bytes:
        """Authenticate a statement such as «this recipient is that customer's» (HMAC-SHA-256)."""
        return hmac.digest(self._vouch.reveal(), statement, hashlib.sha256)

    def vouched(self, statement: bytes, mark: bytes) -> bool:
        """Say whether this service vouched for the statement."""
        return hmac.compare_digest(self.vouch(statement), mark)

    def blind(self, purpose: str, *values: str) -> str:
        """Return a token that is equal for equal values and tells nothing about them without the key."""
        message = "\0".join((purpose, *values)).encode("utf-8", "surrogatepass")
        return hmac.digest(self._blind.reveal(), message, hashlib.sha256).hex()[:_BLINDED_CHARACTERS]
