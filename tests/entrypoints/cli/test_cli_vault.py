"""Promises about the commands over a real vault, run as people run them."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from tests.entrypoints.cli.conftest import COMMAND, Founded, Shell

_PASSWORD = re.compile(r"[a-z-]+(-[a-z-]+){5}")


def test_founding_issues_what_is_needed_once(founded: Founded) -> None:
    """Founding issues a passphrase, and puts the recovery identity into a file for its owner alone."""
    assert _PASSWORD.fullmatch(founded.passphrase)
    assert founded.recovery_file.read_text().startswith("AGE-SECRET-KEY-PQ-1")
    assert stat.S_IMODE(founded.recovery_file.stat().st_mode) == 0o600


def test_a_second_init_changes_nothing(founded: Founded) -> None:
    """A vault is never made over another; the file meant for its identity is not left behind."""
    unused = founded.recovery_file.with_name("unused.txt")
    done = founded.shell.run("init", "--dpo", "eve", "--recovery-file", str(unused))

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert not unused.exists()


def test_the_recovery_identity_never_lies_with_the_data(tmp_path: Path) -> None:
    """Under the data folder both would be lost together, whatever way the path takes there."""
    (tmp_path / "elsewhere").symlink_to(tmp_path / "data")
    done = Shell(tmp_path / "data").run(
        "init", "--dpo", "dora", "--recovery-file", str(tmp_path / "elsewhere" / "r.txt")
    )

    assert done.returncode == 2
    assert not (tmp_path / "data").exists()


def test_a_failed_init_says_what_to_remove(tmp_path: Path) -> None:
    """An init that failed half-way names what it made, and works once that is gone."""
    shell = Shell(tmp_path / "data")
    stray = tmp_path / "data" / "slots" / "holiday.jpg"
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"x")

    failed = shell.run("init", "--dpo", "dora")
    stray.unlink()
    made = re.search(r"had made (\S+):", failed.stderr)
    assert made is not None, failed.stderr
    Path(made[1]).unlink()

    assert failed.returncode == 1
    assert (
        shell.run(
            "init", "--dpo", "dora", "--password-file", "-", stdin="My own Words, twelve of them\n"
        ).returncode
        == 0
    )


@pytest.mark.parametrize("gone", ["vault.sqlite", "vault.sqlite root.key"])
def test_what_a_cut_off_init_left(founded: Founded, tmp_path: Path, gone: str) -> None:
    """Root key or slots without a vault in the database are named, with what to do, and left alone."""
    data = tmp_path / "data"
    shutil.copytree(founded.shell.data, data)
    for name in gone.split():
        (data / name).unlink()
    before = sorted(data.rglob("*"))

    done = Shell(data).run("init", "--dpo", "dora")

    assert done.returncode == 1
    assert str(data / "slots") in done.stderr
    assert (str(data / "root.key") in done.stderr) is ("root.key" not in gone)
    assert "remove them and try again" in done.stderr
    assert sorted(data.rglob("*")) == before


def test_without_a_vault(tmp_path: Path) -> None:
    """Where there is no vault, the way to one is told."""
    done = Shell(tmp_path / "none").run("customers", "list")

    assert done.returncode == 1
    assert "callvault init" in done.stderr


def test_customers(founded: Founded) -> None:
    """A customer is added, changed by its instruction only, and closed."""
    shell = founded.shell
    added = shell.json("customers", "add", "beta", "--agreement", "C-2", "--as", "dora")
    twice = shell.run("customers", "add", "beta", "--agreement", "C-2")
    unasked = shell.run("customers", "set", "beta", "--no-delete-on-collection")
    kept = shell.json("customers", "set", "beta", "--no-delete-on-collection", "--instructed-by", "J. Smith")
    closed = shell.json("customers", "close", "beta")

    assert _PASSWORD.fullmatch(added["password"])
    assert added["name"] == "beta"
    assert (twice.returncode, unasked.returncode) == (1, 1)
    assert kept["delete_on_collection"] is False
    assert closed["closed_at"].endswith("Z")


def test_lists_are_arrays_and_no_formulas(founded: Founded) -> None:
    """JSON lists are arrays; a title that came as a formula is none in a spreadsheet."""
    customers = founded.shell.json("customers", "list")
    table = founded.shell.run("--format", "csv", "customers", "list").stdout

    assert [customer["name"] for customer in customers][:1] == ["acme"]
    assert "'=cmd|" in table
    assert ",=cmd|" not in table
    assert founded.shell.json("recordings", "list", "--customer", "acme", "--state", "shredded") == []


def test_a_new_password_needs_the_right_passphrase(founded: Founded, tmp_path: Path) -> None:
    """Only a DPO's or tech manager's passphrase issues a new one, from a file that others can't read."""
    file = tmp_path / "passphrase"
    file.write_text(founded.passphrase.upper().replace("-", " ") + "\n")
    file.chmod(0o644)
    words = ("customers", "reissue-password", "acme", "--password-file")

    nobody = founded.shell.run(*words, str(file))
    wrong = founded.shell.run(*words, "-", "--as", "dora", stdin="not the words\n")
    right = founded.shell.run(*words, str(file), "--as", "dora", "--format", "json")

    assert (nobody.returncode, wrong.returncode, right.returncode) == (2, 1, 0)
    assert "chmod 600" in right.stderr
    assert founded.passphrase not in right.stdout + right.stderr
    assert json.loads(right.stdout)["password"] != founded.password


