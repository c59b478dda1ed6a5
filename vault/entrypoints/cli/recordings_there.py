"""Recordings from the vault at `--server`, written here; with an identity file they are opened here, too."""

from __future__ import annotations

from typing import BinaryIO

from vault.entrypoints.cli.invocation import Invocation
from vault.entrypoints.cli.remote import at_server
from vault.entrypoints.cli.render import Row
from vault.entrypoints.cli.streams import write_all
from vault.entrypoints.client.staff import Desk
from vault.entrypoints.client.staff_opening import export_recording, open_recording


def open_there(
    run: Invocation, stream: BinaryIO, recording: str, *, reason: str, grant_password: str | None
) -> Row:
    """Write a recording, opened; return its id and size."""

    async def _open(desk: Desk) -> Row:
        async with open_recording(desk, recording, reason=reason, grant_password=grant_password) as incoming:
            return {"id": incoming.recording, "bytes": await write_all(stream, incoming.plaintext())}

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
