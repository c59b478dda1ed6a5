"""Custody of the root key in a local file."""

from __future__ import annotations

import base64
import errno
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keys.custody import canonical_context, create_custody, open_custody
from keys.custody.local import LocalCustody
from keys.errors import CustodyRefused, CustodyUnavailable
from keys.secret import Secret

CONTEXT = {"vault": "v", "secret": "log signing key"}
# Made once with a salt of 00 to 0f; what is stored must unwrap for ever.
STORED = bytes.fromhex("01000102030405060708090a0b0c0d0e0ff5da5e1a1abb3e37d9a5ee1861b454d3c362f4a1")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the root key is to lie, in a folder that is not there yet."""
    return tmp_path / "etc" / "root.key"


@pytest.fixture
def key_file(path: Path) -> Path:
    """Make a root key."""
    create_custody(f"local:{path}")
    return path


def test_a_secret_comes_back_after_a_restart(key_file: Path) -> None:
    """What was wrapped before is unwrapped by a custody opened later, by the URI it gave."""
    custody = open_custody(f"local:{key_file}")
    wrapped = custody.wrap(Secret(b"seed"), context=CONTEXT)

    again = open_custody(custody.uri)

    assert again.unwrap(wrapped, context=dict(reversed(CONTEXT.items()))) == Secret(b"seed")
    assert open_custody(f"local://{key_file}").uri == custody.uri


def test_what_was_stored_long_ago_unwraps() -> None:
    """The format is fixed: bytes made by the first version open today."""
    custody = LocalCustody(Path("/x"), Secret(bytes(range(32))))

    assert custody.unwrap(STORED, context=CONTEXT) == Secret(b"seed")


def test_the_file_is_ours_alone_and_says_what_it_is(key_file: Path) -> None:
    """0600 in a folder 0700, one line, 32 bytes, different every time."""
    content = key_file.read_text()
    label, encoded = content.split()
    create_custody(f"local:{key_file}2")

    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(key_file.parent.stat().st_mode) == 0o700
    assert (label, len(base64.b64decode(encoded))) == ("callvault-root-key-1", 32)
    assert Path(f"{key_file}2").read_text() != content
    assert sorted(p.name for p in key_file.parent.iterdir()) == ["root.key", "root.key2"]


def test_a_root_key_is_never_replaced(key_file: Path) -> None:
    """Creating over whatever is there is refused and leaves it as it was."""
    before = key_file.read_bytes()

    with pytest.raises(CustodyRefused, match="never replaced"):
        create_custody(f"local:{key_file}")
    assert key_file.read_bytes() == before


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o666])
def test_a_key_that_others_can_get_at_is_refused(key_file: Path, mode: int) -> None:
    """Any bit for group or others is refused, with the command that mends it."""
    key_file.chmod(mode)

    with pytest.raises(CustodyRefused) as refusal:
        open_custody(f"local:{key_file}")
    assert f"chmod 600 {key_file}" in str(refusal.value)


def test_only_regular_files_are_read(path: Path) -> None:
    """A folder is refused, and a named pipe does not hold us up."""
    path.mkdir(parents=True)
    os.mkfifo(path / "pipe", 0o600)

    for wrong in (path, path / "pipe"):
        with pytest.raises(CustodyRefused, match="regular file"):
            open_custody(f"local:{wrong}")


def test_a_mounted_secret_may_be_a_link(key_file: Path, tmp_path: Path) -> None:
    """Orchestrators mount secrets as symbolic links; the file behind is what is judged."""
    (tmp_path / "link").symlink_to(key_file)
    open_custody(f"local:{tmp_path / 'link'}")

    key_file.chmod(0o644)
    with pytest.raises(CustodyRefused, match="chmod"):
        open_custody(f"local:{tmp_path / 'link'}")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_another_users_file_is_refused(key_file: Path) -> None:
    """Its owner could change it at will."""
    os.chown(key_file, 12345, -1)

    with pytest.raises(CustodyRefused, match="another user"):
        open_custody(f"local:{key_file}")


def test_what_is_missing_is_refused(path: Path, tmp_path: Path) -> None:
    """No file, a file in place of the folder: refused, and neither makes a key."""
    (tmp_path / "file").write_text("")

    with pytest.raises(CustodyRefused, match="no root key"):
        open_custody(f"local:{path}")
    for attempt in (open_custody, create_custody):
        with pytest.raises(CustodyRefused, match="Not a directory"):
            attempt(f"local:{tmp_path / 'file' / 'root.key'}")
    assert not path.exists()


KEY = base64.b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "callvault-root-key-1",
        "callvault-root-key-1 \n",
        f"callvault-root-key-2 {KEY}\n",
        f"{KEY}\n",
        f"callvault-root-key-1 {KEY}\n\n",
        f"callvault-root-key-1 {KEY} x\n",
        f"callvault-root-key-1  {KEY}\n",
        "callvault-root-key-1 " + base64.b64encode(bytes(31)).decode() + "\n",
        "callvault-root-key-1 " + base64.b64encode(bytes(33)).decode() + "\n",
        f"callvault-root-key-1 {KEY[:-2]}B=\n",
        "callvault-root-key-1 \u00e4\n",
    ],
)
def test_a_malformed_key_is_refused_without_showing_it(key_file: Path, content: str) -> None:
    """Anything but the one line is refused, and the message tells nothing of it."""
    key_file.write_text(content)

    with pytest.raises(CustodyRefused, match="not a root key") as refusal:
        open_custody(f"local:{key_file}")
    assert KEY[:20] not in str(refusal.value)


def test_a_line_without_its_newline_is_read(key_file: Path) -> None:
    """Some secret stores strip the last newline."""
    key_file.write_bytes(key_file.read_bytes().rstrip())

    open_custody(f"local:{key_file}")


def test_trouble_that_may_pass_is_unavailable(key_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An I/O error is no refusal: trying again may help, for reading as for making."""

    def broken(*_args: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "pread", broken)
        with pytest.raises(CustodyUnavailable, match="Input/output"):
            open_custody(f"local:{key_file}")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", broken)
        with pytest.raises(CustodyUnavailable):
            create_custody(f"local:{key_file}2")
    assert not Path(f"{key_file}2").exists()


