"""`callvault certificates`: evidence that a recording was destroyed, as text and as a page to print."""

from __future__ import annotations

from pathlib import Path

from cyclopts import App

from keys.signing import NoteVerifier
from vault.audit.certificate import DestructionCertificate
from vault.audit.tlog_proof import TlogProof
from vault.entrypoints.cli.arguments import Id, Output
from vault.entrypoints.cli.certificate_page import certificate_in, is_page, render_page
from vault.entrypoints.cli.files import read_small, write_output
from vault.entrypoints.cli.invocation import Run
from vault.entrypoints.cli.render import Value
from vault.entrypoints.staff.certificates import SHOW, ShowCertificate

app = App(
    name="certificates",
    help_format="plaintext",
    help_epilogue="""\
Examples:
  callvault certificates show 4f7k -o certificate.html
  callvault certificates verify certificate.html --key "$(cat callvault.vkey)"
""",
)

_PAGE_ENDINGS = {".html", ".htm"}


@app.command
def show(recording: Id, /, *, output: Output = None, run: Run) -> None:
    """Show the destruction certificate of a recording.

    Parameters
    ----------
    recording
        Its id, or the beginning of it.
    output
        A new file: a page to print where the name ends in .html, else the proof itself.
    """
    answer = run.ask(SHOW, ShowCertificate(recording))
    text, verifier_key = str(answer["certificate"]), str(answer["key"])
    certificate = DestructionCertificate.from_proof(TlogProof.parse(text.encode()))
    if output is not None:
        as_page = output.suffix.lower() in _PAGE_ENDINGS
        write_output(output, (render_page(certificate, verifier_key) if as_page else text).encode())
        run.show({"file": str(output)})
    elif run.for_people:
        run.pass_on(text)
    else:
        run.show({**_facts(certificate), "certificate": text})


@app.command
def verify(file: Path, /, *, key: str, run: Run) -> None:
    """Check a certificate offline; needs no vault. Exit 3 when it does not hold.

    What counts is what this prints, not what else a page may say.

    Parameters
    ----------
    file
        The certificate: its text, or the page.
    key
        The log's verifier key, as `callvault audit key` prints it.
    """
    content = read_small(file)
    text = certificate_in(content) if is_page(content) else content
    run.show({"ok": True, **_facts(DestructionCertificate.verify(text, NoteVerifier.parse(key.strip())))})


def _facts(certificate: DestructionCertificate) -> dict[str, Value]:
    facts = certificate.entry.facts
    return {
        "recording": certificate.recording,
        "shredded_at": certificate.shredded_at,
        "sha256": facts.get("sha256"),
        "bytes": facts.get("bytes"),
        "snapshot_horizon": facts.get("snapshot_horizon"),
        "log_index": certificate.entry.index,
    }
