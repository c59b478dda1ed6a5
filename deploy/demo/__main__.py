"""The main job, end to end, in a temporary folder: `make demo`.

Starts the real service, uploads a real recording as a PBX does, collects it as a customer does, shows that
it is gone and why, and verifies the log. Exits 0 only if every step held. `STORE`, `DATABASE` and `CUSTODY`
in the environment choose other parts, see `parts.py`; what is shown stays the same.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

from deploy.demo.parts import Unavailable, parts
from deploy.demo.stage import DemoFailed, Stage, check, say

ROOT = Path(__file__).resolve().parents[2]
RECORDING = ROOT / "tests" / "fixtures" / "recordings" / "asterisk16-complete.wav"
INTERRUPTED = 128 + signal.SIGINT


def set_up(stage: Stage) -> None:
    """Make the vault, a customer and its PBX."""
    say("\n1. A vault. Two secrets are shown once; here the recovery identity goes into a file.")
    stage.run("init", "--dpo", "dana", "--recovery-file", "recovery-identity.txt")
    say("\n2. A customer with a recording agreement, and its PBX as an upload source.")
    customer = stage.ask("customers", "add", "acme", "--agreement", "CT-2031")
    say("$ callvault customers add acme --agreement CT-2031")
    say(f"retrieval password, shown once: {customer['password']}")
    source = stage.ask("sources", "add", "acme-pbx", "--customer", "acme")
    say("$ callvault sources add acme-pbx --customer acme")
    say("token, shown once: kept in pbx-token")
    stage.keep("password", customer["password"])
    stage.keep("pbx-token", source["token"])


def upload(stage: Stage) -> str:
    """Upload as the PBX; show that no plaintext lies anywhere."""
    say("\n4. The PBX uploads. The receipt means: this survives a power cut.")
    shutil.copy(RECORDING, stage.folder / RECORDING.name)
    stage.run(
        "push", RECORDING.name, "--to", stage.url, "--token-file", "pbx-token", "--call-id", "1795305066.3"
    )
    plaintext = RECORDING.read_bytes()[44:1068]
    found = [plaintext in content for content in stage.contents()]
    check(not any(found), "plaintext lies in the vault")
    say(f"searched {len(found)} files of the vault for the recording's sound: in none of them")
    (recording,) = stage.ask("recordings", "list")
    return str(recording["id"])


def collect(stage: Stage) -> Path:
    """Collect as the customer, with link and password."""
    say("\n5. The customer collects, with a link and its password.")
    stage.copy("yesterday")
    link = stage.ask("links", "create", "acme")["url"]
    say("$ callvault links create acme")
    say(link)
    stage.run("fetch", link, "-o", "collected", "--password-file", "password")
    collected = stage.folder / "collected" / RECORDING.name
    check(collected.read_bytes() == RECORDING.read_bytes(), "what came back is not what was sent")
    say(f"{collected.name}: the same {collected.stat().st_size} bytes that the PBX sent")
    (certificate,) = (stage.folder / "collected").glob("*.tlog-proof")
    return certificate


def show_gone(stage: Stage, recording: str, certificate: Path) -> None:
    """Show that the recording is gone, and why."""
    say("\n6. It is gone: its key was overwritten in that moment. A certificate proves it.")
    stage.run("recordings", "show", recording[:6])
    key = stage.run("audit", "key").strip()
    relative = certificate.relative_to(stage.folder)
    stage.run("certificates", "verify", str(relative), "--key", key)
    say("\n   A copy of database and blobs from before the collection does not bring it back:")
    stage.run("--data", "yesterday", "recordings", "list", expect=1, **stage.leads_to["yesterday"])


def verify(stage: Stage) -> None:
    """Read the access log and verify all of it."""
    say("\n7. The access log, newest first, and its verification.")
    stage.run("audit", "list")
    stage.run("audit", "verify")


def show_all(stage: Stage) -> None:
    """Run every step; raise `DemoFailed` at the first that does not hold."""
    set_up(stage)
    say("\n3. The service.")
    with stage.service():
        recording = upload(stage)
        certificate = collect(stage)
        show_gone(stage, recording, certificate)
        verify(stage)


def main() -> int:
    """Run the demonstration; return the exit code."""
    # Ended from outside, all that was started ends too: each block below cleans up after itself.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        with parts(os.environ) as chosen, tempfile.TemporaryDirectory(prefix="callvault-demo-") as folder:
            say("Callvault, the main job from end to end, in a temporary folder.")
            show_all(Stage(Path(folder), chosen))
    except Unavailable as error:
        sys.stderr.write(f"demo: {error}\n")
        return 1
    except DemoFailed as error:
        say(f"\nFAILED: {error}")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("demo: stopped\n")
        return INTERRUPTED
    say("\nEvery step held.")
    return 0


def _stop(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
