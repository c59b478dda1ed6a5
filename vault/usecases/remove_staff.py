"""Remove a person from the staff: their own key ends at once, their group gets a new one."""

from __future__ import annotations

from vault.domain.event import Action, AuditEvent
from vault.domain.names import StaffName
from vault.domain.staff import Owner, Role, StaffMember
from vault.errors import Conflict, NotFound
from vault.ports.database import Repositories
from vault.ports.vault import Vault
from vault.sealing import identities
from vault.usecases.end_grants import end_grants_of
from vault.usecases.end_session import end_sessions
from vault.usecases.rotate_keys import keep_rotation, prepare_rotation
from vault.usecases.unlock_staff import Custodian


async def remove_staff(vault: Vault, custodian: Custodian, name: StaffName) -> StaffMember:
    """Return the person as one who has left; what their group's old key opens is left to `renew_seals`.

    A DPO's alone. Raise `AccessDenied`, `NotFound`, `Closed` for who has left already, `Conflict` for the
    last DPO and for oneself, and when the group changed in the same moment.
    """
    custodian.must_be_dpo()
    async with vault.reading() as rows:
        member = await _removable(rows, custodian, name)
    rotation = None
    if member.group is not None:
        rotation = await prepare_rotation(vault, custodian, member.group, without=member.id)
    now = vault.clock.now()
    async with vault.unit_of_work() as work:
        gone = (await _removable(work, custodian, name)).remove(now)
        await work.staff.save(gone)
        own = await identities.current(vault, work, Owner.STAFF, gone.id)
        slots = await identities.retire(vault, work, own, now)
        slots += await end_sessions(vault, work, await work.staff_sessions.of(gone.id), now)
        facts = {"staff": gone.id, "role": gone.role}
        await work.log.append(
            AuditEvent(Action.STAFF_REMOVED, custodian.actor, facts=facts, detail={"staff": name})
        )
        slots += await end_grants_of(vault, work, gone.id, now, by=custodian.actor)
        if rotation is not None:
            _, replaced = await keep_rotation(vault, work, rotation, now, by=custodian.actor)
            slots += replaced
        await work.commit()
    await vault.slots.destroy(slots)
    return gone


async def leaver(vault: Vault, name: StaffName) -> StaffMember:
    """Return the person of that name as they are; raise `NotFound`."""
    async with vault.reading() as rows:
        return await find_member(rows, name)


async def find_member(rows: Repositories, name: StaffName) -> StaffMember:
    """Return the person of that name, who may have left; raise `NotFound`."""
    member = await rows.staff.get(name)
    if member is None:
        raise NotFound(f"nobody of the staff is called {name}")
    return member


async def _removable(rows: Repositories, custodian: Custodian, name: StaffName) -> StaffMember:
    member = await find_member(rows, name)
    member.must_be_here()
    dpos = [each for each in await rows.staff.all() if each.role is Role.DPO and each.removed_at is None]
    if member.role is Role.DPO and len(dpos) == 1:
        raise Conflict(f"{name} is the last DPO: add another one first")
    if all(each.id != custodian.member.id for each in dpos):
        raise Conflict("whoever asks for this was removed in the same moment")
    if member.id == custodian.member.id:
        raise Conflict("nobody removes themselves: another DPO does, who can finish what it takes")
    return member
