"""Promise 6: Go's transparency log packages accept what our log hands out."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.entrypoints.cli.conftest import Shell
from tests.harness.vaults import sha256
from tests.interop.exhibits import CALL, EARLIER, KEPT, PROVEN, SIZE, Exhibits
from tests.interop.go_verifier import GoVerifier
from tests.interop.rewriting import read_entries


def test_an_export_is_accepted(go: GoVerifier, exhibits: Exhibits) -> None:
    """Signature, entries, tiles and root hold, and the log begins with every checkpoint it ever signed."""
    verdict = go.export(exhibits.key, exhibits.export, *map(exhibits.kept, KEPT))

    assert verdict.accepted, verdict.line
    assert verdict.line.startswith(f"{SIZE} entries, root ")
    assert len(read_entries(exhibits.export)) == SIZE


def test_an_export_of_full_tiles_is_accepted(go: GoVerifier, exhibits: Exhibits) -> None:
    """A log whose last tile is just full is whole too."""
    kept = [exhibits.kept(size) for size in KEPT if size <= EARLIER]

    assert go.export(exhibits.key, exhibits.earlier, *kept).accepted


def test_what_the_command_hands_out_is_accepted(go: GoVerifier, exhibits: Exhibits, tmp_path: Path) -> None:
    """`audit key`, `audit export` over an earlier export, and `audit prove` serve a stranger as they are."""
    shell = Shell(exhibits.data)
    grown = shutil.copytree(exhibits.earlier, tmp_path / "grown")

    key = shell.run("audit", "key").stdout.strip()
    exported = shell.run("audit", "export", "-o", str(grown))
    proven = shell.run("audit", "prove", "300", "-o", str(tmp_path / "proof"))

    assert (exported.returncode, proven.returncode) == (0, 0)
    assert key == exhibits.key
    assert go.export(key, grown, exhibits.earlier / "checkpoint").accepted
    assert go.proof(key, tmp_path / "proof").accepted


@pytest.mark.parametrize("index", PROVEN)
def test_a_proof_is_accepted(go: GoVerifier, exhibits: Exhibits, index: int) -> None:
    """The proof of any entry holds, and is of that entry."""
    verdict = go.proof(exhibits.key, exhibits.proof(index))

    assert verdict.accepted, verdict.line
    assert verdict.line.encode() == read_entries(exhibits.export)[index]


def test_a_destruction_certificate_is_accepted(go: GoVerifier, exhibits: Exhibits, tmp_path: Path) -> None:
    """What a customer keeps proves the destruction of its recording; its checkpoint is in the log's past."""
    (checkpoint := tmp_path / "checkpoint").write_bytes(
        exhibits.certificate.read_bytes().partition(b"\n\n")[2]
    )

    verdict = go.proof(exhibits.key, exhibits.certificate)

    assert verdict.accepted, verdict.line
    entry = json.loads(verdict.line)
    assert (entry["action"], entry["recording"]) == ("recording.shredded", exhibits.recording)
    assert entry["facts"]["sha256"] == sha256(CALL)
    assert go.export(exhibits.key, exhibits.export, checkpoint).accepted
