"""Recipients, identities and headers of the age format."""

from __future__ import annotations

import re
import traceback

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keys.age import (
    FileKey,
    HybridIdentity,
    HybridRecipient,
    Identity,
    PasswordIdentity,
    PasswordRecipient,
    Recipient,
    Stanza,
    X25519Identity,
    X25519Recipient,
    base64,
    bech32,
    open_file,
    open_header,
    seal_file,
    seal_header,
    split_header,
)
from keys.errors import KeysError, MalformedHeader, MalformedIdentity, NoMatchingIdentity, PayloadCorrupt
from keys.secret import Secret

PASSWORD = Secret(b"abacus-yo-yo-zoom")
HYBRID = HybridIdentity(Secret(bytes(range(32))))
X25519 = X25519Identity(Secret(bytes(range(32))))
HYBRID_FILE = seal_file(b"call", [HYBRID.recipient])
HYBRID_HEADER, _ = split_header(HYBRID_FILE)

# The examples of the specification.
SPEC_X25519 = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"
SPEC_X25519_RECIPIENT = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"
SPEC_HYBRID = "AGE-SECRET-KEY-PQ-1XX76JRALNLXDMEW0CRK45QMCCH4X06SE84UN3VPM33W6HWDX0H3SK3ZQFR"
SPEC_HYBRID_RECIPIENT_START = "age1pq1x34nzsvr0rxjsgdn8zgyhfe8j7ceq5r9rdelkjuh3y235jzxshfg87pzf5zr"
SPEC_HYBRID_RECIPIENT_END = "qdkmhh6gjtqmwze9pyyzk3tlhl53k2ykx3qheyty7saeq0d3fzv49zc0k"


def test_the_specification_s_identities() -> None:
    """The examples of the specification parse, and give its recipients."""
    hybrid = str(HybridIdentity.parse(SPEC_HYBRID).recipient)

    assert str(X25519Identity.parse(SPEC_X25519).recipient) == SPEC_X25519_RECIPIENT
    assert hybrid.startswith(SPEC_HYBRID_RECIPIENT_START)
    assert hybrid.endswith(SPEC_HYBRID_RECIPIENT_END)
    assert HybridIdentity.parse(SPEC_HYBRID).encode() == Secret(SPEC_HYBRID.encode())
    assert X25519Identity.parse(SPEC_X25519).encode() == Secret(SPEC_X25519.encode())


@pytest.mark.parametrize("kind", [HybridIdentity, X25519Identity])
def test_text_forms_come_back(kind: type[HybridIdentity | X25519Identity]) -> None:
    """An identity and its recipient survive being written and read."""
    identity = kind.generate()

    assert kind.parse(identity.encode().reveal().decode()) == identity
    assert type(identity.recipient).parse(str(identity.recipient)) == identity.recipient
    assert kind.generate() != identity


@pytest.mark.parametrize("identity", [HYBRID, X25519, PasswordIdentity(PASSWORD)])
def test_seal_and_open(identity: HybridIdentity | X25519Identity | PasswordIdentity) -> None:
    """What is sealed to a recipient opens with its identity, and with no other."""
    recipient: Recipient = (
        PasswordRecipient(PASSWORD) if isinstance(identity, PasswordIdentity) else identity.recipient
    )
    sealed = seal_file(b"a call", [recipient])
    others: list[Identity] = [
        HybridIdentity.generate(),
        X25519Identity.generate(),
        PasswordIdentity(Secret(b"no")),
    ]

    assert open_file(sealed, [*others, identity]) == b"a call"
    with pytest.raises(NoMatchingIdentity):
        open_file(sealed, others)
    with pytest.raises(NoMatchingIdentity):
        open_file(sealed, [])


def test_each_of_several_recipients_opens() -> None:
    """A file sealed to a password and two identities opens with any of them."""
    other = HybridIdentity.generate()
    sealed = seal_file(b"call", [PasswordRecipient(PASSWORD), HYBRID.recipient, other.recipient])

    for identity in (PasswordIdentity(PASSWORD), HYBRID, other):
        assert open_file(sealed, [identity]) == b"call"


@pytest.mark.parametrize(
    "recipients",
    [
        [],
        [HYBRID.recipient, X25519.recipient],
        [X25519.recipient, PasswordRecipient(PASSWORD)],
        [PasswordRecipient(PASSWORD), PasswordRecipient(Secret(b"another"))],
    ],
)
def test_what_can_t_stand_together(recipients: list[Recipient]) -> None:
    """No file is weaker than its strongest stanza, costs two password hashes, or is for nobody."""
    with pytest.raises(MalformedHeader):
        seal_header(FileKey.generate(), recipients)


def test_file_key_length() -> None:
    """A file key has 16 bytes."""
    with pytest.raises(ValueError, match="16 bytes"):
        FileKey(Secret(bytes(32)))


