"""Where blobs and the root key lie: an exception is on record, once per change."""

from __future__ import annotations

from tests.fakes.scene import Scene
from vault.domain.event import Action
from vault.ports.log import EventFilter
from vault.ports.vault import Vault
from vault.usecases.examine_places import examine_places
from vault.usecases.recorded_events import LoggedEvent, events_of


async def excepted(vault: Vault) -> list[LoggedEvent]:
    """Return what the log says of exceptions, newest first."""
    async with vault.reading() as rows:
        return list(await events_of(rows, EventFilter(action=Action.RESIDENCY_EXCEPTED)))


async def start(vault: Vault, *regions: str, reason: str | None, key: str | None = "us-east-1") -> None:
    """Do as the service does when it starts."""
    await examine_places(vault, regions=regions, exception=reason, root_key_region=key)


async def test_an_exception_is_logged_once_per_change(scene: Scene) -> None:
    """Every start says the same once; another reason or another list of regions is said anew."""
    vault = scene.vault
    for _ in range(3):
        await start(vault, "eu-west-2", reason="moved until June")
    assert len(await excepted(vault)) == 1
    await start(vault, "eu-west-2", reason="moved until July")
    await start(vault, "eu-west-2", "eu-west-1", reason="moved until July")
    newest, *_ = found = await excepted(vault)
    assert len(found) == 3
    assert newest.entry.facts == {"allowed": "eu-west-1, eu-west-2", "root_key": "us-east-1"}
    assert newest.detail is not None
    assert newest.detail["reason"] == "moved until July"


async def test_what_lies_where_it_may_is_no_exception(scene: Scene) -> None:
    """A reason alone, an allowed region or a place without one leave no entry."""
    vault = scene.vault
    await start(vault, reason="why")
    await start(vault, "us-east-1", reason="why")
    await start(vault, "eu-west-2", reason="why", key=None)
    await start(vault, "eu-west-2", reason=None)
    assert await excepted(vault) == []