def test_sources_and_links(founded: Founded) -> None:
    """A source's tokens are issued anew and revoked; a link's address carries its token in the fragment."""
    shell = Shell(founded.shell.data, {"CALLVAULT_HTTP__PUBLIC_URL": "https://calls.example/v/"})
    own = shell.json("sources", "add", "desk", "--own", "--zone", "Europe/Dublin")
    renewed = shell.json("sources", "token", "desk")
    revoked = shell.json("sources", "revoke", "desk")
    link = shell.json("links", "create", "acme", "--expires", "7d")
    gone = shell.json("links", "revoke", link["id"][:8])

    assert own["token"] != renewed["token"]
    assert renewed["url"].startswith("https://calls.example/v/v1/hooks/")
    assert revoked["revoked_at"] is not None
    assert re.fullmatch(r"https://calls\.example/v/collect#[A-Za-z0-9_-]{22}", link["url"])
    assert gone["state"] == "revoked"
    assert shell.json("links", "list", "--customer", "acme")[0]["id"] == link["id"]


def test_the_log_says_who(founded: Founded) -> None:
    """Entries name the member of staff who was given by --as, else the system's user under an opaque id."""
    shell = founded.shell
    shell.json("links", "create", "acme", "--as", "dora")
    by_dora = shell.json("audit", "list", "--actor", "dora", "--action", "link.created", "--limit", "1")[0]
    by_system = shell.json("audit", "list", "--action", "vault.created")[0]

    assert (by_dora["name"], by_dora["channel"]) == ("dora", "cli")
    assert by_dora["actor"].startswith("staff:")
    assert by_dora["detail"]["address"].endswith("of this machine, without proof")
    assert by_dora["facts"]["said_by"].startswith("os:"), "which stays when details are erased"
    assert "said_by" not in by_system["facts"]
    assert by_system["actor"].startswith("os:")
    assert shell.run("customers", "list", "--as", "nobody").returncode == 1
    assert shell.json("audit", "list", "--since", "2020-01-01", "--until", "2020-12-31") == []


def test_proofs_hold_offline(founded: Founded, tmp_path: Path) -> None:
    """An exported proof verifies without a vault; a changed one, or another key, exits 3."""
    shell, proof = founded.shell, tmp_path / "entry.tlog-proof"
    key = shell.json("audit", "key")["key"]
    shell.json("audit", "prove", "0", "-o", str(proof))
    elsewhere = Shell(tmp_path / "nothing")
    other_key = "other+3a5c2ea2+AQ=="

    right = elsewhere.json("audit", "verify-proof", str(proof), "--key", key)
    wrong_key = elsewhere.run("audit", "verify-proof", str(proof), "--key", other_key)
    proof.write_text(proof.read_text().replace("index 0", "index 1"))
    changed = elsewhere.run("audit", "verify-proof", str(proof), "--key", key)
    again = shell.run("audit", "prove", "0", "-o", str(proof))

    assert right["action"] == "vault.created"
    assert (wrong_key.returncode, changed.returncode) == (3, 3)
    assert again.returncode == 1, "a file that is there was overwritten"


