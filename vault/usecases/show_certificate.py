"""Show the certificate of a recording that is destroyed; on the log before it returns."""

from __future__ import annotations

from vault.domain.event import Action, Actor
from vault.errors import NotFound
from vault.ports.vault import Vault
from vault.usecases.record_reading import record_reading
from vault.usecases.shred import certificate_of


async def show_certificate(vault: Vault, prefix: str, *, by: Actor, customers_only: bool = False) -> str:
    """Return the certificate's text; raise `NotFound`, also for a recording that is not destroyed.

    With `customers_only` the company's own are not there.
    """
    async with vault.reading() as rows:
        found = await rows.recordings.get(await rows.recordings.find(prefix))
    hidden = customers_only and found is not None and found.customer is None
    if found is None or found.shred_log_index is None or hidden:
        raise NotFound(f"the recording {prefix} is not destroyed, so there is no certificate")
    certificate = await certificate_of(vault, found)
    await record_reading(
        vault, Action.CERTIFICATE_READ, by, count=1, customer=found.customer, recording=found.id
    )
    return certificate