def test_a_cut_off_creation_leaves_no_broken_key(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key appears whole or not at all, so `init` can be repeated."""

    def cut(*_args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", cut)
        with pytest.raises(KeyboardInterrupt):
            create_custody(f"local:{path}")
    create_custody(f"local:{path}")


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("vault:secret@host", "known are awskms:, local:"),
        ("", "known are awskms:, local:"),
        ("/etc/root.key", "known are awskms:, local:"),
        ("LOCAL:/x", "known are awskms:, local:"),
        ("local:", "where the root key is"),
        ("local:a\0b", "NUL"),
    ],
)
def test_uris_that_lead_nowhere_are_refused(uri: str, says: str) -> None:
    """The answer names the known schemes and does not repeat what may be a password."""
    for attempt in (open_custody, create_custody):
        with pytest.raises(CustodyRefused, match=says) as refusal:
            attempt(uri)
        assert "secret@host" not in str(refusal.value)


@settings(deadline=None)
@given(data=st.data())
def test_any_change_to_what_was_wrapped_is_refused(data: st.DataObject) -> None:
    """A flipped bit, a cut or more bytes do not unwrap."""
    custody = LocalCustody(Path("/x"), Secret(bytes(range(32))))
    wrapped = custody.wrap(Secret(data.draw(st.binary(max_size=64))), context=CONTEXT)
    bit = data.draw(st.integers(0, len(wrapped) * 8 - 1))
    flipped = bytearray(wrapped)
    flipped[bit // 8] ^= 1 << bit % 8

    for changed in (bytes(flipped), wrapped[: bit // 8], wrapped + b"\0"):
        with pytest.raises(CustodyRefused):
            custody.unwrap(changed, context=CONTEXT)


def test_another_root_key_or_purpose_is_refused(key_file: Path) -> None:
    """A wrapped secret serves its purpose, in its vault, under its root key."""
    custody = open_custody(f"local:{key_file}")
    wrapped = custody.wrap(Secret(b"seed"), context=CONTEXT)
    other = create_custody(f"local:{key_file}2")

    with pytest.raises(CustodyRefused):
        other.unwrap(wrapped, context=CONTEXT)
    for context in ({}, {**CONTEXT, "vault": "w"}, {"vault": "v"}, {**CONTEXT, "more": ""}):
        with pytest.raises(CustodyRefused):
            custody.unwrap(wrapped, context=context)


def test_two_wraps_are_never_alike(key_file: Path) -> None:
    """Each has a key of its own, so nothing is learned by comparing."""
    custody = open_custody(f"local:{key_file}")

    assert len({custody.wrap(Secret(b"seed"), context=CONTEXT) for _ in range(20)}) == 20
    with pytest.raises(ValueError, match="4096"):
        custody.wrap(Secret(bytes(4097)), context=CONTEXT)


@settings(deadline=None)
@given(
    st.dictionaries(st.text(max_size=4), st.text(max_size=4)), st.dictionaries(st.text(max_size=4), st.text())
)
def test_contexts_are_never_confused(one: dict[str, str], other: dict[str, str]) -> None:
    """Two contexts encode alike exactly when they are the same."""
    assert (canonical_context(one) == canonical_context(other)) is (one == other)