def test_verification(founded: Founded, tmp_path: Path) -> None:
    """Verifying recomputes everything, and compares with a checkpoint that was kept."""
    shell, kept, exported = founded.shell, tmp_path / "kept.txt", tmp_path / "log"
    shell.json("audit", "checkpoint", "-o", str(kept))
    shell.json("customers", "set", "acme", "--email", "a@example.org")

    verified = shell.json("audit", "verify", "--since-checkpoint", str(kept))
    kept.write_text(kept.read_text().replace("\n\n", "\nextension\n\n", 1))
    forged = shell.run("audit", "verify", "--since-checkpoint", str(kept))
    shell.json("audit", "export", "-o", str(exported))

    assert (verified["ok"], verified["findings"]) == (True, [])
    assert forged.returncode == 3
    assert (exported / "checkpoint").read_text().split("\n")[1].isdigit()
    assert (exported / "tile" / "entries").is_dir()
    assert shell.run("audit", "export", "-o", str(tmp_path)).returncode == 1


def test_tail_shows_the_newest(founded: Founded) -> None:
    """Following prints one object a line for programs, oldest first."""
    done = founded.shell.run("audit", "tail", "--no-follow", "--lines", "3", "--format", "json")

    indexes = [json.loads(line)["index"] for line in done.stdout.splitlines()]
    assert indexes == list(range(indexes[0], indexes[0] + 3))


def test_doctor_and_status(founded: Founded, tmp_path: Path) -> None:
    """The doctor complains while the horizon is unstated, and fails on what is dangerous; status counts."""
    shell = founded.shell
    levels = {check["part"]: check["level"] for check in shell.json("doctor")}
    stated = Shell(shell.data, {"CALLVAULT_SHRED__SNAPSHOT_HORIZON": "30 days"}).json("doctor")
    shell.data.chmod(0o755)
    open_to_others = shell.run("doctor")
    shell.data.chmod(0o700)

    assert levels["snapshot horizon"] == "warning"
    assert {check["part"]: check["level"] for check in stated}["snapshot horizon"] == "ok"
    assert open_to_others.returncode == 1
    assert "chmod 700" in open_to_others.stdout
    assert shell.json("status")["log_size"] > 0
    assert Shell(tmp_path / "none").run("doctor").returncode == 1


def test_the_doctor_misses_a_dropped_mirror(founded: Founded, tmp_path: Path) -> None:
    """A mirror that was filled and is not listed any more is named: nothing is destroyed on it."""
    data, second = tmp_path / "data", tmp_path / "second"
    shutil.copytree(founded.shell.data, data)
    Shell(data).run("mirrors", "add", str(second))
    both = {"CALLVAULT_SLOTS__PATHS": f"{data / 'slots'},{second}"}

    listed = Shell(data, both).json("doctor")
    dropped = Shell(data).json("doctor")

    assert not [check for check in listed if "was filled" in check["finding"]]
    assert [check["level"] for check in dropped if str(second) in check["finding"]] == ["warning"]


def test_an_index_is_no_offset_from_the_end(founded: Founded) -> None:
    """A negative or absent entry is refused in one line."""
    for index in ("-1", "99999999", "x"):
        done = founded.shell.run("audit", "show", index)
        assert done.returncode in {1, 2}, done.stderr
        assert done.stderr.count("\n") == 1


def test_a_closed_pipe_is_no_traceback(founded: Founded) -> None:
    """`callvault audit list | head` ends quietly."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*COMMAND, "audit", "list"],
        env=founded.shell.environ,
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writing)

    assert (done.returncode, done.stderr) == (141, "")
