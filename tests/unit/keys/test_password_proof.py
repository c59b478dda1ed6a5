"""Promises of the proof that somebody knows a password."""

from __future__ import annotations

import pytest

from keys import password_proof
from keys.age import FileKey, PasswordIdentity, PasswordRecipient, base64, open_header, seal_header
from keys.errors import NoMatchingIdentity
from keys.password_proof import Expected
from keys.secret import Secret

PASSWORD = Secret(b"detention-shelf-celibacy-broadways-chapped-numerator")


@pytest.fixture(scope="module")
def expected() -> Expected:
    """Return what is kept of the password."""
    return Expected.from_password(PASSWORD)


def test_only_the_password_answers(expected: Expected) -> None:
    """The right one's answer is met; another's, half of one and none are not."""
    right = password_proof.answer(PASSWORD, expected.salt)

    assert expected.met_by(right)
    for wrong in (
        password_proof.answer(Secret(b"other"), expected.salt),
        Secret(right.reveal()[:-1]),
        Secret(b""),
    ):
        assert not expected.met_by(wrong)


def test_what_is_kept_is_no_answer(expected: Expected) -> None:
    """Whoever reads salt and digest has neither the answer nor the password."""
    right = password_proof.answer(PASSWORD, expected.salt).reveal()

    assert not expected.met_by(Secret(expected.digest))
    assert not expected.met_by(Secret(expected.digest.hex().encode()))
    assert right not in expected.salt + expected.digest
    assert PASSWORD.reveal().decode() not in repr(expected)


def test_an_answer_is_good_for_its_own_salt(expected: Expected) -> None:
    """The same password kept twice is asked differently."""
    again = Expected.from_password(PASSWORD)

    assert again.salt != expected.salt
    assert not expected.met_by(password_proof.answer(PASSWORD, again.salt))


def test_an_answer_opens_no_header() -> None:
    """A vault that asks with the salt of a password stanza learns nothing that opens it."""
    sealed = seal_header(FileKey.generate(), [PasswordRecipient(PASSWORD)])
    salt = base64.decode(sealed.split(b"callvault/argon2id ")[1].split(b" ")[0].decode())
    asked = password_proof.answer(PASSWORD, salt)

    for tried in (asked, Secret(bytes.fromhex(asked.reveal().decode()))):
        with pytest.raises(NoMatchingIdentity):
            open_header(sealed, [PasswordIdentity(tried)])


@pytest.mark.parametrize("salt", [b"", bytes(15), bytes(17)])
def test_a_salt_has_its_size(salt: bytes) -> None:
    """A question that is none is not answered."""
    with pytest.raises(ValueError, match="16 bytes"):
        password_proof.answer(PASSWORD, salt)
