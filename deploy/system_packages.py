"""Install the Debian packages that the tests need, where that is possible; names as arguments choose some.

It never fails a run: what can't be installed is told in one line, and tests that miss it say so themselves.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

_LIST = Path(__file__).with_name("system-packages.txt")
_PATIENCE_SECONDS = 900
_UNATTENDED = {"DEBIAN_FRONTEND": "noninteractive"}


def main() -> None:
    """Install what is missing; print one line of what was done."""
    packages = wanted(_LIST.read_text(encoding="utf-8"))
    chosen = [package for package in packages if package in sys.argv[1:] or not sys.argv[1:]]
    print(f"system packages: {outcome(chosen)}", flush=True)


def wanted(text: str) -> list[str]:
    """Return the packages that the list names, less those whose program is there from elsewhere."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    packages = (line.partition(" if-missing:") for line in lines if line)
    return [package for package, _, program in packages if not program or shutil.which(program) is None]


def outcome(packages: list[str]) -> str:
    """Install what is missing of `packages`; say what was done, or why not."""
    if shutil.which("dpkg-query") is None or shutil.which("apt-get") is None:
        return f"not a Debian machine; the tests look for {', '.join(packages)} themselves"
    missing = [package for package in packages if not is_installed(package)]
    if not missing:
        return "all present"
    names = ", ".join(missing)
    if os.geteuid() != 0:
        return f"missing {names}; only root may install them"
    problem = install(missing)
    return f"could not install {names}: {problem}" if problem else f"installed {names}"


def is_installed(package: str) -> bool:
    """Say whether dpkg has the package, unpacked and configured."""
    query = ["dpkg-query", "--show", "--showformat=${db:Status-Status}", package]
    found = subprocess.run(query, capture_output=True, text=True, check=False)
    return found.stdout == "installed"


def install(packages: list[str]) -> str | None:
    """Install packages by apt-get; return what went wrong, if anything did."""
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
        try:
            done = subprocess.run(
                ["apt-get", "--quiet", *command],
                capture_output=True,
                text=True,
                check=False,
                timeout=_PATIENCE_SECONDS,
                env=os.environ | _UNATTENDED,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"apt-get {command[0]}: {type(error).__name__}"
        if done.returncode:
            return f"apt-get {command[0]}: {last_line(done.stderr)}"
    return None


def last_line(text: str) -> str:
    """Return the last line that says something."""
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"


if __name__ == "__main__":
    main()
