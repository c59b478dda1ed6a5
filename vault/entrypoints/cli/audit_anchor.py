"""`callvault audit anchor`: keep the signed checkpoint outside, now."""

from __future__ import annotations

from vault.domain.event import Actor
from vault.entrypoints.cli.invocation import Run
from vault.ports.vault import Vault
from vault.usecases.anchor_log import Anchored, anchor_log


def anchor(*, run: Run) -> None:
    """Keep the log's checkpoint in every folder of [anchors] paths, time-stamped where one is configured.

    The service does so by itself, once a day unless [anchors] every_hours says otherwise. What is kept is
    never written over. `audit verify --anchors` holds the log against all of them.
    """

    async def _use(vault: Vault, by: Actor) -> Anchored:
        return await anchor_log(vault, by=by)

    made = run.in_vault(_use)
    run.show({"size": made.size, "places": list(made.places), "stamped": made.stamped})
