"""Promises about who leaves while the service runs: over TLS, with two workers, by commands beside it."""

from __future__ import annotations

import asyncio
import http.client
import json
import ssl
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.entrypoints.cli.conftest import Done, Shell
from tests.harness.certifier import CertificateAuthority
from tests.harness.service import Service, serving
from tests.harness.staff import add_person, dana
from tests.harness.vaults import RealVault
from vault.domain.staff import Role

SESSIONS, CURRENT = "/v1/staff/sessions", "/v1/staff/sessions/current"
A_MOMENT = timedelta(seconds=1.5)
CONNECTIONS = 5  # each is another worker's, or may be


@dataclass(frozen=True)
class Office:
    """The service, whose certificate an authority of the office signed, and everybody's passphrase."""

    service: Service
    roots: Path
    passphrases: dict[str, str]

    def connection(self) -> http.client.HTTPSConnection:
        """Return a new connection, to whichever worker takes it."""
        context = ssl.create_default_context(cafile=str(self.roots))
        host, _, port = self.service.url.removeprefix("https://").partition(":")
        return http.client.HTTPSConnection(host, int(port), context=context, timeout=30)

    def ask(self, method: str, path: str, asked: object = None, token: str = "") -> tuple[int, Any]:
        """Return status and body of one request on a connection of its own."""
        with closing(self.connection()) as connection:
            headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
            connection.request(method, path, None if asked is None else json.dumps(asked), headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"null")

    def sign_in(self, name: str, passphrase: str | None = None) -> str:
        """Return a session's token."""
        given = {"staff": name, "passphrase": passphrase or self.passphrases[name]}
        status, answer = self.ask("POST", SESSIONS, given)
        assert status == 201, answer
        return str(answer["token"])

    def seen(self, token: str) -> set[int]:
        """Return how a session is answered on several connections."""
        return {self.ask("GET", CURRENT, token=token)[0] for _ in range(CONNECTIONS)}

    def run(self, *words: str, as_: str = "dana") -> Done:
        """Run a command beside the service, at the vault's own machine."""
        given = f"{self.passphrases[as_]}\n"
        done = Shell(self.service.known.data).run(*words, "--as", as_, "--password-file", "-", stdin=given)
        assert done.returncode == 0, done.stderr
        return done

    def look(self, *words: str) -> Any:  # noqa: ANN401 - JSON is of any type
        """Return what a command shows that asks for no passphrase."""
        return Shell(self.service.known.data).json(*(words or ("customers", "list")))


@pytest.fixture(scope="module")
def office(founded: RealVault, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """One service for all of these: each removes or renews somebody else."""
    folder = tmp_path_factory.mktemp("leaving")
    authority = CertificateAuthority(folder / "ca")
    certificate, key = authority.issue()
    known = founded.copied_to(folder / "vault")
    known = known.with_setting("CALLVAULT_HTTP__TLS_CERTIFICATE", str(certificate))
    known = known.with_setting("CALLVAULT_HTTP__TLS_KEY", str(key))
    people = asyncio.run(_people(known))
    with serving(known, workers=2) as service:
        yield Office(service, authority.roots, people)


async def _people(known: RealVault) -> dict[str, str]:
    roles = {"tim": Role.TECH_MANAGER, "mia": Role.MANAGER, "dora": Role.DPO, "rosa": Role.DPO}
    async with known.opened() as vault:
        boss = await dana(vault, known.passphrase)
        given = {name: await add_person(vault, boss, name, role) for name, role in roles.items()}
    return {"dana": known.passphrase} | {name: each.reveal().decode() for name, each in given.items()}


def test_a_command_trusts_the_authority_it_is_told_of(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over TLS with `SSL_CERT_FILE` it works; without it nothing is sent; plain http is told why not."""
    elsewhere = Shell(office.roots.parent / "no-vault-here")
    words = ("status", "--as", "dana", "--password-file", "-", "--server")
    given = f"{office.passphrases['dana']}\n"
    untrusted = elsewhere.run(*words, office.service.url, stdin=given)
    monkeypatch.setenv("SSL_CERT_FILE", str(office.roots))
    trusted = elsewhere.run(*words, office.service.url, stdin=given)
    plain = elsewhere.run(*words, office.service.url.replace("https:", "http:"), stdin=given)

    assert (untrusted.returncode, "SSL_CERT_FILE" in untrusted.stderr) == (1, True)
    assert (trusted.returncode, "log_size" in trusted.stdout) == (0, True), trusted.stderr
    assert (plain.returncode, "is it https:// there?" in plain.stderr) == (4, True)


def test_who_is_removed_is_out_at_once(office: Office) -> None:
    """Every session of theirs is refused by every worker from that moment; nobody else's is."""
    sessions, other = [office.sign_in("tim") for _ in range(2)], office.sign_in("dana")
    assert [office.seen(each) for each in sessions] == [{200}, {200}]

    office.run("staff", "remove", "tim")

    assert [office.seen(each) for each in sessions] == [{401}, {401}]
    assert office.seen(other) == {200}
    status, answer = office.ask("POST", SESSIONS, {"staff": "tim", "passphrase": office.passphrases["tim"]})
    assert (status, answer["code"]) == (403, "access_denied")


def test_a_new_passphrase_ends_what_the_old_one_began(office: Office) -> None:
    """`staff passphrase`: the old session and the old passphrase are dead, the new one lets in."""
    session = office.sign_in("mia")

    issued = json.loads(office.run("staff", "passphrase", "mia", "--format", "json", as_="mia").stdout)

    assert office.seen(session) == {401}
    assert office.ask("POST", SESSIONS, {"staff": "mia", "passphrase": office.passphrases["mia"]})[0] == 403
    assert office.seen(office.sign_in("mia", issued["password"])) == {200}


def test_a_recovery_ends_what_the_lost_passphrase_began(office: Office) -> None:
    """`staff recover`: whoever found the lost passphrase and had signed in by it is out."""
    session = office.sign_in("rosa")

    office.run("staff", "recover", "rosa")

    assert office.seen(session) == {401}


def test_a_tail_ends_with_its_reader(office: Office) -> None:
    """A DPO who is removed while they follow the log is told nothing that happens a second later."""
    asked = json.dumps({"lines": 1, "follow": True})
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {office.sign_in('dora')}"}
    with closing(office.connection()) as connection:
        connection.request("POST", "/v1/staff/audit/tail", asked, headers)
        tail = connection.getresponse()
        assert tail.status == 200
        assert json.loads(tail.readline())["action"]

        office.run("staff", "remove", "dora")
        for _ in range(3):  # what dora must not hear of
            office.look()
        with pytest.raises(http.client.IncompleteRead) as cut:
            tail.read()

    told = [json.loads(line) for line in cut.value.partial.splitlines() if line.strip()]
    (removed,) = office.look("audit", "list", "--action", "staff.removed", "--limit", "1")
    assert all(moment(each) < moment(removed) + A_MOMENT for each in told)


def moment(entry: dict[str, Any]) -> datetime:
    """Return when an entry was made."""
    return datetime.fromisoformat(entry["time"])
