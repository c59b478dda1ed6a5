"""Names and reasons can be erased from beside the log: on record, by a DPO, and not to hide anything."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.scene import OPERATOR, Scene
from tests.harness.staff import custodian, dana
from vault.domain.event import Action
from vault.domain.staff import Role
from vault.errors import AccessDenied, Conflict, HoldInForce, Invalid, LogUnavailable, NotFound
from vault.usecases.erase_details import KEPT_AT_LEAST, erase_details
from vault.usecases.open_as_staff import open_as_staff
from vault.usecases.place_hold import place_hold
from vault.usecases.read_log import show_event
from vault.usecases.release_hold import release_hold
from vault.usecases.verify_log import verify_log

WHY = "request 7"


async def test_details_go_and_the_log_stays_whole(scene: Scene) -> None:
    """Row and salt are gone, each run is an entry with the reason, and verifying counts what was erased."""
    dpo = await dana(scene.vault, scene.founding.passphrase)
    scene.parts.clock.advance(KEPT_AT_LEAST)

    assert await erase_details(scene.vault, dpo, [4, 2, 3, 1, 3, 6], reason=WHY) == [1, 2, 3, 4, 6]

    entries = scene.parts.database.state.entries
    assert [(entries[index].salt, entries[index].detail) for index in (1, 4, 6)] == [(None, None)] * 3
    assert entries[5].detail is not None
    assert (await show_event(scene.vault, 2, by=OPERATOR)).detail is None
    verification = await verify_log(scene.vault)
    assert (verification.findings, verification.erased) == ([], 5)
    erased = await scene.log(Action.DETAILS_ERASED)
    assert [(each.entry.facts["first"], each.entry.facts["last"]) for each in erased] == [(1, 4), (6, 6)]
    assert erased[0].detail is not None
    assert (erased[0].detail["reason"], erased[0].detail["name"]) == (WHY, "dana")


async def test_a_row_put_back_is_found(scene: Scene) -> None:
    """What was erased on record and is there again, as from a backup, is named."""
    dpo = await dana(scene.vault, scene.founding.passphrase)
    before = scene.parts.database.state.entries[2]
    scene.parts.clock.advance(KEPT_AT_LEAST)
    await erase_details(scene.vault, dpo, [2], reason=WHY)
    scene.parts.database.state.entries[2] = before

    (finding,) = (await verify_log(scene.vault)).findings
    assert "erased its details, which are there" in finding


async def test_what_may_not_be_erased(scene: Scene) -> None:
    """Too young, one's own, erased already, the reason of an erasure, under a hold: these stay."""
    dpo = await dana(scene.vault, scene.founding.passphrase)
    sealed = await scene.upload(scene.acme.source, b"sound")
    await open_as_staff(scene.vault, dpo, sealed.recording, reason="complaint")
    own = len(await scene.log()) - 1
    with pytest.raises(Conflict, match="younger than 35 days"):
        await erase_details(scene.vault, dpo, [1], reason=WHY)
    scene.parts.clock.advance(KEPT_AT_LEAST)
    await erase_details(scene.vault, dpo, [1], reason=WHY)
    erasure = len(await scene.log()) - 1
    other = replace(dpo, actor=replace(dpo.actor, id="staff:other"))
    scene.parts.clock.advance(KEPT_AT_LEAST)
    await place_hold(scene.vault, dpo, [sealed.recording], case="H-1")

    refused = ((own, dpo, "another DPO"), (1, dpo, "no details any more"), (erasure, other, "that stays"))
    for index, who, words in refused:
        with pytest.raises(Conflict, match=words):
            await erase_details(scene.vault, who, [2, index], reason=WHY)
    with pytest.raises(HoldInForce):
        await erase_details(scene.vault, other, [2, own], reason=WHY)
    assert scene.parts.database.state.entries[2].detail is not None

    await release_hold(scene.vault, dpo, "H-1")
    assert await erase_details(scene.vault, other, [2, own], reason=WHY) == [2, own]


async def test_who_may_erase_and_how(scene: Scene) -> None:
    """A DPO alone, with a reason, entries that are there, and never without its own entry."""
    dpo = await dana(scene.vault, scene.founding.passphrase)
    tom = await custodian(scene.vault, dpo, "tom", Role.TECH_MANAGER)
    scene.parts.clock.advance(KEPT_AT_LEAST)

    with pytest.raises(AccessDenied):
        await erase_details(scene.vault, tom, [1], reason=WHY)
    for indexes, reason in (([1], " "), ([], WHY), (range(2000), WHY)):
        with pytest.raises(Invalid):
            await erase_details(scene.vault, dpo, indexes, reason=reason)
    with pytest.raises(NotFound):
        await erase_details(scene.vault, dpo, [1, 9999], reason=WHY)
    scene.parts.database.fail_commit_with(LogUnavailable("no disk"))
    with pytest.raises(LogUnavailable):
        await erase_details(scene.vault, dpo, [1], reason=WHY)
    assert scene.parts.database.state.entries[1].detail is not None
