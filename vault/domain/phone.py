"""Telephone numbers as search terms. What came is kept; this only decides what counts as the same number."""

from __future__ import annotations

import re

from vault.errors import Invalid

_DIGITS = re.compile(r"[^0-9+*#]")
_MAX_CHARACTERS = 64


def search_term(number: str, region: str) -> str | None:
    """Return the E.164 form where `region` (ISO 3166) makes one, else the bare digits; None for no number.

    `+44 20 7946 0000`, `020 7946 0000` and `00442079460000` are one term in GB; `101` stays `101`.
    """
    import phonenumbers  # noqa: PLC0415 - its tables cost a start-up that most commands do not need

    bare = _DIGITS.sub("", number)[:_MAX_CHARACTERS]
    if not bare:
        return None
    try:
        parsed = phonenumbers.parse(bare, region)
    except phonenumbers.NumberParseException:
        return bare
    if not phonenumbers.is_possible_number(parsed):
        return bare
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def parse_region(text: str) -> str:
    """Return a region whose numbers can be read, in capitals; raise `Invalid`. `UK` is none, `GB` is."""
    import phonenumbers  # noqa: PLC0415 - as above

    region = text.strip().upper()
    if region not in phonenumbers.SUPPORTED_REGIONS:
        raise Invalid("the region is an ISO 3166 code of two letters, such as GB")
    return region
