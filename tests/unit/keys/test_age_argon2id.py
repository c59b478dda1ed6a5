"""The password stanza, opened by what `docs/format.md` says of it and nothing of ours."""

from __future__ import annotations

import base64

from argon2.low_level import Type, hash_secret_raw
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from keys.age import FileKey, PasswordRecipient
from keys.secret import Secret

PASSWORD = Secret(b"abacus-abdomen-abdominal-abide-abiding-ability")


def test_what_is_paid_is_what_the_stanza_states() -> None:
    """Argon2id with the stated memory, passes and lanes gives the key; nothing cheaper, nothing dearer."""
    file_key = FileKey.generate()
    stanza = PasswordRecipient(PASSWORD).wrap(file_key)
    salt, memory_kib, passes, lanes = stanza.arguments

    wrap_key = hash_secret_raw(
        secret=PASSWORD.reveal(),
        salt=b"callvault/argon2id" + base64.b64decode(salt + "=="),
        time_cost=int(passes),
        memory_cost=int(memory_kib),
        parallelism=int(lanes),
        hash_len=32,
        type=Type.ID,
    )

    assert ChaCha20Poly1305(wrap_key).decrypt(bytes(12), stanza.body, None) == file_key.secret.reveal()
