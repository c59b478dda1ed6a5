"""The commands of `callvault audit` that prove the log, to us and to strangers."""

from __future__ import annotations

import base64
import sys
from pathlib import Path
from typing import Annotated, cast

from cyclopts import Parameter

from keys.errors import SignatureInvalid
from keys.signing import Note, NoteVerifier
from vault.audit.tlog_proof import TlogProof, is_proof
from vault.domain.event import Actor
from vault.entrypoints.cli.arguments import Index, Output
from vault.entrypoints.cli.exits import CommandFailed, ExitCode
from vault.entrypoints.cli.files import ExportFolder, read_small, write_output
from vault.entrypoints.cli.invocation import Run
from vault.entrypoints.cli.text import plain
from vault.entrypoints.staff.audit import OneEntry
from vault.entrypoints.staff.audit_proof import (
    CHECKPOINT,
    EXPORT,
    KEY,
    PROVE,
    VERIFY,
    Nothing,
    VerifyLog,
    not_verified,
    verified,
)
from vault.entrypoints.staff.log_rows import entry_row
from vault.entrypoints.staff.row import Row
from vault.errors import LogBehind, ProofInvalid
from vault.ports.vault import Vault


def verify(
    *,
    since_checkpoint: Path | None = None,
    anchors: Annotated[bool, Parameter(negative="")] = False,
    run: Run,
) -> int:
    """Recompute the whole log and compare it with the database; exit 3 when anything is wrong.

    Parameters
    ----------
    since_checkpoint
        A checkpoint that was kept, or a certificate or proof, which carries one: the log must begin with
        what it signed.
    anchors
        Hold the log against every checkpoint in the folders of [anchors] paths, and check their time stamps.
    """
    kept = _kept_note(since_checkpoint) if since_checkpoint else None
    if run.options.server is not None:  # whoever runs it could lie: keep checkpoints of your own
        asked = VerifyLog(None if kept is None else kept.decode("utf-8", "replace"), anchors)
        return _told(run, run.ask(VERIFY, asked))

    async def _use(vault: Vault, _by: Actor) -> Row:
        return await verified(vault, kept, anchors=anchors, progress=show_progress)

    try:
        return _told(run, run.in_vault(_use))
    except LogBehind as error:
        return _told(run, not_verified(error, anchors=anchors))


def _told(run: Run, row: Row) -> ExitCode:
    """Show what was found: people get a line for each finding, below the rest."""
    if run.for_people:
        run.show({name: value for name, value in row.items() if name != "findings"})
        for finding in cast("list[str]", row["findings"]):
            run.write(f"wrong: {plain(finding)}\n")
    else:
        run.show(row)
    return ExitCode.DONE if row["ok"] else ExitCode.FOUND_WRONG


def _kept_note(file: Path) -> bytes:
    """Return the signed note in a file that was kept; raise `CommandFailed` for one that holds no checkpoint.

    Any signed note will do: who signed it, and what was made of its text, is for the verification to find.
    """
    try:
        note = _note_in(read_small(file))
        Note.parse(note)
    except (SignatureInvalid, ProofInvalid) as error:
        raise CommandFailed(f"{plain(str(file))} is no checkpoint: {error}") from None
    return note


def _note_in(kept: bytes) -> bytes:
    """Return the signed note in what was kept: a checkpoint is one, a proof or its page carries one."""
    from vault.entrypoints.cli.certificate_page import certificate_in, is_page  # noqa: PLC0415 - seldom needed

    kept = certificate_in(kept) if is_page(kept) else kept
    return TlogProof.parse(kept).checkpoint_note if is_proof(kept) else kept


def checkpoint(*, output: Output = None, run: Run) -> None:
    """Print the log's signed size and root, to keep and compare with later.

    Parameters
    ----------
    output
        A new file for it.
    """
    _put_out(run, "checkpoint", str(run.ask(CHECKPOINT, Nothing())["checkpoint"]).encode(), output)


def key(*, run: Run) -> None:
    """Print the verifier key of the log, by which anybody can check its proofs."""
    _put_out(run, "key", str(run.ask(KEY, Nothing())["key"]).encode() + b"\n", None)


def prove(index: Index, /, *, output: Output = None, run: Run) -> None:
    """Prove that an entry is in the log, in a file that anybody can check (C2SP tlog-proof).

    Parameters
    ----------
    index
        The entry's place in the log, from 0.
    output
        A new file for the proof.
    """
    _put_out(run, "proof", str(run.ask(PROVE, OneEntry(index))["proof"]).encode(), output)


def export(*, output: Annotated[Path, Parameter(name=("--output", "-o"))], run: Run) -> None:
    """Write the log as C2SP tlog-tiles with its checkpoint, for verifiers that are not ours.

    Parameters
    ----------
    output
        A new or empty folder, or one with an earlier export of the same log.
    """
    folder = ExportFolder.prepare(output)
    files: list[str] = []

    def _take(row: Row) -> None:
        files.append(str(row["path"]))
        folder.write(files[-1], base64.b64decode(str(row["content"])))

    run.follow(EXPORT, Nothing(), _take)
    run.show({"folder": str(output), "files": len(files)})


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
        run.pass_on(content.decode())
    else:
        run.show({name: content.decode().removesuffix("\n") if name == "key" else content.decode()})


def show_progress(done: int, size: int) -> None:
    """Tell a person at a terminal how far it is."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{done:,} of {size:,} entries" + ("\n" if done >= size else ""))
