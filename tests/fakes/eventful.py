"""A scene in which everything has happened that the vault knows of; made once and copied for every test."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache

from tests.fakes.scene import OPERATOR, Scene, digest
from tests.fakes.staffed import REASON, Staffed, staffed
from tests.harness.staff import add_person, dana
from vault.domain.call import CallDetails
from vault.domain.names import CustomerName, RecordingId, SourceName, StaffName
from vault.domain.staff import Group, Role
from vault.usecases.add_customer import add_customer
from vault.usecases.add_source import issue_tokens, revoke_source
from vault.usecases.approve_opening import approve_opening
from vault.usecases.change_customer import change_customer, close_customer
from vault.usecases.confirm_receipt import confirm_receipt
from vault.usecases.create_link import create_link, revoke_link
from vault.usecases.erase_details import KEPT_AT_LEAST, erase_details
from vault.usecases.open_as_staff import open_as_staff
from vault.usecases.place_hold import place_hold
from vault.usecases.recover_staff import another_dpo, recover_staff
from vault.usecases.release_hold import release_hold
from vault.usecases.remove_staff import remove_staff
from vault.usecases.renew_seals import renew_seals
from vault.usecases.request_opening import request_opening
from vault.usecases.revoke_grant import revoke_grant
from vault.usecases.rotate_customer import rotate_customer
from vault.usecases.rotate_keys import rotate_keys
from vault.usecases.shred_by_instruction import shred_by_instruction

_CALL = CallDetails(
    file_name="call.wav",
    call_id="20261122-17",
    calling=("+44 20 7946 0000",),
    called="101",
    started_at=datetime(2026, 11, 20, 9, 30, tzinfo=UTC),
)


@dataclass(frozen=True, slots=True)
class Eventful:
    """The scene, with a recording that waits, one that a hold keeps, and one that is shredded."""

    scene: Scene
    waiting: RecordingId
    kept: RecordingId
    ended: RecordingId

    def copy(self) -> Eventful:
        """Return the same over a copy of its vault."""
        return replace(self, scene=self.scene.copy())


@cache
def eventful() -> Eventful:
    """Return the one scene that all are copied from; not to be changed, nor called from within a loop."""
    office = staffed()
    return asyncio.run(_eventful(office.over(office.scene.copy())))


async def _eventful(office: Staffed) -> Eventful:
    made = await _calls(office)
    await _customers(office)
    await _grants(office)
    await _four_eyes(office)
    await _people(office)
    await _erasure(office)
    return made


async def _calls(office: Staffed) -> Eventful:
    """Upload, collect, hold, release and destroy; one day has two calls."""
    scene = office.scene
    vault, pbx = scene.vault, scene.acme.source
    visitor = await scene.visitor(scene.acme)
    waiting = await scene.upload(pbx, b"waiting", _CALL)
    await scene.upload(pbx, b"without details")
    ended = await scene.upload(pbx, b"ended", replace(_CALL, call_id="18"))
    kept = await scene.upload(pbx, b"kept", replace(_CALL, call_id="19"))
    freed = await scene.upload(pbx, b"freed", replace(_CALL, call_id="20"))
    await place_hold(vault, office.dana, [kept.recording], case="H-1", review_on=date(2027, 5, 1))
    await place_hold(vault, office.dana, [freed.recording], case="H-2")
    for receipt in (ended, kept, freed):
        await confirm_receipt(vault, visitor, receipt.recording, receipt.sha256)
    await release_hold(vault, office.dana, "H-2")
    instructed = await scene.upload(pbx, b"instructed")
    await shred_by_instruction(vault, office.dana, instructed.recording, reason=REASON, instructed_by="them")
    return Eventful(scene, waiting.recording, kept.recording, ended.recording)


async def _customers(office: Staffed) -> None:
    """Change, close and rotate customers, revoke a source and links; a regime keeps what was collected."""
    scene = office.scene
    vault, zenith = scene.vault, scene.zenith.customer.name
    await change_customer(vault, zenith, by=OPERATOR, delete_on_collection=False, instructed_by="them")
    regulated = await scene.upload(scene.zenith.source, b"regulated", _CALL)
    visitor = await scene.visitor(scene.zenith)
    await confirm_receipt(vault, visitor, regulated.recording, digest(b"regulated"))
    await change_customer(vault, zenith, by=OPERATOR, title="Zenith Ltd", agreement="contract 2")
    link, _ = await create_link(vault, scene.acme.customer.name, by=OPERATOR)
    await revoke_link(vault, link.id, by=OPERATOR)
    await create_link(vault, zenith, by=OPERATOR, recordings=[regulated.recording])
    await add_customer(vault, CustomerName("gone"), agreement="old", by=OPERATOR)
    await close_customer(vault, CustomerName("gone"), by=OPERATOR)
    await issue_tokens(vault, SourceName(scene.zenith.source.name), by=OPERATOR)
    await revoke_source(vault, SourceName(scene.zenith.source.name), by=OPERATOR)
    await rotate_customer(vault, office.dana, zenith)


async def _grants(office: Staffed) -> None:
    """Use up a grant, revoke one, and leave one half used."""
    _, once = await office.grant()
    await office.use(once)
    revoked, _ = await office.grant()
    await revoke_grant(office.scene.vault, revoked.id, by=OPERATOR)
    _, twice = await office.grant(uses=2)
    await office.use(twice)
    await office.grant(office.own, office.max)


async def _four_eyes(office: Staffed) -> None:
    """Have an opening approved and used, another approved alone, and a third only asked for."""
    vault = office.scene.vault
    strict = replace(vault, policy=replace(vault.policy, approve_openings=True))
    requests = [
        await request_opening(strict, office.dana, office.own, reason=REASON, export=export)
        for export in (False, True, False)
    ]
    for request in requests[:2]:
        await approve_opening(strict, office.dora, request.id)
    await open_as_staff(strict, office.dana, office.own, reason=REASON)


async def _people(office: Staffed) -> None:
    """Somebody leaves, another is recovered, a third has an identity of yesterday; keys are renewed."""
    vault, passphrase = office.scene.vault, office.scene.founding.passphrase
    await remove_staff(vault, office.dana, StaffName("max"))
    await recover_staff(vault, another_dpo(office.dana), StaffName("tom"))
    await add_person(vault, office.dana, "nora", Role.TECH_MANAGER)
    await rotate_keys(vault, office.dana, Group.TECH_MANAGERS)
    await renew_seals(vault, await dana(vault, passphrase))
    await rotate_keys(vault, await dana(vault, passphrase), Group.DPO_OFFICE)  # its renewal is under way


async def _erasure(office: Staffed) -> None:
    """Erase what the log says of names, a month later."""
    office.scene.parts.clock.advance(KEPT_AT_LEAST + timedelta(days=1))
    log = await office.scene.log()
    names = [each.entry.index for each in log if each.entry.actor == OPERATOR.id][:3]
    await erase_details(office.scene.vault, office.dora, names, reason=REASON)
