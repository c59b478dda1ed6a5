"""The npm package age-encryption, pinned in `npm/`, and run by `npm/age.mjs`."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from keys.age import HybridIdentity, HybridRecipient

_SOURCE = Path(__file__).with_name("npm")
_INSTALL_SECONDS = 100
_RUN_SECONDS = 60


@dataclass(frozen=True)
class NpmAge:
    """Seals and opens many files in one run, which saves the start of an interpreter for each."""

    node: str
    script: Path
    folder: Path

    def new_identity(self) -> tuple[HybridIdentity, HybridRecipient]:
        """Have an identity made; return it with its recipient, which also was not worked out by us."""
        identity, recipient = self._run("new").split()
        return HybridIdentity.parse(identity), HybridRecipient.parse(recipient)

    def sealed(self, recipient: HybridRecipient, files: Mapping[str, bytes]) -> dict[str, bytes]:
        """Return what it makes of each plaintext."""
        paths = self._written(files)
        self._run("seal", str(recipient), *map(str, paths))
        return {path.name: path.with_name(f"{path.name}.age").read_bytes() for path in paths}

    def opened(self, identity: HybridIdentity, files: Mapping[str, bytes]) -> dict[str, bytes]:
        """Return the plaintext of each file; those that it refuses are left out."""
        paths = self._written(files)
        identity_file = paths[0].with_name("identity.key")
        identity_file.touch(mode=0o600)
        identity_file.write_bytes(identity.encode().reveal())
        said = self._run("open", str(identity_file), *map(str, paths))
        plain = {path.name: path.with_name(f"{path.name}.plain") for path in paths}
        opened = {name: path.read_bytes() for name, path in plain.items() if path.exists()}
        assert len(opened) + said.count("refused ") == len(files), said
        return opened

    def _written(self, files: Mapping[str, bytes]) -> list[Path]:
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        for name, content in files.items():
            (folder / name).write_bytes(content)
        return [folder / name for name in files]

    def _run(self, *words: str) -> str:
        done = subprocess.run(
            [self.node, self.script, *words],
            capture_output=True,
            text=True,
            timeout=_RUN_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


def installed(cache: Path, folder: Path) -> NpmAge:
    """Install the package once into a cache folder; skip the test where that can't be done."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("no Node.js or no npm: Debian's packages are nodejs and npm")
    files = sorted(_SOURCE.iterdir())
    pinned = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]
    target = cache / f"age-encryption-{pinned}"
    if not target.exists():
        _install(npm, files, target)
    return NpmAge(node, target / "age.mjs", folder)


def _install(npm: str, files: list[Path], target: Path) -> None:
    """Install beside the target and put it there whole: another run may be doing the same."""
    with tempfile.TemporaryDirectory(dir=target.parent, ignore_cleanup_errors=True) as temporary:
        made = Path(temporary) / "made"
        made.mkdir()
        for file in files:
            shutil.copy(file, made)
        problem = _npm_ci(npm, made)
        if problem:
            pytest.skip(f"npm could not install age-encryption: {problem}")
        try:
            made.rename(target)
        except OSError:
            if not target.exists():
                raise


def _npm_ci(npm: str, folder: Path) -> str | None:
    """Install exactly what is pinned, running no package's scripts; return what went wrong, if anything."""
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=os.environ | {"npm_config_update_notifier": "false"},
            capture_output=True,
            text=True,
            timeout=_INSTALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"not within {_INSTALL_SECONDS} seconds"
    return done.stderr.strip()[-500:] if done.returncode else None
