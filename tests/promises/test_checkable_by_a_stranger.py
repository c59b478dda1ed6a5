"""Promise 6: log and certificates verify with software that is not ours, and every change is found."""

from __future__ import annotations

import ast
import asyncio
import base64
import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.harness import stranger
from tests.harness.service import Service
from tests.harness.stranger import NotGenuine, check_certificate, check_export
from tests.harness.vaults import RealVault
from vault.domain.event import SERVICE
from vault.ports.repositories import RecordingFilter
from vault.usecases.confirm_receipt import confirm_receipt
from vault.usecases.list_recordings import list_recordings

CONTENT = b"RIFF" + bytes(5000)
ENTRIES = 600
"""More than two full tiles and a partial one."""


@dataclass(frozen=True)
class Published:
    """What a stranger is given: the key, a certificate, an export, and a checkpoint kept earlier."""

    known: RealVault
    key: str
    certificate: bytes
    kept: bytes
    export: Path
    earlier: RealVault
    """The whole vault, slots included, as it was before the checkpoint was kept."""


def callvault(known: RealVault, *words: str, expect: int = 0) -> bytes:
    """Run the command over a vault."""
    service = Service(known, known.data)  # it never starts: only its environment is wanted
    return service.command(*words, expect=expect).encode()


async def grow(known: RealVault, entries: int) -> None:
    """Let so many entries come into the log."""
    async with known.opened() as vault:
        which = RecordingFilter()
        await asyncio.gather(*(list_recordings(vault, which, by=SERVICE) for _ in range(entries)))


async def collect_one(known: RealVault, name: str) -> bytes:
    """Upload and collect a recording; return its certificate."""
    async with known.opened() as vault:
        receipt = await known.upload(vault, CONTENT, name=name)
        visitor = await known.visit(vault)
        answer = await confirm_receipt(vault, visitor, receipt.recording, receipt.sha256)
    assert answer.certificate is not None
    return answer.certificate.encode()


