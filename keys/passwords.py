"""Passwords and tokens: issued, never chosen.

A password is six words of the EFF's large list (https://www.eff.org/dice), drawn by the operating system's
generator: 6 · log2(7776) = 77.5 bits. It is long enough to be hashed once per guess, and short enough to be
told over the telephone. No issued password can be read as two different rows of words, although four words of
the list have a hyphen.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from functools import cache
from pathlib import Path

from keys.secret import Secret

PASSWORD_WORDS = 6
TOKEN_BYTES = 16  # 128 bits: not to be guessed, whatever the rate

# White space, low line, the dashes and hyphens of Unicode, and the minus sign that some keyboards give.
_BETWEEN_WORDS = re.compile(r"[\s_\-\u058a\u05be\u2010-\u2015\u2212\u2e3a\u2e3b\ufe58\ufe63\uff0d]+")


@cache
def words() -> tuple[str, ...]:
    """Return the 7776 words of the EFF's large list, in its order; read once, when first needed."""
    listed = Path(__file__).with_name("eff_large_wordlist.txt").read_text(encoding="ascii")
    return tuple(listed.split())


def issue_password() -> Secret:
    """Draw a new password: six words joined by hyphens, 77.5 bits."""
    drawn = (secrets.choice(words()) for _ in range(PASSWORD_WORDS))
    return Secret("-".join(drawn).encode())


def normalise(text: str) -> Secret:
    """Return the password that a person meant by `text`.

    Case, the kind and number of dashes or spaces between words, and invisible characters from a mail or a
    document make no difference. An issued password is returned as it is.
    """
    visible = "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf")
    # Case folding can undo the normal form (Unicode 16, section 5.18.4), hence once more.
    folded = unicodedata.normalize("NFKC", visible.casefold())
    # A lone surrogate, from bytes that were no UTF-8, matches no issued password but must not fail here.
    return Secret(_BETWEEN_WORDS.sub("-", folded).strip("-").encode("utf-8", "surrogatepass"))


def issue_token(nbytes: int = TOKEN_BYTES) -> Secret:
    """Draw `nbytes` random bytes as base64 for URLs (RFC 4648, section 5), without padding."""
    return Secret(secrets.token_urlsafe(nbytes).encode())
