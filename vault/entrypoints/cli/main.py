"""Where the command begins: answer `--version` at once, take the global options out, run one command."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from vault import __version__

_INTERRUPTED = 130  # as `exits.ExitCode` has it


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code (see `exits.ExitCode`).

    Nothing is imported before it is needed: `--version` must not wait for a library it does not use.
    """
    given = list(sys.argv[1:] if words is None else words)
    if given[:1] == ["--version"]:
        sys.stdout.write(f"callvault {__version__}\n")
        return 0
    try:
        return _run(given)
    except KeyboardInterrupt:  # while `exits` was being loaded, or at work: nothing of it can be used here
        sys.stderr.write("callvault: stopped\n")
        return _INTERRUPTED


def _run(given: Sequence[str]) -> int:
    from vault.entrypoints.cli import exits  # noqa: PLC0415 - see `main`

    try:
        return _dispatch(given)
    except BaseException as error:  # noqa: BLE001 - `explain` decides, and lets `SystemExit` pass
        return exits.explain(error)


def _dispatch(given: Sequence[str]) -> int:
    import os  # noqa: PLC0415 - see `main`

    from vault.entrypoints.cli.globals import take_options  # noqa: PLC0415 - see `main`
    from vault.entrypoints.cli.invocation import Invocation  # noqa: PLC0415 - see `main`
    from vault.entrypoints.cli.tree import parse  # noqa: PLC0415 - see `main`

    options, rest = take_options(given, os.environ)
    answer = parse(rest, Invocation(options, os.environ))()
    sys.stdout.flush()  # a full disk or a closed pipe must fail here, where it still counts
    return answer if isinstance(answer, int) else 0
