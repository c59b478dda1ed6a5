"""What the beginning and the name of a recording tell, on files that real PBXs wrote."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.domain.audio import HEAD_BYTES, AudioFacts, inspect

RECORDINGS = Path(__file__).parents[2] / "fixtures" / "recordings"


def facts_of(name: str) -> AudioFacts:
    """Return what the fixture's head and name tell."""
    content = (RECORDINGS / name).read_bytes()
    return inspect(content[:HEAD_BYTES], len(content), name)


@pytest.mark.parametrize(
    ("name", "seconds", "incomplete"),
    [
        ("asterisk16-complete.wav", 3.68, False),
        ("asterisk16-killed-header0.wav", 2.048, True),
        ("asterisk22-append-race-header0.wav", 1.02, True),
        ("asterisk22-append-race-second.wav", 4.02, False),
        ("fmt-701-vaulttest-1795305066.3.WAV", 3.96, False),
        ("fmt-702-vaulttest-1795305071.6.gsm", 4.0, False),
        ("fmt-703-vaulttest-1795305075.9.ulaw", 3.98, False),
        ("fmt-704-vaulttest-1795305079.12.sln", 4.0, False),
        ("fmt-705-vaulttest-1795305083.15.wav16", 3.98, False),
        ("fmt-706-vaulttest-1795305087.18.g722", 3.98, False),
        ("rtpengine10-stereo-from-pcap.wav", 4.02, False),
        ("rtpengine26-mix.wav", 2.52, False),
    ],
)
def test_real_recordings(name: str, seconds: float, *, incomplete: bool) -> None:
    """Length comes from the file's own length, and a header that was never completed is flagged."""
    facts = facts_of(name)

    assert facts.duration_seconds == pytest.approx(seconds, abs=0.01)
    assert facts.header_incomplete is incomplete


def wave(*chunks: tuple[bytes, bytes]) -> bytes:
    """Return a RIFF file of these chunks."""
    body = b"".join(
        name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for name, data in chunks
    )
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


FMT = struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16)


def test_chunks_before_the_sound_are_skipped() -> None:
    """A chunk of an odd length before the sound moves nothing."""
    content = wave((b"junk", b"odd"), (b"fmt ", FMT), (b"data", bytes(16000)))

    assert inspect(content[:HEAD_BYTES], len(content), None) == AudioFacts(1.0)


def test_sound_beyond_the_head_is_no_unfinished_header() -> None:
    """A broadcast file whose first chunk is longer than the head is not called incomplete."""
    content = wave((b"fmt ", FMT), (b"bext", bytes(700)), (b"data", bytes(16000)))

    assert inspect(content[:HEAD_BYTES], len(content), "a.wav") == AudioFacts()


def test_a_file_cut_within_its_header_is_flagged() -> None:
    """A file that ends before its sound begins has an incomplete header."""
    content = wave((b"fmt ", FMT))

    assert inspect(content, len(content), "a.wav") == AudioFacts(header_incomplete=True)
    assert inspect(content[:30], 30, "a.wav") == AudioFacts(header_incomplete=True)


def test_silence_of_no_length_is_complete() -> None:
    """A header that says 0 where no sound follows is right; without a rate no length is told."""
    content = wave((b"data", b""))

    assert inspect(content, len(content), None) == AudioFacts()


@pytest.mark.parametrize("name", [None, "", "a", "a.mp3", "ulaw", ".", "a.wav"])
def test_unknown_formats_tell_nothing(name: str | None) -> None:
    """What is neither a WAV file nor known by its extension has no length, and no flag."""
    expected = 1.0 if name == "ulaw" else None

    assert inspect(b"\xff\xfb\x90", 8000, name) == AudioFacts(expected)


@given(head=st.binary(max_size=HEAD_BYTES), more=st.integers(0, 1 << 40), name=st.text() | st.none())
def test_it_never_raises(head: bytes, more: int, name: str | None) -> None:
    """Whatever is uploaded, looking at it fails nothing and tells no negative length."""
    for begun in (head, b"RIFF\0\0\0\0WAVE" + head):
        facts = inspect(begun, len(begun) + more, name)
        assert facts.duration_seconds is None or facts.duration_seconds >= 0
