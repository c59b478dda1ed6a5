"""R9: Go's transparency log packages find whatever was done to our log, by strangers or by its operator."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from keys.secret import Secret
from keys.signing import NoteSigner
from tests.interop import rewriting
from tests.interop.exhibits import EARLIER, KEPT, SIZE, Exhibits
from tests.interop.go_verifier import GoVerifier

CHANGES = (
    rewriting.edited,
    rewriting.dropped,
    rewriting.reordered,
    rewriting.duplicated,
    rewriting.inserted,
)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("renumber", [False, True])
def test_changed_entries_are_found(
    go: GoVerifier, exhibits: Exhibits, tmp_path: Path, change: rewriting.Change, *, renumber: bool
) -> None:
    """An entry edited, dropped, moved or doubled in an export is found, whatever place the entries claim."""
    folder = exhibits.copied(tmp_path)
    entries = change(rewriting.read_entries(folder))

    rewriting.write_bundles(folder, rewriting.renumbered(entries) if renumber else entries)

    assert not go.export(exhibits.key, folder).accepted


@pytest.mark.parametrize("change", CHANGES)
def test_a_rewritten_log_has_no_signature(
    go: GoVerifier, exhibits: Exhibits, tmp_path: Path, change: rewriting.Change
) -> None:
    """Entries and tiles rewritten alike fit no signed root, and a root that fits them has no signature."""
    folder = exhibits.copied(tmp_path)
    checkpoint = folder / "checkpoint"
    genuine = checkpoint.read_bytes()
    stranger = NoteSigner(exhibits.signer.verifier.name, Secret(bytes(32)))

    rewriting.rewrite(folder, rewriting.renumbered(change(rewriting.read_entries(folder))), stranger)
    by_stranger = checkpoint.read_bytes()
    glued = by_stranger.partition(b"\n\n")[0] + b"\n\n" + genuine.partition(b"\n\n")[2]

    for note in (by_stranger, glued, genuine):
        checkpoint.write_bytes(note)
        assert not go.export(exhibits.key, folder).accepted


@pytest.mark.parametrize("change", CHANGES)
def test_the_operator_is_found_by_a_kept_checkpoint(
    go: GoVerifier, exhibits: Exhibits, tmp_path: Path, change: rewriting.Change
) -> None:
    """Even a log rewritten whole under its own key contradicts any checkpoint kept from before."""
    folder = exhibits.copied(tmp_path)

    rewriting.rewrite(folder, rewriting.renumbered(change(rewriting.read_entries(folder))), exhibits.signer)
    alone, before = go.export(exhibits.key, folder), go.export(exhibits.key, folder, exhibits.kept(257))
    after = [go.export(exhibits.key, folder, exhibits.kept(size)) for size in KEPT if size > 301]

    assert alone.accepted, alone.line
    assert before.accepted, before.line
    assert not any(verdict.accepted for verdict in after)
    assert all("kept checkpoint" in verdict.line for verdict in after)


def test_a_rollback_is_found(go: GoVerifier, exhibits: Exhibits) -> None:
    """An older log, genuine in itself, is refused by whoever kept a later checkpoint."""
    for size in (EARLIER + 1, SIZE):
        verdict = go.export(exhibits.key, exhibits.earlier, exhibits.kept(384), exhibits.kept(size))
        assert not verdict.accepted
        assert f"ends at {EARLIER} entries" in verdict.line


def test_a_flipped_bit_is_found_in_any_file(go: GoVerifier, exhibits: Exhibits, tmp_path: Path) -> None:
    """One changed bit in any tile, entry bundle or the checkpoint is found."""
    folder = exhibits.copied(tmp_path)
    files = [path for path in folder.rglob("*") if path.is_file()]

    for path in files:
        content = path.read_bytes()
        for at in (0, len(content) // 2, len(content) - 1):
            path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
            assert not go.export(exhibits.key, folder).accepted, (path.name, at)
        path.write_bytes(content)
    assert len(files) == 3 + 3 + 1 + 1  # bundles, tiles of level 0, a tile of level 1, the checkpoint
    assert go.export(exhibits.key, folder).accepted


def test_missing_and_cut_files_are_found(go: GoVerifier, exhibits: Exhibits, tmp_path: Path) -> None:
    """An export that lacks a file, or the end of one, is no export."""
    folder = exhibits.copied(tmp_path)

    for path in [path for path in folder.rglob("*") if path.is_file()]:
        content = path.read_bytes()
        path.write_bytes(content[:-1])
        assert not go.export(exhibits.key, folder).accepted, path.name
        path.unlink()
        assert not go.export(exhibits.key, folder).accepted, path.name
        path.write_bytes(content)


def test_a_changed_proof_is_found(go: GoVerifier, exhibits: Exhibits, tmp_path: Path) -> None:
    """A proof with another entry, index, hash or checkpoint, or with a hash more or less, proves nothing."""
    text = exhibits.proof(300).read_text()
    header, extra, index, *hashes = text.partition("\n\n")[0].split("\n")
    note = text.partition("\n\n")[2]
    entry = base64.b64decode(extra.removeprefix("extra "))
    edited = base64.b64encode(entry.replace(b"done", b"none")).decode()
    changed = [
        [header, f"extra {edited}", index, *hashes],
        [header, exhibits.proof(1).read_text().split("\n")[1], index, *hashes],
        [header, extra, "index 301", *hashes],
        [header, extra, index, hashes[1], hashes[0], *hashes[2:]],
        [header, extra, index, *hashes[:-1]],
        [header, extra, index, *hashes, hashes[0]],
    ]
    wrong = ["\n".join([*lines, "", note]) for lines in changed]
    wrong.append(text.replace(note, exhibits.kept(EARLIER).read_text()))

    assert go.proof(exhibits.key, exhibits.proof(300)).accepted
    for number, proof in enumerate(wrong):
        (file := tmp_path / str(number)).write_text(proof)
        assert not go.proof(exhibits.key, file).accepted, number


def test_another_logs_key_verifies_nothing(go: GoVerifier, exhibits: Exhibits) -> None:
    """Whoever holds the key of another log accepts neither export nor proof of this one."""
    other = NoteSigner(exhibits.signer.verifier.name, Secret(bytes(32))).verifier_key

    assert not go.export(other, exhibits.export).accepted
    assert not go.proof(other, exhibits.proof(0)).accepted
