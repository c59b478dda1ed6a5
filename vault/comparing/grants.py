"""Grants and requests for four eyes held against their entries, and living grants against their slots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from vault.audit.canonical import Fact
from vault.audit.entry import Entry
from vault.domain.event import Action, Outcome
from vault.domain.grant import Grant
from vault.domain.opening_request import OpeningRequest
from vault.ports.database import Repositories
from vault.ports.grants import GrantFilter
from vault.ports.repositories import RecordingFilter
from vault.ports.vault import Vault
from vault.sealing.own_slots import lies_there, living_slots, of_grant

_GRANTS = frozenset({Action.GRANT_ISSUED, Action.GRANT_APPROVED, Action.GRANT_USED})
TELLING = _GRANTS
TELLING_FACT = "request"
"""Entries with this fact tell of a request, whatever their action: openings, of which most have none, too."""
_BATCH = 500


@dataclass(frozen=True, slots=True)
class _Said:
    """What entries say of a grant or a request: its terms, who approved it, how often it was used."""

    terms: tuple[Fact, ...]
    approved_by: str | None = None
    used: int = 0


class GrantComparison:
    """Takes every entry of `TELLING`, or with `TELLING_FACT`, in order, then compares with the database."""

    def __init__(self) -> None:
        self._grants: dict[str, _Said] = {}
        self._requests: dict[str, _Said] = {}

    def take(self, entry: Entry) -> None:
        """Note what an entry says of a grant, or of a request."""
        if entry.outcome != Outcome.DONE:
            return
        if entry.action in _GRANTS:
            self._take(self._grants, entry, str(entry.facts.get("grant")), _grant_terms(entry))
        elif TELLING_FACT in entry.facts:
            terms = (entry.recording, entry.facts.get("for"), entry.actor)
            self._take(self._requests, entry, str(entry.facts[TELLING_FACT]), terms)

    async def finish(self, vault: Vault, rows: Repositories) -> list[str]:
        """Return every disagreement. That a grant lacks, or has ended, is for the comparison of parties."""
        findings = []
        for grant in await rows.grants.list(GrantFilter()):
            said = self._grants.get(grant.id)
            if said is not None and said != _of_grant(grant):
                findings.append(
                    f"grant {grant.id}: for whom, by whom, until when or how often differs from its entries"
                )
        for request in await rows.opening_requests.all():
            findings += _compare_request(vault, request, self._requests.pop(request.id, None))
        findings += [f"request {name}: on the log, but not in the database" for name in self._requests]
        return findings + await _moved(vault, rows)

    def _take(self, known: dict[str, _Said], entry: Entry, name: str, terms: tuple[Fact, ...]) -> None:
        if entry.action in {Action.GRANT_ISSUED, Action.OPENING_REQUESTED}:
            known[name] = _Said(terms)
        elif name not in known:
            return
        elif entry.action in {Action.GRANT_APPROVED, Action.OPENING_APPROVED}:
            known[name] = replace(known[name], approved_by=entry.actor)
        else:
            known[name] = replace(known[name], used=known[name].used + 1)


def _grant_terms(entry: Entry) -> tuple[Fact, ...]:
    facts = entry.facts
    return (facts.get("manager"), facts.get("uses"), facts.get("expires_at"), entry.actor)


def _of_grant(grant: Grant) -> _Said:
    """Return a grant's row in the words of its entries, of which the time has no fractions."""
    until = grant.expires_at.isoformat(timespec="seconds")
    terms = (grant.manager, grant.uses, until, f"staff:{grant.issued_by}")
    return _Said(terms, _actor(grant.approved_by), grant.used)


def _compare_request(vault: Vault, request: OpeningRequest, said: _Said | None) -> list[str]:
    if said is None:
        return [f"request {request.id}: it is in the database, but no entry tells of it"]
    terms = (request.recording, request.action.value, f"staff:{request.requested_by}")
    if said.terms != terms:
        return [f"request {request.id}: what is asked for, or by whom, differs from its entry"]
    vouched = request.vouched is not None and vault.keys.vouched(request.statement, request.vouched)
    if said.approved_by != _actor(request.approved_by) or vouched != (said.approved_by is not None):
        return [f"request {request.id}: the log and the database disagree on who approved it"]
    if said.used > 1:
        return [f"request {request.id}: it was approved once, and used {said.used} times"]
    if said.used != int(request.used_at is not None):
        return [f"request {request.id}: the log and the database disagree on whether it was used"]
    return []


def _actor(staff: str | None) -> str | None:
    return None if staff is None else f"staff:{staff}"


async def _moved(vault: Vault, rows: Repositories) -> list[str]:
    """Return the grants that have not ended, and do not lie under their slots as their rows have them."""
    unended = await rows.grants.list(GrantFilter(unended=True))
    findings: list[str] = []
    for start in range(0, len(unended), _BATCH):
        findings += await _moved_in(vault, rows, unended[start : start + _BATCH])
    return findings


async def _moved_in(vault: Vault, rows: Repositories, grants: Sequence[Grant]) -> list[str]:
    ids = tuple({grant.recording for grant in grants})
    found = {each.id: each for each in await rows.recordings.list(RecordingFilter(ids=ids), limit=len(ids))}
    living = await living_slots(vault, [grant.slot for grant in grants])
    return [
        f"grant {grant.id}: its row is not the one that was sealed under its slot"
        for grant in grants
        if grant.recording in found
        and grant.slot in living
        and not lies_there(living[grant.slot], of_grant(grant, found[grant.recording]))
    ]
