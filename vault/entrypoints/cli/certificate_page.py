"""A destruction certificate as one self-contained page to print, and found again in such a page."""

from __future__ import annotations

from html.parser import HTMLParser

from vault.audit.certificate import DestructionCertificate
from vault.entrypoints.cli.pages import page_environment
from vault.entrypoints.cli.render import utc_text
from vault.errors import ProofInvalid

_PROOF_ID = "tlog-proof"
_TEMPLATE = "certificate.html.jinja"


def render_page(certificate: DestructionCertificate, verifier_key: str) -> str:
    """Return the page: no script, no style, image or font from elsewhere."""
    facts = certificate.entry.facts
    return (
        page_environment()
        .get_template(_TEMPLATE)
        .render(
            recording=certificate.recording,
            shredded_at=utc_text(certificate.shredded_at),
            sha256=facts.get("sha256"),
            bytes=facts.get("bytes"),
            horizon=facts.get("snapshot_horizon"),
            index=certificate.entry.index,
            log=verifier_key.partition("+")[0],
            verifier_key=verifier_key,
            proof_id=_PROOF_ID,
            proof=certificate.encode().decode(),
        )
    )


def is_page(content: bytes) -> bool:
    """Say whether a file is a page rather than the certificate's text."""
    return content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"


def certificate_in(page: bytes) -> bytes:
    """Return the certificate's text that a page carries; raise `ProofInvalid` unless there is exactly one."""
    reader = _ProofReader()
    try:
        reader.feed(page.decode())
    except UnicodeDecodeError:
        raise ProofInvalid("the page is not UTF-8 text") from None
    if len(reader.found) != 1:
        raise ProofInvalid("the page does not carry one certificate")
    # An editor or a mail may have changed the line ends; the text itself has none but newlines.
    return reader.found[0].replace("\r\n", "\n").encode()


class _ProofReader(HTMLParser):
    """Collects the text of every element with the proof's id."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a proof."""
        if tag == "pre" and ("id", _PROOF_ID) in attrs:
            self.found.append("")
            self._inside = True

    def handle_endtag(self, tag: str) -> None:
        """End it."""
        if tag == "pre":
            self._inside = False

    def handle_data(self, data: str) -> None:
        """Take its text."""
        if self._inside:
            self.found[-1] += data
