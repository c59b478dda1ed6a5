"""Promises about what is told when there is no vault at the other end, or no way to it: over real sockets."""

from __future__ import annotations

import json
import socket
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from tests.entrypoints.cli.conftest import Done, Shell
from tests.harness.certifier import CertificateAuthority, server_context
from tests.harness.odd_servers import http_answer, saying
from vault import __version__
from vault.entrypoints.client import http

OURS = {"openapi": "3.1.0", "info": {"title": "Callvault", "version": "0.0.1"}}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> CertificateAuthority:
    """Return one for all of these."""
    return CertificateAuthority(tmp_path_factory.mktemp("pki") / "ca")


@pytest.fixture
def shell(tmp_path: Path, authority: CertificateAuthority, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Return a machine that trusts the authority, and holds no vault."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.roots))
    return Shell(tmp_path / "no-vault-here")


def status(shell: Shell, url: str) -> Done:
    """Ask for the vault's status there, and see that what is told is one clear line."""
    done = shell.run(
        "status", "--server", url, "--as", "dana", "--password-file", "-", stdin="a-passphrase\n"
    )
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "unexpected" not in done.stderr
    assert "a-passphrase" not in done.stderr
    return done


@pytest.mark.parametrize(
    ("host", "days", "told"),
    [
        ("vault.example", (-1, 1), "its certificate is for another name"),
        ("127.0.0.1", (-3, -1), "its certificate has expired"),
        ("127.0.0.1", (1, 3), "is not valid yet; is the clock of this machine right?"),
    ],
)
def test_a_certificate_that_does_not_hold(
    shell: Shell, authority: CertificateAuthority, host: str, days: tuple[int, int], told: str
) -> None:
    """Another host's, an old one, a new one: told as such, final (1), and nothing is sent."""
    since, until = (timedelta(days=each) for each in days)
    files = authority.issue(host, since=since, until=until)
    with saying(http_answer("200 OK"), tls=server_context(files)) as port:
        done = status(shell, f"https://127.0.0.1:{port}")

    assert done.returncode == 1
    assert f"no trusted connection to 127.0.0.1:{port}: " in done.stderr
    assert told in done.stderr


def test_an_authority_that_nobody_trusts(
    shell: Shell, authority: CertificateAuthority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message says how to trust one's own; the same server is trusted once it was said."""
    other = CertificateAuthority(tmp_path / "other")
    with saying(http_answer("404 Not Found"), tls=server_context(other.issue())) as port:
        refused = status(shell, f"https://127.0.0.1:{port}")
        monkeypatch.setenv("SSL_CERT_FILE", str(other.roots))
        trusted = status(shell, f"https://127.0.0.1:{port}")

    assert (refused.returncode, "SSL_CERT_FILE" in refused.stderr) == (1, True)
    assert "is no Callvault" in trusted.stderr
    assert authority.roots != other.roots


def test_the_two_schemes_are_not_mixed_up(shell: Shell, authority: CertificateAuthority) -> None:
    """TLS to a plain port, and plain http to a TLS port, say which of the two it is."""
    with saying(http_answer("200 OK")) as port:
        tls_to_plain = status(shell, f"https://127.0.0.1:{port}")
    with saying(http_answer("200 OK"), tls=server_context(authority.issue())) as port:
        plain_to_tls = status(shell, f"http://127.0.0.1:{port}")

    assert (tls_to_plain.returncode, "speaks no TLS" in tls_to_plain.stderr) == (1, True)
    assert (plain_to_tls.returncode, "is it https:// there?" in plain_to_tls.stderr) == (4, True)


def test_nobody_there_and_nobody_who_answers(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused, an unknown host, silence: to be tried again later (4)."""
    monkeypatch.setattr(http, "_TIMEOUT", aiohttp.ClientTimeout(total=None, sock_connect=1, sock_read=0.2))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    refused = status(shell, f"https://127.0.0.1:{port}")
    unknown = status(shell, "https://vault.invalid")
    with saying(None) as silent:
        silence = status(shell, f"http://127.0.0.1:{silent}")

    assert {refused.returncode, unknown.returncode, silence.returncode} == {4}
    assert f"127.0.0.1:{port} can't be reached: connection refused" in refused.stderr
    assert "vault.invalid" in unknown.stderr
    assert "takes too long" in silence.stderr


@pytest.mark.parametrize(
    ("answer", "code", "told"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", 1, "does not speak HTTP"),
        (http_answer("200 OK", b"<html>A shop</html>", Content_Type="text/html"), 1, "is no Callvault"),
        (http_answer("404 Not Found", b"<html>"), 1, "is no Callvault"),
        (http_answer("302 Found", Location="https://elsewhere.example/"), 1, "is no Callvault"),
        (http_answer("201 Created", b"[" * 100_000), 1, "is no Callvault"),
        (http_answer("201 Created", b'{"token": 7}'), 1, "is no Callvault"),
        (http_answer("502 Bad Gateway", b"<html>nginx</html>"), 4, "answered 502 Bad Gateway"),
        (http_answer("403 Forbidden", b"\x1b[2J"), 1, "is no Callvault"),
        (b"", 4, "the connection broke"),
    ],
)
def test_a_server_that_is_no_vault(shell: Shell, answer: bytes, code: int, told: str) -> None:
    """Whatever it says, it is told apart from a vault that refuses; nothing of it acts on the terminal."""
    with saying(answer) as port:
        done = status(shell, f"http://127.0.0.1:{port}")

    assert (done.returncode, told in done.stderr) == (code, True), done.stderr
    assert "\x1b" not in done.stderr


@pytest.mark.parametrize(("version", "told"), [("0.0.1", True), (__version__, False)])
def test_a_vault_of_another_version(shell: Shell, version: str, told: bool) -> None:  # noqa: FBT001 - pytest's own
    """What it does not understand is told with both versions; where they are one, as it is."""
    refused = http_answer("404 Not Found", b'{"code": "not_found", "detail": "nothing is there"}')
    info = {**OURS, "info": {**OURS["info"], "version": version}}  # type: ignore[dict-item]
    described = {"/openapi.json": http_answer("200 OK", json.dumps(info).encode())}
    with saying(refused, by_path=described) as port:
        done = status(shell, f"http://127.0.0.1:{port}")

    assert done.returncode == 1
    assert "nothing is there" in done.stderr
    assert (f"of version 0.0.1, this command of {__version__}" in done.stderr) is told


def test_a_fault_of_the_vaults_names_its_reference(shell: Shell) -> None:
    """The operator finds it in the log by what the person reads."""
    body = b'{"code": "internal_error", "detail": "found under this reference", "reference": "00ff"}'
    with saying(http_answer("500 Internal Server Error", body)) as port:
        done = status(shell, f"http://127.0.0.1:{port}")

    assert (done.returncode, "under this reference: 00ff" in done.stderr) == (4, True)
