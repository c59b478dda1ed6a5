"""Create and revoke links: the address at which a customer collects."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from keys.passwords import issue_token
from keys.secret import Secret
from vault.domain.access import Link
from vault.domain.event import Action, Actor, AuditEvent
from vault.domain.names import CustomerName, LinkId, RecordingId, new_id, token_id
from vault.errors import Invalid, NotFound
from vault.ports.database import UnitOfWork
from vault.ports.vault import Vault
from vault.sealing.terms import terms_fact
from vault.usecases.end_session import end_sessions
from vault.usecases.find_party import find_customer

_TOKEN_BYTES = 16  # 128 bits
_LONGEST = timedelta(days=366)


async def create_link(
    vault: Vault,
    customer: CustomerName,
    *,
    by: Actor,
    recordings: Sequence[str] = (),
    lifetime: timedelta | None = None,
) -> tuple[Link, Secret]:
    """Return the link and its token, which belongs into the fragment of the URL and is kept nowhere.

    `recordings` are ids or unique prefixes of the customer's own; none means whatever waits.
    """
    lifetime = lifetime if lifetime is not None else vault.policy.link_lifetime
    if not timedelta(0) < lifetime <= _LONGEST:
        raise Invalid("a link lives for more than nothing and at most 366 days")
    token, now = issue_token(_TOKEN_BYTES), vault.clock.now()
    async with vault.unit_of_work() as work:
        owner = await find_customer(work, customer)
        chosen = [await _own_recording(work, owner.id, prefix) for prefix in recordings]
        link = Link(
            id=LinkId(new_id()),
            token_id=token_id(token.reveal().decode()),
            customer=owner.id,
            recordings=tuple(dict.fromkeys(chosen)),
            created_at=now,
            expires_at=now + lifetime,
        )
        await work.links.add(link)
        await work.log.append(
            AuditEvent(
                Action.LINK_CREATED,
                by,
                facts={"customer": owner.id, "link": link.id, **terms_fact(vault.keys, link)},
            )
        )
        await work.commit()
    return link, token


async def revoke_link(vault: Vault, prefix: str, *, by: Actor) -> Link:
    """Return the link revoked; the sessions that came by it end with it."""
    now = vault.clock.now()
    async with vault.unit_of_work() as work:
        link = (await work.links.find(prefix)).revoke(now)
        await work.links.save(link)
        sessions = await end_sessions(vault, work, await work.sessions.of_link(link.id), now)
        await work.log.append(
            AuditEvent(
                Action.LINK_REVOKED,
                by,
                facts={"customer": link.customer, "link": link.id, "sessions_ended": len(sessions)},
            )
        )
        await work.commit()
    await vault.slots.destroy(sessions)
    return link


async def _own_recording(work: UnitOfWork, customer: str, prefix: str) -> RecordingId:
    recording = await work.recordings.get(await work.recordings.find(prefix))
    if recording is None or recording.customer != customer:
        raise NotFound(f"the customer has no recording {prefix}")
    recording.must_open()
    return recording.id
