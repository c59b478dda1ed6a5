"""List upload sources, or show one; both are on the log before they return."""

from __future__ import annotations

from collections.abc import Sequence

from vault.domain.event import Action, Actor
from vault.domain.names import SourceName
from vault.domain.source import Source
from vault.ports.vault import Vault
from vault.usecases.find_party import find_source
from vault.usecases.record_reading import record_reading


async def list_sources(vault: Vault, *, by: Actor) -> Sequence[Source]:
    """Return every source, by name."""
    async with vault.reading() as rows:
        sources = await rows.sources.all()
    await record_reading(vault, Action.SOURCE_LISTED, by, count=len(sources))
    return sources


async def show_source(vault: Vault, name: SourceName, *, by: Actor) -> Source:
    """Return one source; raise `NotFound`."""
    async with vault.reading() as rows:
        source = await find_source(rows, name)
    await record_reading(vault, Action.SOURCE_LISTED, by, count=1, customer=source.customer, source=source.id)
    return source
