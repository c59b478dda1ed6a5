"""What stolen disks lead to by way of grants: every layer peeled by whoever can, every password tried."""

from __future__ import annotations

import sqlite3
from base64 import b64decode
from collections.abc import Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

from keys import approval
from keys.age import HybridIdentity, Identity, PasswordIdentity, open_file, open_header, open_stream
from keys.errors import KeysError, SlotDestroyed
from keys.secret import Secret
from keys.slots import SlotFile
from keys.slots.sealing import open_under
from tests.harness.vaults import RealVault
from vault.domain.grant import Grant, GrantState

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIMES = {"issued_at", "expires_at", "ended_at"}


@dataclass(frozen=True)
class Granted:
    """A grant's layers from under its living slot, what it asks for approval, and its recording's payload."""

    id: str
    layers: bytes
    question: bytes | None
    payload: bytes

    def opened(self, identities: Sequence[Identity], passwords: Iterable[str]) -> bytes | None:
        """Return the plaintext if these lead to it, in whatever order; None if they don't."""
        inside = self._approved(identities)
        known = [PasswordIdentity(Secret(password.encode())) for password in passwords]
        while inside is not None:
            for password in known:
                with suppress(KeysError):
                    file_key = open_header(inside, [password])
                    return b"".join(open_stream(file_key, BytesIO(self.payload).read))
            inside = _peeled(inside, identities)
        return None

    def _approved(self, identities: Sequence[Identity]) -> bytes | None:
        """Return the layers, without the one that a second DPO takes off; None if nobody does."""
        if self.question is None:
            return self.layers
        for identity in identities:
            with suppress(KeysError):
                assert isinstance(identity, HybridIdentity)
                answer = approval.answer(self.question, identity, self.id)
                return approval.uncover(approval.Layer(self.question, self.layers), answer, self.id)
        return None


def granted(known: RealVault) -> dict[str, Granted]:
    """Take out every grant that the slots of a folder still open, by id."""
    settings = known.settings
    ((vault_id,),) = _query(known, "SELECT id FROM vault")
    slots = SlotFile.open(
        settings.slots.paths, vault_id=vault_id, allow_unsafe=settings.slots.allow_unsafe_filesystem
    )
    names = [each.name for each in fields(Grant)]
    columns = ", ".join(f"g.{name}" for name in names)
    rows = _query(
        known,
        f"SELECT {columns}, r.customer, r.blob, r.sha256, r.bytes FROM grants g "  # noqa: S608 - our own names
        "JOIN recordings r ON r.id = g.recording WHERE g.sealed IS NOT NULL",
    )
    taken: dict[str, Granted] = {}
    for *values, customer, blob, sha256, size in rows:
        grant = _grant(dict(zip(names, values, strict=True)))
        recording = f"recording {grant.recording} of {customer or 'own'} {size} {sha256}".encode()
        payload = known.data / "blobs" / blob[:2] / blob
        with suppress(SlotDestroyed):
            header = open_under(
                slots.read(grant.slot), grant.sealed or b"", bound_to=_binding(grant, recording)
            )
            line, _, layers = header.partition(
                b"\n"
            )  # what proves the password elsewhere; see docs/format.md
            mark, *known_by = line.rsplit(b" ", line.count(b" ") - 1)
            assert mark in {b"callvault/grant v1", b"callvault/grant v2"}
            question = b64decode(known_by[2]) if mark.endswith(b"2") else None
            taken[grant.id] = Granted(grant.id, layers, question, payload.read_bytes())
    return taken


def _peeled(sealed: bytes, identities: Sequence[Identity]) -> bytes | None:
    try:
        return open_file(sealed, identities)
    except KeysError:
        return None


def _binding(grant: Grant, recording: bytes) -> bytes:
    """Return what a grant is bound to, written down once more: see docs/format.md."""
    until = grant.expires_at.isoformat()
    left = grant.uses - grant.used
    return (
        f"grant {grant.id} to {grant.manager} until {until} {left} times {grant.state} ".encode() + recording
    )


def _grant(row: dict[str, Any]) -> Grant:
    times = {name: _EPOCH + timedelta(microseconds=row[name]) for name in _TIMES if row[name] is not None}
    return Grant(**{**row, **times, "state": GrantState(row["state"])})


def _query(known: RealVault, statement: str) -> list[Any]:
    with closing(sqlite3.connect(known.data / "vault.sqlite")) as database:
        return database.execute(statement).fetchall()
