"""Locked identities, and reading identities and recipients."""

from __future__ import annotations

import pytest

from keys.age import (
    HybridIdentity,
    HybridRecipient,
    PasswordIdentity,
    PasswordRecipient,
    Recipient,
    X25519Identity,
    X25519Recipient,
    open_file,
    seal_file,
)
from keys.errors import MalformedHeader, MalformedIdentity, NoMatchingIdentity, PayloadCorrupt
from keys.identities import lock, parse_identity, parse_recipient, relock, unlock
from keys.secret import Secret

PASSWORD = Secret(b"six-words-as-they-were-issued")
OFFICE = HybridIdentity.generate()


def text(identity: HybridIdentity | X25519Identity) -> str:
    """Return an identity's text form."""
    return identity.encode().reveal().decode()


def test_password_and_office_unlock() -> None:
    """A customer's identity opens with its password or by the DPO office, and with no other."""
    customer = HybridIdentity.generate()
    locked = lock(customer, [PasswordRecipient(PASSWORD), OFFICE.recipient])

    assert unlock(locked, [PasswordIdentity(PASSWORD)]) == customer
    assert unlock(locked, [OFFICE]) == customer
    with pytest.raises(NoMatchingIdentity):
        unlock(locked, [PasswordIdentity(Secret(b"wrong")), HybridIdentity.generate()])


def test_a_new_lock_keeps_the_password() -> None:
    """Locked anew by the office, it opens with the password that nobody gave, for the old office no more."""
    customer, new = HybridIdentity.generate(), HybridIdentity.generate()
    locked = lock(customer, [PasswordRecipient(PASSWORD), OFFICE.recipient])

    again = relock(locked, [OFFICE], [new.recipient])

    assert unlock(again, [PasswordIdentity(PASSWORD)]) == customer
    assert unlock(again, [new]) == customer
    with pytest.raises(NoMatchingIdentity):
        unlock(again, [OFFICE])


def test_a_new_lock_needs_who_opens_the_old_one() -> None:
    """A stranger locks nothing anew, and nobody locks to nobody or to an X25519 recipient."""
    locked = lock(HybridIdentity.generate(), [PasswordRecipient(PASSWORD), OFFICE.recipient])

    with pytest.raises(NoMatchingIdentity):
        relock(locked, [HybridIdentity.generate()], [OFFICE.recipient])
    for recipients in ([], [X25519Identity.generate().recipient]):
        with pytest.raises(MalformedHeader):
            relock(locked, [OFFICE], recipients)
    with pytest.raises(MalformedHeader):
        relock(locked.replace(b"-> mlkem768x25519 ", b"-> mlkem768x25519 A", 1), [OFFICE], [OFFICE.recipient])


def test_the_plaintext_is_an_identity_file() -> None:
    """What lies in it is an identity file of the `age` program: no Callvault is needed to use it."""
    customer = HybridIdentity.generate()

    opened = open_file(lock(customer, [OFFICE.recipient]), [OFFICE])

    assert opened == customer.encode().reveal() + b"\n"


def test_a_lock_is_never_weaker_than_what_it_locks() -> None:
    """An X25519 recipient, even alone, can't have a post-quantum identity; nor can nobody."""
    weak = X25519Identity.generate().recipient

    together: list[list[Recipient]] = [[weak], [OFFICE.recipient, weak], []]
    for recipients in together:
        with pytest.raises(MalformedHeader):
            lock(HybridIdentity.generate(), recipients)


def test_a_damaged_lock_is_found() -> None:
    """Damage to header or payload is told apart from a wrong password."""
    locked = bytearray(lock(HybridIdentity.generate(), [OFFICE.recipient]))
    locked[-1] ^= 1

    with pytest.raises(PayloadCorrupt):
        unlock(bytes(locked), [OFFICE])
    with pytest.raises(MalformedHeader):
        unlock(b"", [OFFICE])


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b"hunter2", text(X25519Identity.generate()).encode()],
    ids=["nothing", "no text", "a password", "another kind"],
)
def test_something_else_under_the_lock(content: bytes) -> None:
    """Anything but one post-quantum identity is refused, and not shown."""
    with pytest.raises(MalformedIdentity) as caught:
        unlock(seal_file(content, [OFFICE.recipient]), [OFFICE])

    assert "hunter2" not in str(caught.value)
    assert not isinstance(caught.value.__context__, UnicodeError)


def test_an_identity_file() -> None:
    """A file as `age-keygen` writes it is read past its comments; two identities are one too many."""
    identity = X25519Identity.generate()
    file = f"# created: 2026-01-01\n# public key: {identity.recipient}\n{text(identity)}\r\n\n"

    assert parse_identity(file) == identity
    assert parse_identity(text(OFFICE)) == OFFICE
    with pytest.raises(MalformedIdentity):
        parse_identity(file + text(OFFICE))


def test_recipients() -> None:
    """Both kinds of recipient are read, blanks around them forgiven, and anything else refused."""
    weak = X25519Identity.generate().recipient

    assert parse_recipient(f" {OFFICE.recipient}\n") == OFFICE.recipient
    assert isinstance(parse_recipient(str(OFFICE.recipient)), HybridRecipient)
    assert parse_recipient(str(weak)) == weak
    assert isinstance(parse_recipient(str(weak)), X25519Recipient)
    for other in ("", "age1", "age1pq1", "ssh-ed25519 AAAA", text(OFFICE)):
        with pytest.raises(MalformedIdentity):
            parse_recipient(other)
