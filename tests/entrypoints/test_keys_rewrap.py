"""`callvault keys rewrap`: from one root key to another, and a vault that opens whatever happens between."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from keys.custody import create_custody
from tests.harness.aws import Aws
from tests.harness.service import Service
from tests.harness.vaults import RealVault


@pytest.fixture
def service(real_vault: RealVault) -> Service:
    """Commands over a vault with a local root key; the DPO's passphrase lies in a file."""
    (real_vault.data.parent / "passphrase").write_text(real_vault.passphrase)
    return Service(real_vault, real_vault.data.with_name("log"))


def rewrap(service: Service, to: str, *words: str, expect: int = 0) -> dict[str, object]:
    """Run the command as the DPO."""
    file = str(service.known.data.parent / "passphrase")
    said = service.command(
        "--as", "dana", "--format", "json", "keys", "rewrap", "--to", to, "--password-file", file, *words,
        expect=expect,
    )  # fmt: skip
    return json.loads(said) if said else {}


def moved(service: Service, url: object) -> Service:
    """Return commands over the same vault, the setting changed."""
    known = service.known.with_setting("CALLVAULT_CUSTODY__URL", str(url))
    return Service(known, service.log_file)


def test_to_kms_and_back(service: Service, aws: Aws) -> None:
    """The vault opens by the new root key alone, its log says so, and it moves back as well."""
    arn = aws.kms.create_key()["KeyMetadata"]["Arn"]
    old = service.known.data / "root.key"

    there = moved(service, rewrap(service, f"awskms:{arn}?endpoint={aws.url}")["to"])
    service.command("status", expect=1)
    old.rename(old.with_name("away"))
    there.command("status")

    back = moved(there, rewrap(there, f"local:{old}")["to"])
    listed = json.loads(back.command("--format", "json", "audit", "list", "--action", "custody.rewrapped"))
    assert [entry["facts"] for entry in listed] == [
        {"from": "awskms", "to": "local"},
        {"from": "local", "to": "awskms"},
    ]
    back.command("audit", "verify")


def test_a_local_root_key_is_rotated_and_the_old_one_destroyed(service: Service) -> None:
    """A new file takes over; the old one is there unless it was asked to go."""
    old, data = service.known.data / "root.key", service.known.data
    second = moved(service, rewrap(service, f"local:{data}/second.key")["to"])
    assert old.exists()
    third = moved(second, rewrap(second, f"local:{data}/third.key", "--destroy-old")["to"])
    assert not (data / "second.key").exists()
    third.command("status")


@pytest.mark.parametrize("other", ["../vault/root.key", "copy.key"])
def test_the_same_root_key_by_another_name_is_not_destroyed(service: Service, other: str) -> None:
    """Another path or a copy is the same key: nothing changes, and nothing is destroyed."""
    old = service.known.data / "root.key"
    copy = service.known.data / "copy.key"
    copy.touch(0o600)
    copy.write_bytes(old.read_bytes())

    rewrap(service, f"local:{service.known.data}/{other}", "--destroy-old", expect=1)

    assert old.exists()
    service.command("status")


def test_a_key_service_that_denies_changes_nothing(service: Service, aws: Aws) -> None:
    """Denied while it wraps or while it proves itself: the old root key still opens the vault."""
    arn = aws.kms.create_key()["KeyMetadata"]["Arn"]
    to = f"awskms:{arn}?endpoint={aws.url}"
    for target in ("TrentService.Encrypt", "TrentService.Decrypt"):
        aws.answers(400, "AccessDeniedException", contains=target)
        rewrap(service, to, expect=1)
        assert aws.calm() == []
    service.command("status")


def test_an_attempt_that_was_cut_off_is_made_again(service: Service) -> None:
    """The file that it left is taken, not in the way."""
    left = Path(f"{service.known.data}/second.key")
    create_custody(f"local:{left}")
    moved(service, rewrap(service, f"local:{left}")["to"]).command("status")
