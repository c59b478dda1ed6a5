"""Promise 1: plaintext, passwords, tokens and file keys are never at rest, in a log or in an answer."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

from tests.harness.customer import Caller
from tests.harness.processes import eventually, files_being_written
from tests.harness.service import Service, serving
from tests.harness.traces import Traces
from tests.harness.vaults import RealVault
from vault.domain.names import RecordingId
from vault.domain.staff import Owner
from vault.ports.vault import Vault
from vault.sealing import identities
from vault.usecases.open_recording import open_recording

FIXTURE = Path(__file__).parent.parent / "fixtures" / "recordings" / "asterisk16-complete.wav"
MIB = 1 << 20


def recognisable() -> bytes:
    """Return a real recording's sound with random bytes after it, of which any sixteen tell it."""
    return FIXTURE.read_bytes() + os.urandom(12_000)


async def secrets_of(known: RealVault, vault: Vault, recordings: list[str]) -> dict[str, bytes]:
    """Return everything that must be nowhere: what was shown once, identities, file keys."""
    visitor = await known.visit(vault)
    async with vault.reading() as rows:
        customer = await identities.current(vault, rows, Owner.CUSTOMER, visitor.customer.id)
    identity = visitor.identity
    shown = {
        name: getattr(known, name).encode()
        for name in ("passphrase", "recovery", "password", "bearer", "hook", "own_bearer", "link")
    }
    file_keys = {
        f"file key {number}": (
            await open_recording(vault, visitor, RecordingId(recording))
        ).file_key.secret.reveal()
        for number, recording in enumerate(recordings)
    }
    assert customer.recipient == str(identity.recipient)
    return {
        **shown,
        **file_keys,
        "identity": identity.encode().reveal(),
        "identity's seed": identity.seed.reveal(),
    }


async def provoke_errors(caller: Caller, session: dict[str, str], recording: str, content: bytes) -> bytes:
    """Send secrets and plaintext where they don't belong; return every answer's status line and body."""
    known, told = caller.known, content[:64].hex()
    bearer = {"Authorization": f"Bearer {known.bearer}"}
    answers = [
        await caller.upload("call.wav", content, headers={"Content-Digest": f"sha-256=:{'A' * 43}=:"}),
        await caller.upload("call.wav", content, headers={"Callvault-Started-At": known.password}),
        await caller.upload("%2e%2e%2f" + known.link, content),
        await caller.call("PUT", f"/v1/hooks/{known.link}/x.wav", data=content),
        await caller.call("GET", f"/v1/hooks/{known.hook}/x.wav"),
        await caller.call(
            "POST", "/v1/recordings", data=content, headers=bearer | {"Content-Encoding": "br"}
        ),
        await caller.call("GET", f"/{known.link}/{known.password}?token={known.bearer}"),
        await caller.call("GET", "/v1/source", headers={"Authorization": f"Bearer {known.password}"}),
        await caller.call("POST", "/v1/collect/sessions", json={"link": known.link, "password": told}),
        await caller.call("POST", "/v1/collect/sessions", json={"customer": known.password, "password": "x"}),
        await caller.call("POST", "/v1/collect/sessions", data=known.password.encode() + content[:900]),
        await caller.receipt(session, recording, hashlib.sha256(b"another").hexdigest()),
        await caller.receipt(session, recording, known.password),
        await caller.content(session, recording, Range="bytes=999999999-"),
        await caller.content({"Authorization": f"Bearer {known.bearer}"}, recording),
    ]
    assert all(400 <= answer.status < 500 for answer in answers), [answer.status for answer in answers]
    return b"\n".join(answer.body + repr(dict(answer.headers)).encode() for answer in answers)


