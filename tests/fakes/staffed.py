"""A scene with people of every role, and a recording of each kind; made once and copied for every test."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from typing import Self

from keys.secret import Secret
from tests.fakes.scene import Scene, founded, read_all
from tests.harness.staff import custodian, dana
from vault.domain.event import Action
from vault.domain.grant import Grant
from vault.domain.names import RecordingId, StaffName
from vault.domain.staff import Role
from vault.usecases.issue_grant import issue_grant
from vault.usecases.unlock_staff import Custodian
from vault.usecases.use_grant import use_grant

SOUND = bytes(range(256)) * 300
REASON = "complaint 12"


@dataclass(frozen=True, slots=True)
class Staffed:
    """The scene, everybody unlocked, and what is there to open: acme's and the company's own."""

    scene: Scene
    dana: Custodian
    dora: Custodian
    tom: Custodian
    mia: Custodian
    max: Custodian
    theirs: RecordingId
    own: RecordingId

    def over(self, scene: Scene) -> Self:
        """Return the same people over another scene."""
        return replace(self, scene=scene)

    def under_four_eyes(self) -> Self:
        """Return an office of its own, whose policy asks for four eyes on everything."""
        parts = self.scene.parts.copy()
        policy = replace(parts.policy, approve_grants=True, approve_openings=True)
        return self.over(self.scene.over(parts.but(policy=policy)))

    async def grant(
        self,
        recording: RecordingId | None = None,
        to: Custodian | None = None,
        *,
        uses: int = 1,
        lifetime: timedelta | None = None,
    ) -> tuple[Grant, Secret]:
        """Issue a grant, of acme's recording to Mia unless told otherwise."""
        name = StaffName((to or self.mia).member.name)
        return await issue_grant(
            self.scene.vault,
            self.dana,
            recording or self.theirs,
            name,
            reason=REASON,
            uses=uses,
            lifetime=lifetime,
        )

    async def use(
        self, password: Secret, recording: RecordingId | None = None, by: Custodian | None = None
    ) -> bytes:
        """Use a grant, as Mia and of acme's recording unless told otherwise; return the plaintext."""
        opened = await use_grant(
            self.scene.vault, by or self.mia, recording or self.theirs, password=password, reason=REASON
        )
        return await read_all(opened)


@cache
def staffed() -> Staffed:
    """Return the one office that all are copied from; not to be changed, nor called from within a loop."""
    return asyncio.run(_staffed(founded().copy()))


async def _staffed(scene: Scene) -> Staffed:
    dpo = await dana(scene.vault, scene.founding.passphrase)
    dora = await custodian(scene.vault, dpo, "dora", Role.DPO)
    tom = await custodian(scene.vault, dpo, "tom", Role.TECH_MANAGER)
    mia = await custodian(scene.vault, dpo, "mia", Role.MANAGER)
    max_ = await custodian(scene.vault, dpo, "max", Role.MANAGER)
    theirs = (await scene.upload(scene.acme.source, SOUND)).recording
    own = (await scene.upload(scene.own, SOUND)).recording
    return Staffed(scene, dpo, dora, tom, mia, max_, theirs, own)


def living_grants(office: Staffed) -> list[int]:
    """Return the slots of grants that any mirror still has."""
    parts = office.scene.parts
    claimed = parts.database.state.slots_claimed
    return [slot for slot, (purpose, _) in claimed.items() if purpose == "grant" and parts.slots.alive(slot)]


async def why_refused(office: Staffed) -> list[object]:
    """Return why openings were refused, as the log has it, the oldest first."""
    return [each.entry.facts["why"] for each in await office.scene.log(Action.RECORDING_REFUSED)]
