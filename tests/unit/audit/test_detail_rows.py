"""Detail rows: tied to their entries by a salted digest, and never taken for another."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from vault.audit.details import SALT_BYTES, canonical_row, detail_digest, is_logged, kept_digests
from vault.errors import LogCorrupt

SALT = bytes(range(SALT_BYTES))
ROW: dict[str, object] = {"reason": "complaint", "address": "192.0.2.1", "name": "Ms Example"}
KEPT = '{"address":"192.0.2.1","name":"Ms Example","reason":"complaint"}'
DIGEST = hashlib.sha256(SALT + KEPT.encode()).hexdigest()

plain = st.dictionaries(st.text(max_size=8), st.text(max_size=40) | st.booleans(), max_size=4)
odd = st.dictionaries(
    st.text(max_size=8),
    st.dictionaries(st.text(max_size=4), st.none() | st.text(max_size=9), max_size=3)
    | st.integers(-9, 9)
    | st.floats(-1, 1),
    max_size=4,
)


def test_detail_digest() -> None:
    """The digest is SHA-256 of salt and canonical row, so the order of its members does not matter."""
    assert detail_digest(SALT, ROW) == detail_digest(SALT, dict(reversed(ROW.items()))) == DIGEST
    assert detail_digest(SALT[::-1], ROW) != DIGEST


@settings(deadline=None)
@given(plain | odd)
def test_every_detail_row_is_digested_as_its_standard_says(row: dict[str, object]) -> None:
    """Plain rows are written faster than others, and byte for byte as RFC 8785 has them."""
    expected = rfc8785.dumps(row)  # type: ignore[arg-type]  # its type is narrower

    assert canonical_row(row) == expected
    assert detail_digest(SALT, row) == hashlib.sha256(SALT + expected).hexdigest()


def test_detail_that_can_not_be_digested() -> None:
    """A salt too short to hide anything is a mistake; a row that JSON can't express is refused."""
    with pytest.raises(ValueError, match="16 bytes"):
        detail_digest(SALT[1:], {})
    for row in ({"name": "\ud800"}, {"\ud800": 1}, {"when": datetime.now(UTC)}, {"size": 2**53}):
        with pytest.raises(LogCorrupt):
            detail_digest(SALT, row)


@settings(deadline=None)
@given(plain | odd)
def test_a_row_is_known_however_it_was_kept(row: dict[str, object]) -> None:
    """As it was hashed, or as rows were kept once: in another order, with other escapes."""
    digest = detail_digest(SALT, row)
    kept = canonical_row(row).decode()

    assert list(kept_digests([SALT], [kept])) == [digest]
    for other in (kept, kept.encode(), json.dumps(dict(reversed(row.items()))), json.dumps(row, indent=1)):
        assert is_logged(digest, SALT, other)


@pytest.mark.parametrize(
    ("salt", "row"),
    [
        (SALT, KEPT.replace("Ms", "Mr")),
        (SALT, KEPT[:-1]),
        (SALT, KEPT + "}"),
        (SALT, ""),
        (SALT, "null"),
        (SALT, f"[{KEPT}]"),
        (SALT, KEPT.encode()[1:]),
        (SALT, b"\xff"),
        (SALT, 7),
        (SALT, None),
        (SALT, '{"name":1e999}'),
        (SALT, "[" * 100_000),
        (None, KEPT),
        ("", KEPT),
        (b"", KEPT),
        (SALT[1:], KEPT),
        (SALT[:-1] + b"\0", KEPT),
        (SALT + KEPT.encode()[:1], KEPT[1:]),
        (SALT + KEPT.encode(), ""),
        (SALT[:-1], "\x0f" + KEPT),
    ],
)
def test_another_row_is_not_taken_for_it(salt: object, row: object) -> None:
    """Neither a changed one, nor one whose border to the salt was moved, nor what is no row at all."""
    assert not is_logged(DIGEST, salt, row)
    assert not is_logged(None, salt, row)
    assert list(kept_digests([salt, SALT], [row, KEPT])) != [DIGEST, DIGEST]


def test_rows_that_lie_together() -> None:
    """Digests come in order; with an erased row among them there are none, and each is looked at."""
    other = canonical_row({"name": "another"}).decode()

    assert list(kept_digests([SALT, SALT], [other, KEPT])) == [
        detail_digest(SALT, {"name": "another"}),
        DIGEST,
    ]
    assert list(kept_digests([SALT, None], [KEPT, None])) == []
