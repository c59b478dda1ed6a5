"""Add an upload source, renew its tokens, revoke it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from keys.passwords import issue_token
from keys.secret import Secret
from vault.domain.event import Action, Actor, AuditEvent
from vault.domain.names import CustomerName, SourceId, SourceName, new_id, token_id
from vault.domain.phone import parse_region
from vault.domain.source import Source
from vault.errors import Closed, Invalid, LogCorrupt
from vault.ports.vault import Vault
from vault.sealing.terms import terms_fact
from vault.usecases.find_party import find_customer, find_source

_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class SourceTokens:
    """A source's tokens, shown once: for the Authorization header, and for the path of a hook's URL."""

    bearer: Secret
    hook: Secret


async def add_source(
    vault: Vault, name: SourceName, *, customer: CustomerName | None, zone: str, region: str, by: Actor
) -> tuple[Source, SourceTokens]:
    """Return the source and its tokens. `customer=None` is for the company's own calls.

    Raise `NameTaken`, `NotFound` for the customer, `Closed`, or `Invalid` for an unknown zone or region.
    """
    tokens = SourceTokens(issue_token(_TOKEN_BYTES), issue_token(_TOKEN_BYTES))
    now = vault.clock.now()
    async with vault.unit_of_work() as work:
        owner = await find_customer(work, customer) if customer is not None else None
        if owner is not None:
            owner.must_be_open()
        source = Source(
            id=SourceId(new_id()),
            name=name,
            customer=owner.id if owner else None,
            zone=_zone(zone),
            region=parse_region(region),
            token_id=token_id(tokens.bearer.reveal().decode()),
            hook_token_id=token_id(tokens.hook.reveal().decode()),
            added_at=now,
        )
        source = _vouched(vault, source)
        await work.sources.add(source)
        await work.log.append(
            AuditEvent(
                Action.SOURCE_ADDED,
                by,
                facts={**facts_of(source), **terms_fact(vault.keys, source)},
                detail={"source": name},
            )
        )
        await work.commit()
    return source, tokens


async def issue_tokens(vault: Vault, name: SourceName, *, by: Actor) -> SourceTokens:
    """Return new tokens of both kinds; the old ones are refused from now on."""
    tokens = SourceTokens(issue_token(_TOKEN_BYTES), issue_token(_TOKEN_BYTES))
    async with vault.unit_of_work() as work:
        source = must_be_vouched(vault, await find_source(work, name))
        if source.revoked_at is not None:
            raise Closed(f"the source {name} was revoked")
        renewed = replace(
            source,
            token_id=token_id(tokens.bearer.reveal().decode()),
            hook_token_id=token_id(tokens.hook.reveal().decode()),
        )
        await work.sources.save(_vouched(vault, renewed))
        await work.log.append(AuditEvent(Action.TOKEN_ISSUED, by, facts=facts_of(source)))
        await work.commit()
    return tokens


async def revoke_source(vault: Vault, name: SourceName, *, by: Actor) -> Source:
    """Return the source revoked: its tokens are refused from now on."""
    async with vault.unit_of_work() as work:
        source = must_be_vouched(vault, await find_source(work, name)).revoke(vault.clock.now())
        await work.sources.save(_vouched(vault, source))
        await work.log.append(AuditEvent(Action.SOURCE_REVOKED, by, facts=facts_of(source)))
        await work.commit()
    return source


def must_be_vouched(vault: Vault, source: Source) -> Source:
    """Return the source; raise `LogCorrupt` for a row that somebody else wrote or changed."""
    if not vault.keys.vouched(source.statement, source.vouched):
        raise LogCorrupt(f"the source {source.name} in the database is not as this vault vouched for it")
    return source


def facts_of(source: Source) -> dict[str, str | int | bool]:
    """Return what the log says of a source: its id and whose calls it brings."""
    return {"source": source.id, **({"customer": source.customer} if source.customer else {"own": True})}


def _vouched(vault: Vault, source: Source) -> Source:
    return replace(source, vouched=vault.keys.vouch(source.statement))


def _zone(zone: str) -> str:
    try:
        return ZoneInfo(zone).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Invalid("the zone is not in the IANA time zone database; an example is Europe/London") from None
