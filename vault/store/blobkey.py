"""A blob's key becomes a file name or an object name, so it is looked at once more on its way out.

By its type it can be nothing but 20 characters of our own making. It also comes back from a
database that somebody may have written to, and then it must not lead out of the store.
"""

from __future__ import annotations

from vault.domain.names import BlobKey, parse_id_prefix
from vault.errors import Invalid

KEY_CHARACTERS = 20


def is_blob_key(text: str) -> bool:
    """Say whether `text` is written exactly as `vault.domain.names.new_id` writes it."""
    try:
        return len(text) == KEY_CHARACTERS and parse_id_prefix(text) == text
    except Invalid:
        return False


def checked(key: BlobKey) -> BlobKey:
    """Return the key; raise `Invalid` if it could name anything but a blob of ours."""
    if not is_blob_key(key):
        raise Invalid("not the key of a blob")
    return key
