"""Recordings from the vault at `--server`, written here; with an identity file they are opened here, too."""

from __future__ import annotations

import sys
from typing import BinaryIO

from keys.secret import Secret
from vault.domain.staff import Role
from vault.entrypoints.cli.invocation import Invocation
from vault.entrypoints.cli.passwords import text_of
from vault.entrypoints.cli.recordings_open import BY_GRANT, asked_for
from vault.entrypoints.cli.remote import at_server
from vault.entrypoints.cli.render import Row
from vault.entrypoints.cli.streams import write_all
from vault.entrypoints.client.failures import ServerRefused
from vault.entrypoints.client.staff import Desk
from vault.entrypoints.client.staff_opening import export_recording, open_recording
from vault.errors import AccessDenied


def open_there(
    run: Invocation, stream: BinaryIO, recording: str, *, reason: str, grant_password: Secret | None
) -> Row:
    """Write a recording, opened; return its id and size. Without the grant's password a manager is asked."""

    async def _open(desk: Desk) -> Row:
        password = grant_password
        if password is None and sys.stdin.isatty():
            password = await asked_for(await desk.role())
        text = None if password is None else text_of(password)
        try:
            async with open_recording(desk, recording, reason=reason, grant_password=text) as incoming:
                return {"id": incoming.recording, "bytes": await write_all(stream, incoming.plaintext())}
        except ServerRefused as error:
            if error.code == AccessDenied.code and password is None and await desk.role() == Role.MANAGER:
                raise ServerRefused(error.status, error.code, f"{error}; {BY_GRANT}") from None
            raise

    return at_server(run, _open)


def export_there(run: Invocation, stream: BinaryIO, recording: str, *, reason: str, to: str | None) -> Row:
    """Write a recording as an age file; return its id, size and recipient."""

    async def _export(desk: Desk) -> Row:
        async with export_recording(desk, recording, reason=reason, to=to) as incoming:
            return {
                "id": incoming.recording,
                "bytes": await write_all(stream, incoming.age_file()),
                "recipient": incoming.recipient,
                "fingerprint": incoming.fingerprint,
            }

    return at_server(run, _export)
