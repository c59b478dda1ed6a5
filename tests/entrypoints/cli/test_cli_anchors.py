"""Promises about anchors as the DPO meets them, by the command."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.entrypoints.cli.conftest import Shell
from tests.harness.authority import Authority, answering


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder for anchors."""
    path = tmp_path / "elsewhere"
    path.mkdir()
    return path


@pytest.fixture
def shell(tmp_path: Path, place: Path) -> Shell:
    """A vault of this test's own, with a place for anchors."""
    shell = Shell(tmp_path / "vault", {"CALLVAULT_ANCHORS__PATHS": str(place)})
    shell.json("init", "--dpo", "dora", "--recovery-file", str(tmp_path / "recovery"))
    return shell


async def test_anchored_and_stamped(shell: Shell, place: Path, tmp_path: Path) -> None:
    """A checkpoint is kept, stamped by a real authority, and verifies."""
    authority = Authority(tmp_path / "tsa")
    async with answering(authority) as url:
        stamping = replace(
            shell,
            extra={
                **shell.extra,
                "CALLVAULT_ANCHORS__TIMESTAMP_URL": url,
                "CALLVAULT_ANCHORS__TIMESTAMP_ROOTS": str(authority.roots),
            },
        )
        made = await _in_thread(stamping, "audit", "anchor")

    verified = await _in_thread(stamping, "audit", "verify", "--anchors")

    assert made["stamped"] is True
    assert (verified["ok"], verified["anchors"], verified["stamped"]) == (True, 1, 1)
    assert len(await asyncio.to_thread(lambda: list(place.iterdir()))) == 2


async def _in_thread(shell: Shell, *words: str) -> dict[str, object]:
    """Run a command beside this loop, which serves the authority; it has a loop of its own."""
    result: dict[str, object] = await asyncio.to_thread(lambda: shell.json(*words))
    return result


def test_a_proof_is_a_kept_checkpoint(shell: Shell, tmp_path: Path) -> None:
    """Whoever kept a proof or a certificate holds a checkpoint: a log that lacks it is found out."""
    proof, snapshot = tmp_path / "entry.tlog-proof", tmp_path / "snapshot"
    shutil.copytree(shell.data, snapshot)
    shell.json("customers", "add", "acme", "--agreement", "A-1")
    shell.run("audit", "prove", "0", "-o", str(proof))
    now = shell.run("audit", "verify", "--since-checkpoint", str(proof))
    shutil.rmtree(shell.data)
    shutil.copytree(snapshot, shell.data)

    assert now.returncode == 0
    assert shell.run("audit", "verify", "--since-checkpoint", str(proof)).returncode == 3


def test_a_whole_machine_put_back(shell: Shell, tmp_path: Path) -> None:
    """A snapshot of everything, signed head too, that grew another history: only an anchor knows."""
    snapshot = tmp_path / "snapshot"
    shutil.copytree(shell.data, snapshot)
    shell.json("customers", "add", "acme", "--agreement", "A-1")
    shell.json("audit", "anchor")
    shutil.rmtree(shell.data)
    shutil.copytree(snapshot, shell.data)
    for name in ("beta", "gamma", "delta"):
        shell.json("customers", "add", name, "--agreement", "A-2")

    alone = shell.run("audit", "verify")
    anchored = shell.run("audit", "verify", "--anchors")

    assert (alone.returncode, anchored.returncode) == (0, 3)
    assert "signed root" in anchored.stdout


def test_the_doctor_complains_without_anchors(shell: Shell, place: Path) -> None:
    """A folder that is away is a failure of the deployment, and no folder at all a warning."""
    place.rmdir()
    away = shell.run("doctor")
    none = replace(shell, extra={}).run("doctor")

    assert "failure  anchors" in away.stdout
    assert "warning  anchors" in none.stdout