def test_an_empty_password_is_refused() -> None:
    """Nothing is ever sealed to nothing."""
    with pytest.raises(ValueError, match="empty"):
        PasswordRecipient(Secret(b""))


@pytest.mark.parametrize(
    "stanza",
    [
        Stanza("callvault/argon2id", ("A" * 22, "65536", "3", "4"), bytes(33)),
        Stanza("callvault/argon2id", ("A" * 22, "65536", "3", "4"), bytes(16)),
        Stanza("callvault/argon2id", ("A" * 21, "65536", "3", "4"), bytes(32)),
        Stanza("callvault/argon2id", ("A" * 22, "8", "1", "1"), bytes(32)),
        Stanza("callvault/argon2id", ("A" * 22, "4194304", "3", "4"), bytes(32)),
        Stanza("callvault/argon2id", ("A" * 22, "065536", "3", "4"), bytes(32)),
        Stanza("callvault/argon2id", ("A" * 22, "65536", "3"), bytes(32)),
        Stanza("callvault/argon2id", (), bytes(32)),
    ],
)
def test_password_stanzas_are_strict(stanza: Stanza) -> None:
    """Other parameters, cheaper or dearer, and other lengths are refused before anything is hashed."""
    with pytest.raises(MalformedHeader):
        PasswordIdentity(PASSWORD).unwrap([stanza])


def test_one_password_stanza_only() -> None:
    """A header with many password stanzas can't make a server hash many times."""
    stanza = Stanza("callvault/argon2id", ("A" * 22, "65536", "3", "4"), bytes(32))

    with pytest.raises(MalformedHeader):
        PasswordIdentity(PASSWORD).unwrap([stanza, stanza])


def test_the_password_stanza_as_documented() -> None:
    """The stanza says RFC 9106's second option, with a salt of its own each time."""
    first, second = (PasswordRecipient(PASSWORD).wrap(FileKey.generate()) for _ in range(2))

    assert first.kind == "callvault/argon2id"
    assert first.arguments[1:] == ("65536", "3", "4")
    assert first.arguments[0] != second.arguments[0]
    assert len(first.body) == 32


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(HYBRID_HEADER) * 8 - 1))
def test_a_flipped_bit_of_a_header_is_found(bit: int) -> None:
    """No bit of a header can change unseen."""
    changed = bytearray(HYBRID_HEADER)
    changed[bit // 8] ^= 1 << bit % 8

    with pytest.raises((MalformedHeader, NoMatchingIdentity)):
        open_header(bytes(changed), [HYBRID])


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(HYBRID_FILE) - 1))
def test_a_cut_file_is_found(length: int) -> None:
    """A file cut anywhere is an error of ours, never half a plaintext."""
    with pytest.raises((MalformedHeader, PayloadCorrupt)):
        open_file(HYBRID_FILE[:length], [HYBRID])


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_refused(data: bytes) -> None:
    """Arbitrary bytes, alone or after the version line, raise nothing but our own errors."""
    for header in (data, b"age-encryption.org/v1\n" + data, b"age-encryption.org/v1\n-> " + data + b"\n"):
        with pytest.raises(KeysError):
            open_header(header, [HYBRID, X25519])
        with pytest.raises(KeysError):
            open_file(header, [HYBRID, X25519])


def test_a_stanza_can_t_be_removed_or_added() -> None:
    """Who can't open a file can't change whom it is for, either."""
    header = seal_header(FileKey.generate(), [HYBRID.recipient, HybridIdentity.generate().recipient])
    start = header.index(b"\n-> ", 30) + 1
    fewer = header[:start] + header[header.index(b"\n---") + 1 :]
    more = header.replace(b"\n---", b"\n-> grease\n\n---")

    for changed in (fewer, more):
        with pytest.raises(MalformedHeader):
            open_header(changed, [HYBRID])


def test_a_header_goes_with_its_file_key() -> None:
    """Another header for the same file key opens to that key: headers can be made anew."""
    file_key = FileKey.generate()
    first, second = (seal_header(file_key, [HYBRID.recipient]) for _ in range(2))

    assert first != second
    assert open_header(first, [HYBRID]) == open_header(second, [HYBRID]) == file_key


def test_long_headers_are_refused() -> None:
    """A stranger's file can't make us read without end."""
    endless = b"age-encryption.org/v1\n-> x\n" + b"A" * (1 << 21) + b"\n--- x\n"

    with pytest.raises(MalformedHeader):
        split_header(endless)
    with pytest.raises(MalformedHeader, match="too long"):
        open_header(endless, [HYBRID])


def test_a_header_without_stanzas_is_refused() -> None:
    """A header that is for nobody is no header, whatever its MAC says."""
    with pytest.raises(MalformedHeader):
        open_header(b"age-encryption.org/v1\n--- " + b"A" * 43 + b"\n", [HYBRID])


