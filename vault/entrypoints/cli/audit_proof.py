"""The commands of `callvault audit` that prove the log, to us and to strangers."""

from __future__ import annotations

import base64
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from keys.signing import NoteVerifier
from vault.audit.tlog_proof import TlogProof
from vault.domain.event import Actor
from vault.entrypoints.cli.arguments import Output
from vault.entrypoints.cli.exits import ExitCode
from vault.entrypoints.cli.files import ExportFolder, read_small, write_output
from vault.entrypoints.cli.invocation import Run
from vault.entrypoints.cli.log_rows import entry_row
from vault.errors import LogBehind
from vault.ports.vault import Vault
from vault.usecases.export_log import export_log
from vault.usecases.prove_entry import prove_entry, sign_checkpoint
from vault.usecases.verify_log import Verification, verify_log


def verify(*, since_checkpoint: Path | None = None, run: Run) -> int:
    """Recompute the whole log and compare it with the database; exit 3 when anything is wrong.

    Parameters
    ----------
    since_checkpoint
        A checkpoint that was kept: the log must begin with what it signed.
    """
    kept = read_small(since_checkpoint) if since_checkpoint else None

    async def _use(vault: Vault, _by: Actor) -> Verification:
        return await verify_log(vault, since=kept, progress=_progress)

    try:
        result = run.in_vault(_use)
    except LogBehind as error:
        result = Verification(0, None, [str(error)])
    findings = list(result.findings)
    root = base64.b64encode(result.root).decode() if result.root else None
    run.show({"ok": not findings, "size": result.size, "root": root, "findings": findings})
    for finding in findings:
        run.note(f"wrong: {finding}")
    return ExitCode.FOUND_WRONG if findings else ExitCode.DONE


def checkpoint(*, output: Output = None, run: Run) -> None:
    """Print the log's signed size and root, to keep and compare with later.

    Parameters
    ----------
    output
        A new file for it.
    """

    async def _use(vault: Vault, _by: Actor) -> bytes:
        return await sign_checkpoint(vault)

    _put_out(run, "checkpoint", run.in_vault(_use), output)


def key(*, run: Run) -> None:
    """Print the verifier key of the log, by which anybody can check its proofs."""

    async def _use(vault: Vault, _by: Actor) -> str:
        return vault.keys.signer.verifier_key

    _put_out(run, "key", run.in_vault(_use).encode() + b"\n", None)


def prove(index: int, /, *, output: Output = None, run: Run) -> None:
    """Prove that an entry is in the log, in a file that anybody can check (C2SP tlog-proof).

    Parameters
    ----------
    index
        The entry's place in the log, from 0.
    output
        A new file for the proof.
    """

    async def _use(vault: Vault, _by: Actor) -> bytes:
        return (await prove_entry(vault, index)).encode()

    _put_out(run, "proof", run.in_vault(_use), output)


def export(*, output: Annotated[Path, Parameter(name=("--output", "-o"))], run: Run) -> None:
    """Write the log as C2SP tlog-tiles with its checkpoint, for verifiers that are not ours.

    Parameters
    ----------
    output
        A new or empty folder, or one with an earlier export of the same log.
    """
    folder = ExportFolder.prepare(output)

    async def _use(vault: Vault, _by: Actor) -> int:
        files = 0
        async for path, content in export_log(vault):
            folder.write(path, content)
            files += 1
        return files

    run.show({"folder": str(output), "files": run.in_vault(_use)})


def verify_proof(file: Path, /, *, key: str, run: Run) -> None:
    """Check a proof offline; needs no vault. Exit 3 when it does not hold.

    Parameters
    ----------
    file
        The proof (C2SP tlog-proof).
    key
        The log's verifier key, as `callvault audit key` prints it.
    """
    entry, signed = TlogProof.parse(read_small(file)).verify(NoteVerifier.parse(key.strip()))
    run.show({"ok": True, "log": signed.origin, "log_size": signed.size, **entry_row(entry)})


def _put_out(run: Run, name: str, content: bytes, output: Path | None) -> None:
    """Write to a new file, or print: as it is for people, as a value for programs."""
    if output is not None:
        write_output(output, content)
        run.show({"file": str(output)})
    elif run.for_people:
        run.write(content.decode())
    else:
        run.show({name: content.decode().removesuffix("\n") if name == "key" else content.decode()})


def _progress(done: int, size: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{done:,} of {size:,} entries" + ("\n" if done >= size else ""))
