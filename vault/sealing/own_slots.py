"""Slots that are a row's own: what lies under each proves it, before the slot is destroyed.

A writer to the database can point a row to any slot, a living recording's too. But nobody without the slots
seals anything under one, so a row whose ciphertext does not open under its slot has no say over it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from keys.errors import SlotMismatch, SlotsUnavailable
from keys.secret import Secret
from keys.slots.sealing import open_under
from vault.domain.access import Session
from vault.domain.grant import Grant
from vault.domain.recording import Recording
from vault.domain.staff import LockedIdentity
from vault.domain.staff_session import StaffSession
from vault.ports.vault import Vault


@dataclass(frozen=True, slots=True)
class Claim:
    """What a row says lies under a slot: `sealed`, bound to `binding`. None is said of what has gone."""

    slot: int
    sealed: bytes | None
    binding: bytes


def of_recording(recording: Recording, header: bytes | None) -> Claim:
    """Return what a recording's row and its header claim."""
    return Claim(recording.slot, header, recording.binding)


def of_grant(grant: Grant, recording: Recording) -> Claim:
    """Return what a grant's row claims."""
    return Claim(grant.slot, grant.sealed, grant.binding(recording))


def of_session(session: Session | StaffSession) -> Claim:
    """Return what a session's row claims."""
    return Claim(session.slot, session.sealed, session.binding)


def of_identities(*locked: LockedIdentity) -> list[Claim]:
    """Return what the rows of identities claim that have a slot."""
    return [Claim(each.slot, each.sealed, each.binding) for each in locked if each.slot is not None]


async def own_slots(vault: Vault, claims: Iterable[Claim]) -> list[int]:
    """Return the slots that are destroyed already, or hold what is claimed; the others are not touched.

    Waits for the slots and nothing else, so that a unit of work may ask. Raise `SlotsUnavailable`.
    """
    said = [each for each in claims if each.slot >= 0]
    if not said:
        return []
    try:
        living = await vault.slots.read_many(each.slot for each in said)
    except SlotsUnavailable:  # a row may name one that was never made; then only what lives is told from it
        living = await living_slots(vault, [each.slot for each in said])
        said = [each for each in said if each.slot in living]
    return [each.slot for each in said if each.slot not in living or lies_there(living[each.slot], each)]


async def living_slots(vault: Vault, numbers: Iterable[int]) -> Mapping[int, Secret]:
    """Return the living ones among numbers that rows name, which may be any; raise `SlotsUnavailable`."""
    return await vault.slots.read_many(await vault.slots.survivors(numbers))


def lies_there(slot: Secret, claim: Claim) -> bool:
    """Say whether the slot holds what is claimed."""
    try:
        open_under(slot, claim.sealed or b"", bound_to=claim.binding)
    except SlotMismatch:
        return False
    return True
