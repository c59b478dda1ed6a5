"""`callvault doctor`: check a deployment."""

from __future__ import annotations

from cyclopts import App

from keys.errors import KeysError
from vault.domain.event import Actor
from vault.entrypoints.cli.checks import Check, Level, check_deployment, check_vault
from vault.entrypoints.cli.exits import ExitCode
from vault.entrypoints.cli.invocation import Run
from vault.errors import VaultError
from vault.ports.vault import Vault

app = App(name="doctor", help_format="plaintext")


@app.default
def doctor(*, run: Run) -> int:
    """Check the deployment: machine, root key, slots, database, store, log, clock, addresses.

    Each line is ok, warning or failure; exit 1 when there is a failure.
    """
    settings = run.settings()
    checks = list(check_deployment(settings))

    async def _use(vault: Vault, _by: Actor) -> list[Check]:
        return await check_vault(vault, settings)

    try:
        checks += run.in_vault(_use)
    except (VaultError, KeysError) as error:
        checks.append(Check(Level.FAILURE, "vault", str(error)))
    run.show_list(
        [{"level": check.level.value, "part": check.part, "finding": check.finding} for check in checks],
        ("level", "part", "finding"),
    )
    failed = any(check.level is Level.FAILURE for check in checks)
    return ExitCode.FAILED if failed else ExitCode.DONE
