"""Issued passwords and tokens."""

from __future__ import annotations

import hashlib
import re
from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keys.passwords import issue_password, issue_token, normalise, words
from keys.secret import Secret

LIST_SHA256 = "6d557f0693958fb5e650b68b5bee585eb82cf4da32965505c789e924743bc522"
EFF_FILE_SHA256 = "addd35536511597a02fa0a9ff1e5284677b8883b83e986e43f15a3db996b903e"


def test_the_list_is_the_eff_s() -> None:
    """The vendored list is whole and unchanged; with the dice rolls back, it is the very file of the EFF."""
    raw = resources.files("keys").joinpath("eff_large_wordlist.txt").read_bytes()
    rolls = [f"{a}{b}{c}{d}{e}" for a in "123456" for b in "123456" for c in "123456" for d in "123456"
             for e in "123456"]  # fmt: skip
    original = "".join(f"{roll}\t{word}\n" for roll, word in zip(rolls, words(), strict=True))

    assert hashlib.sha256(raw).hexdigest() == LIST_SHA256
    assert hashlib.sha256(original.encode()).hexdigest() == EFF_FILE_SHA256
    assert len(set(words())) == 7776


def test_no_two_rows_of_words_read_alike() -> None:
    """The four words with a hyphen cost no entropy: their first halves are no words themselves."""
    hyphenated = [word for word in words() if "-" in word]

    assert hyphenated == ["drop-down", "felt-tip", "t-shirt", "yo-yo"]
    assert not {word.split("-")[0] for word in hyphenated} & set(words())


def test_a_password_is_six_words() -> None:
    """An issued password is made of six words of the list, joined by hyphens."""
    word = "|".join(map(re.escape, words()))

    for _ in range(20):
        assert re.fullmatch(f"(?:{word})(?:-(?:{word})){{5}}", issue_password().reveal().decode())


def test_passwords_differ() -> None:
    """No password is issued twice."""
    assert len({issue_password().reveal() for _ in range(500)}) == 500


def test_an_issued_password_is_normal() -> None:
    """What is issued is what typing it exactly gives."""
    for _ in range(200):
        password = issue_password()
        assert normalise(password.reveal().decode()) == password


@pytest.mark.parametrize(
    "typed",
    [
        "drop-down-yo-yo-zoom-abacus-t-shirt-felt-tip",
        "  drop-down yo-yo zoom abacus t-shirt felt-tip\r\n",
        "Drop-Down Yo-Yo Zoom Abacus T-Shirt Felt-Tip",
        "DROP DOWN YO YO ZOOM ABACUS T SHIRT FELT TIP",
        "drop_down__yo_yo \t zoom - abacus \u2013 t\u2010shirt \u2014 felt\u2011tip",
        "\ufeffdrop\u2212down-yo-yo-zoom\u00a0abacus-t-shirt-felt-tip\u200b",
        "\uff44\uff52\uff4f\uff50-down-yo-yo-zoom-aba\u00adcus-t-shirt-felt-tip",
        "-drop-down-yo-yo-zoom-abacus-t-shirt-felt-tip-",
    ],
)
def test_the_ways_people_type(typed: str) -> None:
    """Case, spaces, low lines, typographic dashes and invisible marks make no difference."""
    assert normalise(typed) == Secret(b"drop-down-yo-yo-zoom-abacus-t-shirt-felt-tip")


def test_another_word_is_another_password() -> None:
    """Normalising forgives spelling of the gaps, never a word."""
    assert normalise("abacus zoom") != normalise("zoom abacus")
    assert normalise("abacus zoom") != normalise("abacuszoom")


@settings(max_examples=300)
@given(st.text())
def test_normalising_is_idempotent(text: str) -> None:
    """Whatever is typed, normalising never fails, and twice is as good as once."""
    once = normalise(text)

    assert normalise(once.reveal().decode("utf-8", "surrogatepass")) == once


def test_bytes_that_were_no_text() -> None:
    """Lone surrogates, as Python makes of bytes that are no UTF-8, are a wrong password and no crash."""
    assert normalise(b"\xff\xfe".decode("utf-8", "surrogateescape")) != normalise("")


def test_tokens() -> None:
    """A token is base64 for URLs without padding, and never the same."""
    tokens = {issue_token(16).reveal() for _ in range(500)}

    assert len(tokens) == 500
    assert all(re.fullmatch(rb"[A-Za-z0-9_-]{22}", token) for token in tokens)
    assert len(issue_token(32)) == 43
