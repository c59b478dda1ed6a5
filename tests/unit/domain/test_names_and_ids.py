"""Names, ids, digests and tokens, parsed once."""

from __future__ import annotations

import pytest

from vault.domain.names import new_id, parse_id_prefix, parse_name, parse_sha256, token_id
from vault.errors import Invalid


@pytest.mark.parametrize(
    ("text", "name"),
    [("acme", "acme"), (" Acme-Ltd.2 \n", "acme-ltd.2"), ("a", "a"), ("9_z", "9_z"), ("a" * 64, "a" * 64)],
)
def test_names(text: str, name: str) -> None:
    """A name is taken however it is written, and kept in one form."""
    assert parse_name(text) == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "-a",
        "a-",
        ".",
        "..",
        "a/b",
        "../a",
        "a b",
        "a\nb",
        "a\0b",
        "ä",
        "a" * 65,
        "a\ud800",
        "=1+1",
    ],
)
def test_what_is_no_name(text: str) -> None:
    """Nothing that could climb a path, forge a line or start a formula passes as a name."""
    with pytest.raises(Invalid):
        parse_name(text)


def test_ids_are_random_and_can_be_spoken() -> None:
    """An id has 100 bits of letters and digits that nobody confuses, and is its own prefix."""
    ids = {new_id() for _ in range(200)}

    assert len(ids) == 200
    assert all(len(each) == 20 and not set(each) & set("ilou") for each in ids)
    assert all(parse_id_prefix(f" {each.upper()} ") == each for each in ids)


@pytest.mark.parametrize("text", ["", "l", "0" * 21, "a%", "a_", "é", "a b"])
def test_what_is_no_id(text: str) -> None:
    """No wildcard or stray letter passes as the beginning of an id."""
    with pytest.raises(Invalid):
        parse_id_prefix(text)


def test_digests() -> None:
    """A SHA-256 is read in either case; anything of another length or alphabet is refused."""
    assert parse_sha256(" " + "AB" * 32 + "\n") == "ab" * 32
    for text in ("", "ab" * 31, "ab" * 33, "zz" * 32, "\u0660" * 64):
        with pytest.raises(Invalid):
            parse_sha256(text)


def test_tokens_have_a_name_whatever_they_hold() -> None:
    """A token is stored by its digest; one that is no UTF-8 names nothing and fails nothing."""
    assert token_id("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert len({token_id(token) for token in ("", "\ud800", "\udcff", "abc")}) == 4
