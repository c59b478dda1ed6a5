"""The C2SP test vectors of the age format, every one."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest

from keys.age import Identity, ScryptIdentity, open_header, open_stream, split_header
from keys.errors import MalformedHeader, NoMatchingIdentity, PayloadCorrupt
from keys.identities import parse_identity
from keys.secret import Secret

FOLDER = Path(__file__).parents[2] / "fixtures" / "age_vectors"
NAMES = sorted(path.name for path in FOLDER.iterdir() if path.suffix != ".md")
BINARY = [name for name in NAMES if not name.startswith("armor_")]
ARMOURED = [name for name in NAMES if name.startswith("armor_")]


@dataclass(frozen=True)
class Vector:
    """One file of the set."""

    expected: str
    payload_sha256: str
    identities: list[Identity]
    age_file: bytes


def read(name: str) -> Vector:
    """Read one file of the set: `key: value` lines, an empty line, the age file."""
    head, _, age_file = (FOLDER / name).read_bytes().partition(b"\n\n")
    pairs = [line.split(": ", 1) for line in head.decode().splitlines()]
    fields: dict[str, str] = dict(pairs)
    identities: list[Identity] = [parse_identity(value) for key, value in pairs if key == "identity"]
    identities += [ScryptIdentity(Secret(value.encode())) for key, value in pairs if key == "passphrase"]
    if fields.get("compressed") == "zlib":
        age_file = zlib.decompress(age_file)
    nothing = hashlib.sha256().hexdigest()
    return Vector(fields["expect"], fields.get("payload", nothing), identities, age_file)


def outcome(vector: Vector) -> tuple[str, str]:
    """Open the file as a stream; say how it ended, and the digest of all plaintext that came out."""
    released = hashlib.sha256()
    try:
        header, payload = split_header(vector.age_file)
        for chunk in open_stream(open_header(header, vector.identities), BytesIO(payload).read):
            released.update(chunk)
    except NoMatchingIdentity:
        return "no match", released.hexdigest()
    except MalformedHeader as error:
        kind = "HMAC failure" if "MAC does not fit" in str(error) else "header failure"
        return kind, released.hexdigest()
    except PayloadCorrupt:
        return "payload failure", released.hexdigest()
    return "success", released.hexdigest()


@pytest.mark.parametrize("name", BINARY)
def test_vector(name: str) -> None:
    """It ends as the set says, and not a byte more or less than the good chunks is released."""
    vector = read(name)

    assert outcome(vector) == (vector.expected, vector.payload_sha256)


@pytest.mark.parametrize("name", ARMOURED)
def test_armour_is_refused(name: str) -> None:
    """ASCII armour is no part of what we read: refused as a whole, never misread."""
    assert outcome(read(name))[0] == "header failure"


def test_the_set_is_whole() -> None:
    """No vector is missing."""
    assert (len(BINARY), len(ARMOURED)) == (110, 33)
