"""What flows to a person of the staff, for as long as they are signed in and it may be opened."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress

from aiohttp import web

from keys.errors import SlotsUnavailable
from vault.domain.names import RecordingId
from vault.entrypoints.http.context import VAULT
from vault.entrypoints.http.staff_sessions import staff_signed_in
from vault.errors import Unavailable
from vault.usecases.open_as_staff import must_open_still
from vault.usecases.open_recording import FLOWS_ON

FLOWS_ON_SECONDS = FLOWS_ON.total_seconds()


async def flowing(
    request: web.Request, recording: RecordingId, pieces: AsyncGenerator[bytes, None]
) -> AsyncGenerator[bytes, None]:
    """Yield the pieces of a recording, in whatever form, looking again as it goes.

    Raise `SignInNeeded` once the session has ended, `Collected` once the recording has.
    """
    looked_at = time.monotonic()
    async with aclosing(pieces):
        async for piece in pieces:
            if time.monotonic() - looked_at >= FLOWS_ON_SECONDS:
                await _must_flow_on(request, recording)
                looked_at = time.monotonic()
            yield piece


async def _must_flow_on(request: web.Request, recording: RecordingId) -> None:
    with suppress(Unavailable, SlotsUnavailable):  # what is away ends nothing; it is asked again soon
        async with staff_signed_in(request):
            await must_open_still(request.app[VAULT], recording)
