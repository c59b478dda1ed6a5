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
from vault.ports.vault import Vault
from vault.sealing.terms import Termed, terms_fact

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
TELLING = frozenset({*_BEGINS, *_ENDS, Action.GRANT_USED, Action.CUSTOMER_CHANGED})
_ENDED, _TERMS = "ended", "terms"
_WORDS = {
    _ENDED: "whether it is still there",
    "customer": "whose it is",
    "vouched": "its tokens, and whose calls they bring",
    "role": "the role",
    "recording": "which recording it is about",
    "deletes": "whether collection destroys",
    "review_on": "when it is to be looked at again",
}
_TERMS_WORDS = {
    "customer": "its name, agreement or address",
    "source": "its name, zone or region",
    "staff": "the name",
    "link": "its token, to what it leads or until when",
    "hold": "its case, or when it was placed or is to be looked at again",
}


class PartyComparison:
    """Takes every entry of `TELLING` in order, then compares with the database."""

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
        elif entry.action == Action.CUSTOMER_CHANGED:
            self._change_customer(entry)

    async def finish(self, vault: Vault, rows: Repositories) -> list[str]:
        """Return every disagreement with the database."""
        findings = []
        async for kind, name, there in _rows(vault, rows):
            said = self._said.pop((kind, name), None)
            if said is None:
                findings.append(f"{kind} {name}: it is in the database, but no entry added it")
            elif differ := [key for key in said if said[key] != there[key]]:
                findings.append(f"{kind} {name}: {_difference(kind, differ)}")
        lost = [f"{kind} {name}: added by an entry, but not in the database" for kind, name in self._said]
        return findings + lost

    def _change(self, kind: str, entry: Entry, change: Mapping[str, Fact]) -> None:
        said = self._said.get((kind, str(entry.facts.get(kind))))
        if said is not None:
            said |= change

    def _change_customer(self, entry: Entry) -> None:
        said = self._said.get(("customer", str(entry.facts.get("customer"))), {})
        said.pop(_TERMS, None)  # what an entry does not say is not known any more
        said |= _terms(entry)
        if "delete_on_collection" in entry.facts:
            said["deletes"] = entry.facts["delete_on_collection"]


def _begun(kind: str, entry: Entry) -> _Facts:
    """Return what the entry that adds something says of it; older ones hold no terms."""
    facts, begun = entry.facts, {_ENDED: False, **_terms(entry)}
    match kind:
        case "customer":
            return {**begun, "deletes": facts.get("delete_on_collection", True)}
        case "source":
            return {**begun, "customer": facts.get("customer"), "vouched": True}
        case "link":
            return {**begun, "customer": facts.get("customer")}
        case "staff":
            return {**begun, "role": facts.get("role")}
        case "hold":
            return {**begun, "recording": entry.recording, "review_on": facts.get("review_on")}
    return {**begun, "recording": entry.recording}


def _terms(entry: Entry) -> _Facts:
    return {_TERMS: entry.facts[_TERMS]} if _TERMS in entry.facts else {}


async def _rows(vault: Vault, rows: Repositories) -> AsyncIterator[tuple[str, str, _Facts]]:
    """Yield what the database has, in the same terms."""

    def _there(ended: object, termed: Termed, **more: Fact) -> _Facts:
        return {_ENDED: ended is not None, **terms_fact(vault.keys, termed), **more}

    for customer in await rows.customers.all():
        deletes = customer.delete_on_collection
        yield "customer", customer.id, _there(customer.closed_at, customer, deletes=deletes)
    for source in await rows.sources.all():
        vouched = vault.keys.vouched(source.statement, source.vouched)
        there = _there(source.revoked_at, source, customer=source.customer, vouched=vouched)
        yield "source", source.id, there
    for person in await rows.staff.all():
        yield "staff", person.id, _there(person.removed_at, person, role=person.role.value)
    for link in await rows.links.all():
        yield "link", link.id, _there(link.revoked_at, link, customer=link.customer)
    for hold in await rows.holds.all():
        review_on = hold.review_on.isoformat() if hold.review_on else None
        there = _there(hold.released_at, hold, recording=hold.recording, review_on=review_on)
        yield "hold", hold.id, there
    for grant in await rows.grants.list(GrantFilter()):
        yield "grant", grant.id, {_ENDED: grant.ended, "recording": grant.recording}


def _difference(kind: str, differ: list[str]) -> str:
    """Say in which way they differ; terms alone where nothing plainer is said."""
    plain = [_WORDS[name] for name in differ if name in _WORDS]
    words = plain or [_TERMS_WORDS[kind]]
    return f"the log and the database disagree on {' and '.join(words)}"