@pytest.fixture(scope="module")
def published(founded: RealVault, tmp_path_factory: pytest.TempPathFactory) -> Published:
    """A log of some six hundred entries, published by the command."""
    folder = tmp_path_factory.mktemp("published")
    known = founded.copied_to(folder / "vault")
    asyncio.run(grow(known, ENTRIES // 2))
    earlier = known.copied_to(folder / "earlier")
    certificate = asyncio.run(collect_one(known, "one.wav"))
    kept = callvault(known, "audit", "checkpoint")
    asyncio.run(grow(known, ENTRIES // 2))
    callvault(known, "audit", "export", "-o", str(folder / "export"))
    key = callvault(known, "audit", "key").decode()
    return Published(known, key, certificate, kept, folder / "export", earlier)


def test_the_stranger_is_one() -> None:
    """The verifier of these tests imports nothing of ours."""
    tree = ast.parse(Path(stranger.__file__).read_text())
    modules = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }

    assert modules == {
        "__future__",
        "base64",
        "hashlib",
        "json",
        "dataclasses",
        "pathlib",
        "typing",
        "cryptography",
    }


def test_the_export_and_the_certificate_hold(published: Published) -> None:
    """What the command exported verifies, goes on from the kept checkpoint, and holds the certificate."""
    export = check_export(published.export, published.key, published.kept)
    said = check_certificate(published.certificate, published.key)

    assert len(export.entries) == export.signed.size > ENTRIES
    assert export.entries[said["index"]] == base64.b64decode(published.certificate.split(b"\n")[1][6:])
    assert said["facts"]["bytes"] == len(CONTENT)


def test_a_proof_of_the_command_holds(published: Published) -> None:
    """`certificates show` and `certificates verify` agree with the stranger on the same file."""
    said = check_certificate(published.certificate, published.key)
    shown = callvault(published.known, "certificates", "show", said["recording"])

    assert check_certificate(shown, published.key) == said


Spoil = Callable[[list[bytes]], list[bytes]]

SPOILED: dict[str, Spoil] = {
    "edited": lambda entries: [
        entry.replace(b'"recording.listed"', b'"recording.opened"') if index == 300 else entry
        for index, entry in enumerate(entries)
    ],
    "one byte": lambda entries: [*entries[:-1], entries[-1][:-2] + bytes([entries[-1][-2] ^ 1]) + b"}"],
    "dropped": lambda entries: [*entries[:299], *entries[300:]],
    "dropped at the end": lambda entries: entries[:-1],
    "put twice": lambda entries: [*entries[:300], entries[300], *entries[300:]],
    "reordered": lambda entries: [*entries[:300], entries[301], entries[300], *entries[302:]],
    "another appended": lambda entries: [*entries, entries[-1]],
}


def written_anew(published: Published, folder: Path, entries: list[bytes], *, tiles: bool) -> Path:
    """Write an export with other entries, and the tiles that fit them, but with the checkpoint as it was."""
    shutil.copytree(published.export, folder)
    bundles, hashes = folder / "tile" / "entries", [stranger.leaf(entry) for entry in entries]
    shutil.rmtree(bundles)
    if tiles:
        for level in ("0", "1"):
            shutil.rmtree(folder / "tile" / level, ignore_errors=True)
    for first in range(0, len(entries), 256):
        some = entries[first : first + 256]
        data = b"".join(len(entry).to_bytes(2) + entry for entry in some)
        put_tile(bundles, first // 256, len(some), data)
        if tiles:
            put_tile(folder / "tile" / "0", first // 256, len(some), b"".join(hashes[first : first + 256]))
    if tiles:
        roots = [stranger.tree_root(hashes[at : at + 256]) for at in range(0, len(hashes) - 255, 256)]
        put_tile(folder / "tile" / "1", 0, len(roots), b"".join(roots))
    return folder


def put_tile(folder: Path, index: int, width: int, data: bytes) -> None:
    """Write a tile or bundle under its name."""
    name = f"{index:03d}" if width == 256 else f"{index:03d}.p/{width}"
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


@pytest.mark.parametrize("tiles", [False, True], ids=["tiles as they were", "tiles made to fit"])
@pytest.mark.parametrize("spoil", SPOILED)
def test_a_changed_log_is_found(published: Published, tmp_path: Path, spoil: str, tiles: bool) -> None:  # noqa: FBT001 - pytest's parameter
    """An entry edited, dropped, doubled or reordered does not pass, even if all hashes are made to fit it."""
    entries = check_export(published.export, published.key).entries
    spoiled = SPOILED[spoil](entries)
    assert spoiled != entries
    folder = written_anew(published, tmp_path / "export", spoiled, tiles=tiles)

    with pytest.raises(NotGenuine):
        check_export(folder, published.key)


def test_what_was_written_anew_unchanged_passes(published: Published, tmp_path: Path) -> None:
    """The same entries, written by these tests, pass: the refusals above are for the change alone."""
    entries = check_export(published.export, published.key).entries
    folder = written_anew(published, tmp_path / "export", entries, tiles=True)

    assert check_export(folder, published.key, published.kept).entries == entries


async def test_a_log_rolled_back_is_found(published: Published, tmp_path: Path) -> None:
    """An older copy of the whole vault, as genuine as it was, ends below the checkpoint somebody kept."""
    earlier = published.earlier.copied_to(tmp_path / "vault")
    callvault(earlier, "audit", "export", "-o", str(tmp_path / "export"))
    (tmp_path / "kept").write_bytes(published.kept)

    check_export(tmp_path / "export", published.key)
    with pytest.raises(NotGenuine, match="shorter"):
        check_export(tmp_path / "export", published.key, published.kept)
    callvault(earlier, "audit", "verify", "--since-checkpoint", str(tmp_path / "kept"), expect=3)


async def test_a_log_that_went_another_way_is_found(published: Published, tmp_path: Path) -> None:
    """The older copy, grown past the kept checkpoint with the real key, agrees with itself alone."""
    earlier = published.earlier.copied_to(tmp_path / "vault")
    await grow(earlier, ENTRIES)
    callvault(earlier, "audit", "export", "-o", str(tmp_path / "export"))
    (tmp_path / "kept").write_bytes(published.kept)

    check_export(tmp_path / "export", published.key)
    with pytest.raises(NotGenuine, match="rewritten"):
        check_export(tmp_path / "export", published.key, published.kept)
    callvault(earlier, "audit", "verify", "--since-checkpoint", str(tmp_path / "kept"), expect=3)


def test_a_certificate_changed_anywhere_is_found(published: Published) -> None:
    """Another character at any place of a certificate, or another log's key, does not pass."""
    text, found = published.certificate, 0
    for at in range(len(text)):
        changed = text[:at] + (b"B" if text[at : at + 1] != b"B" else b"C") + text[at + 1 :]
        try:
            said = check_certificate(changed, published.key)
        except Exception:  # noqa: BLE001 - whatever a careless verifier stumbles over, it does not accept
            found += 1
        else:
            pytest.fail(f"a change at {at} passed, as {json.dumps(said)}")
    assert found == len(text)


def test_another_key_signs_nothing(published: Published, tmp_path: Path) -> None:
    """A changed log signed under the log's name by another key is refused, also beside a real signature."""
    entries = check_export(published.export, published.key).entries[:-1]
    root = base64.b64encode(stranger.tree_root([stranger.leaf(entry) for entry in entries])).decode()
    name = published.key.partition("+")[0]
    key = Ed25519PrivateKey.generate()
    text = f"{name}\n{len(entries)}\n{root}\n"
    described = b"\1" + key.public_key().public_bytes_raw()
    own_id = hashlib.sha256(name.encode() + b"\n" + described).digest()[:4]
    folder = written_anew(published, tmp_path / "export", entries, tiles=True)
    genuine = (published.export / "checkpoint").read_text().splitlines()[-1]
    forged_key = f"{name}+{own_id.hex()}+{base64.b64encode(described).decode()}"

    for key_id in (own_id, bytes.fromhex(published.key.split("+")[1])):
        line = base64.b64encode(key_id + key.sign(text.encode())).decode()
        for more in ("", f"{genuine}\n"):
            (folder / "checkpoint").write_text(f"{text}\n\N{EM DASH} {name} {line}\n{more}")
            with pytest.raises(NotGenuine):
                check_export(folder, published.key)
    (folder / "checkpoint").write_text(
        f"{text}\n\N{EM DASH} {name} {base64.b64encode(own_id + key.sign(text.encode())).decode()}\n"
    )
    assert check_export(folder, forged_key).signed.size == len(entries), "the forgery is a good one"
