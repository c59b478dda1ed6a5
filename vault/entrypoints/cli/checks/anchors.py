"""The anchors: that there are some, where nobody of the vault's own can rewrite them, and new enough."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

from vault.entrypoints.cli.checks.check import Check, Level
from vault.errors import AnchorUnavailable
from vault.ports.anchors import AnchorPlace
from vault.ports.vault import Vault
from vault.usecases.anchor_log import unanchored_for

_PART = "anchors"
_LATE = 2
"""An anchor may be late by as long again as the operator allows: the service makes them once an hour."""


async def check_anchors(vault: Vault) -> AsyncIterator[Check]:
    """Look at every place, and at how long the oldest entry waits for an anchor."""
    if not vault.anchor_places:
        advice = "[anchors] paths is unset: name a folder on somebody else's disk"
        yield Check(Level.WARNING, _PART, f"the log's checkpoints are kept nowhere else; {advice}")
        return
    for place in vault.anchor_places:
        yield await _check_place(vault, place)
    if vault.timestamps is None:
        advice = "[anchors] timestamp_url is unset"
        yield Check(Level.WARNING, _PART, f"nobody else says when the checkpoints were there: {advice}")


async def _check_place(vault: Vault, place: AnchorPlace) -> Check:
    try:
        age = await unanchored_for(vault, place) or timedelta()
    except AnchorUnavailable as error:
        return Check(Level.FAILURE, _PART, str(error))
    if age > vault.policy.anchor_age * _LATE:
        hours = age // timedelta(hours=1)
        return Check(
            Level.FAILURE, _PART, f"{place.name}: nothing of the last {hours} hours; does the service run?"
        )
    return Check(Level.OK, _PART, f"{place.name}: new enough")
