"""Customers, sources, staff, links, holds and grants held against what the log says of them.

Memory: a few hundred bytes for each of them. Recordings, of which there are most, are compared otherwise.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from vault.audit.canonical import Fact
from vault.audit.entry import Entry
from vault.domain.event import Action, Outcome
from vault.ports.database import Repositories
from vault.ports.grants import GrantFilter

_Facts = dict[str, Fact]

_BEGINS = {
    Action.CUSTOMER_ADDED: "customer",
    Action.SOURCE_ADDED: "source",
    Action.STAFF_ADDED: "staff",
    Action.LINK_CREATED: "link",
    Action.HOLD_PLACED: "hold",
    Action.GRANT_ISSUED: "grant",
}
_ENDS = {
    Action.CUSTOMER_CLOSED: "customer",
    Action.SOURCE_REVOKED: "source",
    Action.STAFF_REMOVED: "staff",
    Action.LINK_REVOKED: "link",
    Action.HOLD_RELEASED: "hold",
    Action.GRANT_REVOKED: "grant",
    Action.GRANT_EXPIRED: "grant",
}
_ENDED = "ended"


class PartyComparison:
    """Takes every entry in order, then compares with the database."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, str], _Facts] = {}

    def take(self, entry: Entry) -> None:
        """Note what an entry says that somebody or something is, or is no more."""
        if entry.outcome != Outcome.DONE:
            return
        if kind := _BEGINS.get(Action(entry.action)) if entry.action in _BEGINS else None:
            self._said[kind, str(entry.facts.get(kind))] = _begun(kind, entry)
        elif kind := _ENDS.get(Action(entry.action)) if entry.action in _ENDS else None:
            self._change(kind, entry, {_ENDED: True})
        elif entry.action == Action.GRANT_USED and entry.facts.get("use") == entry.facts.get("uses"):
            self._change("grant", entry, {_ENDED: True})
        elif entry.action == Action.CUSTOMER_CHANGED and "delete_on_collection" in entry.facts:
            self._change("customer", entry, {"deletes": entry.facts["delete_on_collection"]})

    async def finish(self, rows: Repositories) -> list[str]:
        """Return every disagreement with the database."""
        findings = []
        async for kind, name, there in _rows(rows):
            said = self._said.pop((kind, name), None)
            if said is None:
                findings.append(f"{kind} {name}: it is in the database, but no entry added it")
            elif said != there:
                findings.append(f"{kind} {name}: {_difference(said, there)}")
        lost = [f"{kind} {name}: added by an entry, but not in the database" for kind, name in self._said]
        return findings + lost

    def _change(self, kind: str, entry: Entry, change: Mapping[str, Fact]) -> None:
        said = self._said.get((kind, str(entry.facts.get(kind))))
        if said is not None:
            said |= change


def _begun(kind: str, entry: Entry) -> _Facts:
    """Return what the entry that adds something says of it."""
    facts = entry.facts
    match kind:
        case "customer":
            return {_ENDED: False, "deletes": facts.get("delete_on_collection", True)}
        case "source" | "link":
            return {_ENDED: False, "customer": facts.get("customer")}
        case "staff":
            return {_ENDED: False, "role": facts.get("role")}
    return {_ENDED: False, "recording": entry.recording}


async def _rows(rows: Repositories) -> AsyncIterator[tuple[str, str, _Facts]]:
    """Yield what the database has, in the same terms."""
    for customer in await rows.customers.all():
        there: _Facts = {_ENDED: customer.closed_at is not None, "deletes": customer.delete_on_collection}
        yield "customer", customer.id, there
    for source in await rows.sources.all():
        yield "source", source.id, {_ENDED: source.revoked_at is not None, "customer": source.customer}
    for person in await rows.staff.all():
        yield "staff", person.id, {_ENDED: person.removed_at is not None, "role": person.role.value}
    for link in await rows.links.all():
        yield "link", link.id, {_ENDED: link.revoked_at is not None, "customer": link.customer}
    for hold in await rows.holds.all():
        yield "hold", hold.id, {_ENDED: not hold.in_force, "recording": hold.recording}
    for grant in await rows.grants.list(GrantFilter()):
        yield "grant", grant.id, {_ENDED: grant.ended, "recording": grant.recording}


def _difference(said: _Facts, there: _Facts) -> str:
    """Say in which way they differ."""
    words = {
        _ENDED: "whether it is still there",
        "customer": "whose it is",
        "role": "the role",
        "recording": "which recording it is about",
        "deletes": "whether collection destroys",
    }
    differ = " and ".join(words[name] for name in said if said[name] != there[name])
    return f"the log and the database disagree on {differ}"