def test_split() -> None:
    """A file parts into what it was made of, even if its payload looks like a header."""
    header, payload = split_header(HYBRID_HEADER + b"\n--- \n--- payload")

    assert (header, payload) == (HYBRID_HEADER, b"\n--- \n--- payload")


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_base64_is_canonical(raw: bytes) -> None:
    """Every byte string has one encoding: padding, other trailing bits and line feeds are refused."""
    text = base64.encode(raw)
    assert base64.decode(text) == raw

    for other in (text + "=", text + "\n", text + "!", " " + text):
        with pytest.raises(MalformedHeader):
            base64.decode(other)


def test_base64_trailing_bits() -> None:
    """Bits that belong to no byte are zero."""
    with pytest.raises(MalformedHeader):
        base64.decode("AB")


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=100))
def test_bech32_round_trip(raw: bytes) -> None:
    """Any bytes come back, under lower-case and upper-case prefixes."""
    assert bech32.decode("age", bech32.encode("age", raw)) == raw
    assert bech32.decode("AGE-X-", bech32.encode("AGE-X-", raw)) == raw


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 61), st.characters(max_codepoint=0x2FF))
def test_a_typing_error_is_found(position: int, character: str) -> None:
    """Any one wrong character of a recipient is noticed."""
    typed = SPEC_X25519_RECIPIENT[:position] + character + SPEC_X25519_RECIPIENT[position + 1 :]

    if typed != SPEC_X25519_RECIPIENT:
        with pytest.raises(MalformedIdentity):
            X25519Recipient.parse(typed)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "age1",
        "age1qqqqqq",
        SPEC_X25519_RECIPIENT.upper(),
        SPEC_X25519_RECIPIENT[:10].upper() + SPEC_X25519_RECIPIENT[10:],
        SPEC_X25519,
        bech32.encode("age", bytes(31)),
        bech32.encode("age", bytes(33)),
        bech32.encode("age", bytes(32)),  # the point of order four
        bech32.encode("age", bytes(3000)),
    ],
)
def test_no_recipients(text: str) -> None:
    """What is no recipient is refused when it is read, not when a recording waits to be sealed."""
    with pytest.raises(MalformedIdentity):
        X25519Recipient.parse(text)


def test_bech32_padding_is_zero() -> None:
    """An encoding with other bits in its padding, or five of them, is refused though its checksum fits."""
    for values in ([0, 1], [0, 0, 0]):
        remainder = bech32._polymod([*bech32._expand("age"), *values, *[0] * 6]) ^ 1
        checksum = [(remainder >> shift) & 31 for shift in range(25, -1, -5)]
        text = "age1" + "".join(bech32._CHARSET[value] for value in [*values, *checksum])
        with pytest.raises(MalformedIdentity, match="padding"):
            bech32.decode("age", text)


@pytest.mark.parametrize("public", [bytes(10), b"\xff" * 1216])
def test_no_hybrid_recipients(public: bytes) -> None:
    """A key of the wrong length, or with coefficients that ML-KEM does not have, is refused when read."""
    with pytest.raises(MalformedIdentity):
        HybridRecipient.parse(bech32.encode("age1pq", public))


@pytest.mark.parametrize("kind", [HybridIdentity, X25519Identity])
def test_no_identities(kind: type[HybridIdentity | X25519Identity]) -> None:
    """An identity of another length is refused."""
    prefix = "AGE-SECRET-KEY-PQ-" if kind is HybridIdentity else "AGE-SECRET-KEY-"

    with pytest.raises(MalformedIdentity):
        kind.parse(bech32.encode(prefix, bytes(31)))


def test_secrets_are_never_shown() -> None:
    """Neither errors, with all that hangs on them, nor representations show an identity, password or key."""
    shown = []
    for text in (SPEC_HYBRID[:-1] + "Q", SPEC_HYBRID.swapcase()[:30] + SPEC_HYBRID[30:], SPEC_HYBRID + "é"):
        with pytest.raises(MalformedIdentity) as caught:
            HybridIdentity.parse(text)
        shown.append("".join(map(str, caught.value.args)) + str(caught.value.__context__))
    with pytest.raises(NoMatchingIdentity) as refused:
        open_file(HYBRID_FILE, [PasswordIdentity(PASSWORD)])
    shown.append("".join(traceback.format_exception(refused.value)))
    shown += map(repr, (HYBRID, X25519, PasswordIdentity(PASSWORD), PasswordRecipient(PASSWORD)))
    shown.append(repr(FileKey(Secret(b"sixteen bytes ok"))))

    everything = "".join(shown)
    assert not re.search(r"XX76JRAL|xx76jral|abacus|sixteen|x01", everything)
