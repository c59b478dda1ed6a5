"""Looking for what must not be there: pieces of plaintext and secrets, in files and in answers."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

WINDOW_BYTES = 16
_STEP_BYTES = 8
"""Every run of 16 bytes covers a whole step of 8, wherever it begins: looked at first, to be quick."""
_LEAST_DIFFERENT_BYTES = 8
"""Silence and empty pages are in every file; so many different bytes are no accident."""


@dataclass(frozen=True)
class Traces:
    """What to look for: every run of 16 bytes of a plaintext, and secrets in each form they are written."""

    windows: frozenset[bytes]
    halves: frozenset[bytes]
    secrets: Mapping[str, tuple[bytes, ...]]

    @classmethod
    def of(cls, plaintexts: Iterable[bytes], secrets: Mapping[str, bytes]) -> Traces:
        """Take in plaintexts and secrets; a secret is named, so that a failure can say which."""
        windows = {
            text[at : at + WINDOW_BYTES] for text in plaintexts for at in range(len(text) - WINDOW_BYTES + 1)
        }
        told = frozenset(window for window in windows if len(set(window)) >= _LEAST_DIFFERENT_BYTES)
        halves = frozenset(window[at : at + _STEP_BYTES] for window in told for at in range(_STEP_BYTES + 1))
        return cls(told, halves, {name: _forms(secret) for name, secret in secrets.items()})

    def found_in(self, content: bytes) -> set[str]:
        """Name what the content holds."""
        lowered = content.lower()
        found = {
            name
            for name, forms in self.secrets.items()
            if any(form in content or form.lower() in lowered for form in forms)
        }
        if any(
            content[at : at + _STEP_BYTES] in self.halves and self._tells(content, at)
            for at in range(0, len(content), _STEP_BYTES)
        ):
            found.add("plaintext")
        return found

    def _tells(self, content: bytes, step: int) -> bool:
        """Say whether a run of the plaintext covers the step of the content that begins there."""
        first = max(0, step - _STEP_BYTES)
        return any(content[at : at + WINDOW_BYTES] in self.windows for at in range(first, step + 1))

    def found_below(self, folder: Path, *more: Path) -> dict[str, set[str]]:
        """Name, for every file below the folder and every one of `more`, what it holds; empty is good."""
        files = [path for path in (*sorted(folder.rglob("*")), *more) if path.is_file()]
        assert files, "nothing was looked at"
        found = {str(path): self.found_in(path.read_bytes()) for path in files}
        return {path: names for path, names in found.items() if names}


def _forms(secret: bytes) -> tuple[bytes, ...]:
    """Return the secret as it is, in hexadecimal, and in both alphabets of base64."""
    encoded = (base64.b64encode(secret), base64.urlsafe_b64encode(secret))
    return (secret, secret.hex().encode(), *(form.rstrip(b"=") for form in encoded))
