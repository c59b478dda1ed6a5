"""Promises about time stamps, against the authority that OpenSSL brings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from keys.errors import StampInvalid
from keys.timestamps import open_stamp, stamp_request, stamp_roots
from tests.harness.authority import Authority

_NOTE = b"callvault/log\n42\nroot\n"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The authority that is trusted."""
    return Authority(tmp_path_factory.mktemp("tsa") / "ours")


@pytest.fixture(scope="module")
def stamp(authority: Authority) -> bytes:
    """Its stamp on the note."""
    return authority.answer(stamp_request(_NOTE))


def test_a_stamp_tells_when(authority: Authority, stamp: bytes) -> None:
    """The time in a stamp is the authority's, in UTC."""
    when = open_stamp(stamp, _NOTE, stamp_roots(authority.roots.read_bytes()))

    assert abs(datetime.now(UTC) - when) < timedelta(minutes=1)


def test_the_authority_does_not_see_the_note() -> None:
    """A request carries a digest of the content, never the content."""
    assert _NOTE not in stamp_request(_NOTE)


def test_a_stamp_on_something_else(authority: Authority, stamp: bytes) -> None:
    """A stamp holds for the bytes it was given on, and for no others."""
    with pytest.raises(StampInvalid):
        open_stamp(stamp, _NOTE + b"x", stamp_roots(authority.roots.read_bytes()))


def test_an_authority_that_is_not_trusted(stamp: bytes, tmp_path: Path) -> None:
    """Whoever is no configured root's child stamps nothing that counts, whatever name it bears."""
    another = Authority(tmp_path / "another")

    with pytest.raises(StampInvalid):
        open_stamp(stamp, _NOTE, stamp_roots(another.roots.read_bytes()))


@pytest.mark.parametrize("position", range(0, 1000, 97))
def test_a_changed_stamp(authority: Authority, stamp: bytes, position: int) -> None:
    """No byte of a stamp's signed part can be changed unseen."""
    changed = bytearray(stamp)
    changed[position % len(stamp)] ^= 1

    roots = stamp_roots(authority.roots.read_bytes())
    try:
        when = open_stamp(bytes(changed), _NOTE, roots)
    except StampInvalid:
        return
    assert when == open_stamp(
        stamp, _NOTE, roots
    )  # a byte that says nothing, such as an unused certificate's


@pytest.mark.parametrize("answer", [b"", b"\x30\x00", b"<html>", bytes(1000)])
def test_an_answer_that_is_no_stamp(authority: Authority, answer: bytes) -> None:
    """Whatever a server answers instead of a stamp is refused as one."""
    with pytest.raises(StampInvalid):
        open_stamp(answer, _NOTE, stamp_roots(authority.roots.read_bytes()))


def test_a_file_without_roots() -> None:
    """A file that holds no certificate trusts nobody, and says so."""
    with pytest.raises(StampInvalid):
        stamp_roots(b"no certificate")
