"""`audit verify`: customers, sources, staff, links and holds held against the log."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest

from tests.fakes.scene import DPO, OPERATOR, Scene, founded
from tests.fakes.state import State
from tests.harness.staff import custodian, dana
from vault.domain.grant import GrantState
from vault.domain.names import StaffId, StaffName
from vault.domain.staff import Role
from vault.usecases.change_customer import change_customer, close_customer
from vault.usecases.create_link import create_link, revoke_link
from vault.usecases.issue_grant import issue_grant
from vault.usecases.place_hold import place_hold
from vault.usecases.release_hold import release_hold
from vault.usecases.revoke_grant import revoke_grant
from vault.usecases.use_grant import use_grant
from vault.usecases.verify_log import verify_log


@pytest.fixture
def busy() -> Scene:
    """Return a vault of this test's own in which much has happened."""
    return _busy().copy()


@cache
def _busy() -> Scene:
    scene = founded().copy()
    asyncio.run(_fill(scene))
    return scene


async def _fill(scene: Scene) -> None:
    """Place a hold, issue, use and revoke grants, and revoke a link."""
    held = await scene.upload(scene.acme.source, b"held")
    dpo = await dana(scene.vault, scene.founding.passphrase)
    await place_hold(scene.vault, dpo, [held.recording], case="H-1")
    mia = await custodian(scene.vault, dpo, "mia", Role.MANAGER)
    _, password = await issue_grant(scene.vault, dpo, held.recording, mia.member.name, reason="x")
    await use_grant(scene.vault, mia, held.recording, password=password, reason="x")
    await revoke_grant(
        scene.vault,
        (await issue_grant(scene.vault, dpo, held.recording, mia.member.name, reason="x"))[0].id,
        by=OPERATOR,
    )
    await issue_grant(scene.vault, dpo, held.recording, mia.member.name, reason="x")
    link, _ = await create_link(scene.vault, scene.acme.customer.name, by=OPERATOR)
    await revoke_link(scene.vault, link.id, by=OPERATOR)


async def test_what_happens_to_parties_agrees(busy: Scene) -> None:
    """Holds that come and go, a changed regime, a closed customer contradict nothing."""
    await release_hold(busy.vault, await dana(busy.vault, busy.founding.passphrase), "H-1")
    name = busy.acme.customer.name
    await change_customer(busy.vault, name, by=OPERATOR, delete_on_collection=False, instructed_by="J. Smith")
    await close_customer(busy.vault, name, by=OPERATOR)

    assert (await verify_log(busy.vault)).findings == []


def lose_customer(state: State) -> None:
    """Let a customer vanish."""
    del state.customers[next(iter(state.customers))]


def change_regime(state: State) -> None:
    """Keep what a customer collects, which it did not instruct."""
    name = next(iter(state.customers))
    state.customers[name] = replace(state.customers[name], delete_on_collection=False)


def promote(state: State) -> None:
    """Give a person another role."""
    state.staff[DPO] = replace(state.staff[DPO], role=Role.MANAGER)


def slip_in_person(state: State) -> None:
    """Add somebody whom no DPO added."""
    state.staff[StaffName("eve")] = replace(state.staff[DPO], id=StaffId("eve"), name=StaffName("eve"))


def stop_source(state: State) -> None:
    """Revoke a source without an entry."""
    name = next(iter(state.sources))
    state.sources[name] = replace(state.sources[name], revoked_at=state.sources[name].added_at)


def move_source(state: State) -> None:
    """Make a source bring the company's own calls."""
    name = next(name for name, each in state.sources.items() if each.customer)
    state.sources[name] = replace(state.sources[name], customer=None)


def lift_hold(state: State) -> None:
    """Release a hold behind the vault's back."""
    name = next(iter(state.holds))
    state.holds[name] = replace(state.holds[name], released_at=state.holds[name].placed_at)


def lose_hold(state: State) -> None:
    """Let a hold vanish."""
    state.holds.clear()


def lose_grant(state: State) -> None:
    """Let a grant vanish, so that nobody sees that there was one."""
    del state.grants[next(iter(state.grants))]


def revive_grant(state: State) -> None:
    """Let a grant that was used up open again."""
    used = next(each for each in state.grants.values() if each.state is GrantState.USED)
    state.grants[used.id] = replace(used, state=GrantState.LIVE)


def revive_link(state: State) -> None:
    """Let a revoked link lead somewhere again."""
    name = next(iter(state.links))
    state.links[name] = replace(state.links[name], revoked_at=None)


@pytest.mark.parametrize(
    ("forge", "finding"),
    [
        (lose_customer, "added by an entry, but not in the database"),
        (change_regime, "disagree on whether collection destroys"),
        (promote, "disagree on the role"),
        (slip_in_person, "staff eve: it is in the database, but no entry added it"),
        (stop_source, "disagree on whether it is still there"),
        (move_source, "disagree on whose it is"),
        (lift_hold, "disagree on whether it is still there"),
        (lose_hold, "added by an entry, but not in the database"),
        (lose_grant, "added by an entry, but not in the database"),
        (revive_grant, "disagree on whether it is still there"),
        (revive_link, "disagree on whether it is still there"),
    ],
)
async def test_disagreements_are_found(busy: Scene, forge: Callable[[State], None], finding: str) -> None:
    """Whatever a writer to the database changes beside the log is named, and nothing else is."""
    forge(busy.parts.database.state)

    found = (await verify_log(busy.vault)).findings

    assert len(found) == 1, found
    assert finding in found[0]
