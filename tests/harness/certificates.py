"""A certificate for 127.0.0.1 that is its own authority, by `openssl`."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

_MADE = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=loopback"
_FOR = "-addext subjectAltName=IP:127.0.0.1"


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """Return the files of certificate and key, made if they are not there; skip without openssl."""
    certificate, key = folder / "loopback.pem", folder / "loopback.key"
    if certificate.exists():
        return certificate, key
    if shutil.which("openssl") is None:
        pytest.skip("no openssl here (Debian package openssl)")
    words = ["openssl", *_MADE.split(), *_FOR.split(), "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(words, capture_output=True, timeout=60, check=True)
    key.chmod(0o600)
    return certificate, key
