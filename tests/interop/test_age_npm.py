"""R7: the npm package age-encryption opens what we seal post-quantum, and we open what it seals."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from keys.age import HybridIdentity, open_file, seal_file, seal_header, sealed_bytes
from keys.slots.sealing import open_under
from tests.harness.vaults import RealVault
from tests.interop.npm_age import NpmAge, installed
from vault.domain.names import RecordingId
from vault.ports.vault import Vault
from vault.usecases.authenticate import Visitor
from vault.usecases.open_recording import open_recording, own_recording

CHUNK_BORDERS = (0, 1, 65535, 65536, 65537, 3 * 65536 + 1)


@pytest.fixture(scope="session")
def npm_age(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> NpmAge:
    """The package, installed once for as long as its pins stay what they are."""
    cache: pytest.Cache | None = getattr(request.config, "cache", None)
    folder = tmp_path_factory.mktemp("npm")
    return installed(cache.mkdir("npm") if cache else folder, folder)


def samples() -> dict[str, bytes]:
    """Return plaintexts around the borders of chunks, by name."""
    return {f"size-{size}": os.urandom(size) for size in CHUNK_BORDERS}


async def stored(vault: Vault, visitor: Visitor, recording: RecordingId) -> tuple[bytes, bytes]:
    """Return a recording's header from under its slot, and its payload as it lies in the blob store."""
    async with vault.reading() as rows:
        found = await own_recording(rows, visitor, recording)
        sealed = await rows.recordings.header(recording)
    assert sealed is not None
    header = open_under(await vault.slots.read(found.slot), sealed, bound_to=found.binding)
    pieces = [piece async for piece in vault.blobs.read(found.blob, 0, sealed_bytes(found.bytes))]
    return header, b"".join(pieces)


def test_npm_opens_what_we_seal(npm_age: NpmAge) -> None:
    """A post-quantum file of ours opens elsewhere, whatever its size is to a chunk."""
    identity, plain = HybridIdentity.generate(), samples()

    files = {name: seal_file(content, [identity.recipient]) for name, content in plain.items()}

    assert npm_age.opened(identity, files) == plain


def test_we_open_what_npm_seals(npm_age: NpmAge) -> None:
    """A post-quantum file made elsewhere, for an identity made elsewhere, opens with ours."""
    identity, recipient = npm_age.new_identity()
    plain = samples()

    files = npm_age.sealed(recipient, plain)

    assert recipient == identity.recipient
    assert {name: open_file(content, [identity]) for name, content in files.items()} == plain


async def test_a_stored_recording_is_an_age_file(npm_age: NpmAge, real_vault: RealVault) -> None:
    """Header from under its slot and payload from the blob store, joined, open for the customer elsewhere."""
    calls = {"byte.wav": b"R", "border.wav": os.urandom(65536), "long.wav": os.urandom(300_001)}
    files = {}
    async with real_vault.opened() as vault:
        receipts = {name: await real_vault.upload(vault, call, name=name) for name, call in calls.items()}
        visitor = await real_vault.visit(vault)
        for name, receipt in receipts.items():
            files[name] = b"".join(await stored(vault, visitor, RecordingId(receipt.recording)))

    assert npm_age.opened(visitor.identity, files) == calls
    assert npm_age.opened(HybridIdentity.generate(), files) == {}


async def test_an_export_opens_without_us(npm_age: NpmAge, real_vault: RealVault) -> None:
    """A recording's file key sealed anew to one recipient opens for that one elsewhere, and for no other."""
    call = os.urandom(200_000)
    identity, recipient = npm_age.new_identity()
    async with real_vault.opened() as vault:
        receipt = await real_vault.upload(vault, call)
        visitor = await real_vault.visit(vault)
        opened = await open_recording(vault, visitor, RecordingId(receipt.recording))
        _, payload = await stored(vault, visitor, RecordingId(receipt.recording))

    exported = {"export.age": seal_header(opened.file_key, [recipient]) + payload}

    assert npm_age.opened(identity, exported) == {"export.age": call}
    assert npm_age.opened(visitor.identity, exported) == {}


def test_npm_refuses_what_was_changed(npm_age: NpmAge) -> None:
    """Our files are such that another program notices a bit changed anywhere, or an end cut off."""
    identity = HybridIdentity.generate()
    sealed = seal_file(os.urandom(65537), [identity.recipient])
    places = (30, sealed.index(b"\n---") + 10, len(sealed) // 2, len(sealed) - 1)

    changed = {f"bit-{at}": sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :] for at in places}
    changed["cut"] = sealed[:-17]

    assert set(npm_age.opened(identity, changed | {"whole": sealed})) == {"whole"}


def test_the_pins_name_no_registry() -> None:
    """Whatever registry a machine is set up for serves the package; what it serves is checked by hash."""
    lock = Path(__file__).with_name("npm").joinpath("package-lock.json").read_text()

    assert '"resolved"' not in lock
    assert lock.count('"integrity": "sha512-') == lock.count('"node_modules/')
