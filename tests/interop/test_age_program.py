"""R7: the `age` program opens what we seal to an X25519 recipient, and we open what it seals."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from keys.age import X25519Identity, X25519Recipient, open_file, seal_file
from keys.errors import NoMatchingIdentity

CHUNK_BORDERS = (0, 1, 65535, 65536, 65537, 3 * 65536 + 1)
_SECONDS = 20


@dataclass(frozen=True)
class Age:
    """Runs the program."""

    program: str
    identity: X25519Identity
    identity_file: Path

    def opened(self, sealed: bytes) -> bytes | None:
        """Return the plaintext, or None for what it refuses."""
        done = self._run("--decrypt", "--identity", str(self.identity_file), content=sealed)
        return done.stdout if done.returncode == 0 else None

    def sealed(self, plaintext: bytes, *recipients: X25519Recipient) -> bytes:
        """Return a file of its making."""
        words = [word for recipient in recipients for word in ("--recipient", str(recipient))]
        done = self._run("--encrypt", *words, content=plaintext)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _run(self, *words: str, content: bytes) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [self.program, *words], input=content, capture_output=True, timeout=_SECONDS, check=False
        )


@pytest.fixture(scope="session")
def age(tmp_path_factory: pytest.TempPathFactory) -> Age:
    """The program, and an identity that both sides have."""
    program = shutil.which("age")
    if program is None:
        pytest.skip("no age program: Debian's package is age")
    identity = X25519Identity.generate()
    file = tmp_path_factory.mktemp("age") / "identity"
    file.write_bytes(identity.encode().reveal() + b"\n")
    return Age(program, identity, file)


@pytest.mark.parametrize("size", CHUNK_BORDERS)
def test_age_opens_what_we_seal(age: Age, size: int) -> None:
    """A file of ours opens with the standard program, whatever its size is to a chunk."""
    plaintext = os.urandom(size)

    assert age.opened(seal_file(plaintext, [age.identity.recipient])) == plaintext


@pytest.mark.parametrize("size", CHUNK_BORDERS)
def test_we_open_what_age_seals(age: Age, size: int) -> None:
    """A file of the standard program opens with ours, whatever its size is to a chunk."""
    plaintext = os.urandom(size)

    assert open_file(age.sealed(plaintext, age.identity.recipient), [age.identity]) == plaintext


def test_files_for_several_open_for_each(age: Age) -> None:
    """Where a file has several recipients, either side finds its own stanza, and nobody else does."""
    others = [X25519Identity.generate() for _ in range(3)]
    recipients = [other.recipient for other in others[:2]]

    ours = seal_file(b"for three", [*recipients, age.identity.recipient])
    theirs = age.sealed(b"for two", *recipients)

    assert age.opened(ours) == b"for three"
    assert [open_file(theirs, [other]) for other in others[:2]] == [b"for two"] * 2
    with pytest.raises(NoMatchingIdentity):
        open_file(theirs, [others[2]])
    assert age.opened(seal_file(b"for others", recipients)) is None


def test_age_refuses_what_was_changed(age: Age) -> None:
    """Our files are such that the standard program notices a bit changed anywhere, or an end cut off."""
    sealed = seal_file(os.urandom(65537), [age.identity.recipient])

    for at in (30, sealed.index(b"---") + 10, len(sealed) // 2, len(sealed) - 1):
        changed = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        assert age.opened(changed) is None, at
    assert age.opened(sealed[:-17]) is None
    assert age.opened(sealed) is not None