async def test_no_file_no_log_line_no_error_tells(real_vault: RealVault) -> None:
    """After uploads, a collection and every error we know, no file, log line or error body holds a trace."""
    contents = {"own": recognisable(), "kept": recognisable(), "collected": recognisable()}
    with serving(real_vault) as service:
        async with service.caller() as caller, service.beside() as vault:
            for name, content in contents.items():
                answer = await caller.upload(f"{name}.wav", content, own=name == "own")
                assert answer.status == 201, answer.body
            hooked = await caller.call("POST", f"/v1/hooks/{real_vault.hook}", data=contents["kept"])
            assert hooked.status == 201
            session = await caller.sign_in()
            waiting = {item["file_name"]: item["id"] for item in await caller.waiting(session)}
            for name in ("kept", "collected"):
                await caller.must_wait(session, waiting[f"{name}.wav"], contents[name])
            secrets = await secrets_of(real_vault, vault, list(waiting.values()))
            secrets["token of a session"] = session["Authorization"].removeprefix("Bearer ").encode()
            errors = await provoke_errors(caller, session, waiting["kept.wav"], contents["kept"])
            digest = hashlib.sha256(contents["collected"]).hexdigest()
            shredded = await caller.receipt(session, waiting["collected.wav"], digest)
            assert shredded.json["state"] == "shredded"
        traces = Traces.of(contents.values(), secrets)

        running = traces.found_below(real_vault.data, service.log_file)
        service.stop()
        stopped = traces.found_below(real_vault.data, service.log_file)

    assert traces.found_in(errors) == set()
    assert running == {}
    assert stopped == {}


async def test_the_search_finds(real_vault: RealVault) -> None:
    """The search of these tests sees plaintext and secrets where they are: in what was just written there."""
    content = recognisable()
    traces = Traces.of([content], {"password": real_vault.password.encode(), "seed": bytes(range(32))})
    (real_vault.data / "a").write_bytes(b"..." + content[60_001:60_017] + b"...")
    (real_vault.data / "b").write_text(real_vault.password.upper())
    (real_vault.data / "c").write_text(bytes(range(32)).hex())

    found = traces.found_below(real_vault.data)

    assert {Path(path).name: names for path, names in found.items()} == {
        "a": {"plaintext"},
        "b": {"password"},
        "c": {"seed"},
    }


async def test_half_an_upload_leaves_no_plaintext(real_vault: RealVault) -> None:
    """While an upload is under way its bytes lie sealed in the vault, and in no temporary file."""
    content, rest_may_come = os.urandom(6 * MIB), asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        for at in range(0, len(content), MIB):
            if at == 4 * MIB:
                await rest_may_come.wait()
            yield content[at : at + MIB]

    with serving(real_vault) as service:
        async with service.caller() as caller:
            upload = asyncio.create_task(caller.upload("long.wav", body()))
            await asyncio.to_thread(eventually, lambda: unfinished_bytes(real_vault.data) > 2 * MIB)
            # A piece of every chunk that was sent: as good as all of it, and quicker to look for.
            told = Traces.of([content[at : at + 512] for at in range(0, 4 * MIB, 65536)], {})

            found = told.found_below(real_vault.data, service.log_file)
            written = all_written(service)
            rest_may_come.set()
            answer = await upload

    assert answer.json["sha256"] == hashlib.sha256(content).hexdigest()
    assert found == {}
    outside = {path for path in written if not path.is_relative_to(real_vault.data)} - {service.log_file}
    assert outside == set()


def unfinished_bytes(data: Path) -> int:
    """Return how many bytes of unfinished blobs lie in the store."""
    return sum(path.stat().st_size for path in (data / "blobs").glob("??/*.part"))


def all_written(service: Service) -> set[Path]:
    """Name the files that the service has open for writing."""
    return set().union(*map(files_being_written, (service.pid, *service.worker_pids)))


async def test_the_file_key_is_of_this_recording_alone(real_vault: RealVault) -> None:
    """The same content twice, under two names, has two file keys and two payloads without a common run."""
    content = recognisable()
    async with real_vault.opened() as vault:
        first = await real_vault.upload(vault, content, name="one.wav")
        second = await real_vault.upload(vault, content, name="two.wav")
        visitor = await real_vault.visit(vault)
        keys = [
            (await open_recording(vault, visitor, receipt.recording)).file_key for receipt in (first, second)
        ]
    one, two = (path.read_bytes() for path in (real_vault.data / "blobs").glob("??/*"))

    assert keys[0].secret != keys[1].secret
    assert Traces.of([one], {}).found_in(two) == set()


def test_the_recovery_identity_is_kept_nowhere(real_vault: RealVault) -> None:
    """What `init` prints once is in no file: neither the first passphrase nor the recovery identity."""
    traces = Traces.of(
        [], {"passphrase": real_vault.passphrase.encode(), "recovery": real_vault.recovery.encode()}
    )

    assert traces.found_below(real_vault.data) == {}
