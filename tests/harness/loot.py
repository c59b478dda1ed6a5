"""What stolen disks and one secret lead to: every lock they open, then every recording; no use case asked."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from keys.age import HybridIdentity, Identity, PasswordIdentity, open_file
from keys.errors import NoMatchingIdentity, SlotDestroyed
from keys.identities import parse_identity, unlock
from keys.secret import Secret
from keys.slots import SlotFile
from keys.slots.sealing import open_under
from tests.harness.vaults import RealVault
from vault.domain.staff import LockedIdentity, Owner


@dataclass
class Loot:
    """Database, blobs and slots of one folder, with all that lies under living slots taken out."""

    locked: dict[str, bytes] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)  # each recording as a whole age file

    def reached(self, secret: str) -> list[HybridIdentity]:
        """Return every identity that a password, passphrase or identity leads to, lock by lock."""
        if secret.startswith("AGE-SECRET-KEY-"):
            own = parse_identity(secret)
            assert isinstance(own, HybridIdentity)
            found = [own]
        else:
            found = self._unlocked([PasswordIdentity(Secret(secret.encode()))])
        for identity in found:  # grows while it is walked
            found += [each for each in self._unlocked([identity]) if each not in found]
        return found

    def opened(self, identities: Sequence[Identity]) -> dict[str, bytes]:
        """Return the plaintext of every recording that one of these opens."""
        plain = {}
        for recording, file in self.files.items():
            try:
                plain[recording] = open_file(file, identities)
            except NoMatchingIdentity:
                continue
        return plain

    def _unlocked(self, by: Sequence[Identity]) -> list[HybridIdentity]:
        found = []
        for locked in self.locked.values():
            try:
                found.append(unlock(locked, by))
            except NoMatchingIdentity:
                continue
        return found


def loot(known: RealVault) -> Loot:
    """Take everything out of a folder that its slots still open."""
    settings = known.settings
    (vault_id,) = _query(known, "SELECT id FROM vault")[0]
    slots = SlotFile.open(
        settings.slots.paths, vault_id=vault_id, allow_unsafe=settings.slots.allow_unsafe_filesystem
    )
    taken = Loot()
    columns = "owner, owner_id, generation, recipient, vouched, slot, sealed"
    for row in _query(known, f"SELECT {columns} FROM identities WHERE slot IS NOT NULL"):  # noqa: S608 - our own names
        identity = LockedIdentity(Owner(row[0]), *row[1:])
        locked = _under(slots, row[5], row[6], identity.binding)
        if locked:  # it is empty for whoever keeps an identity file
            taken.locked[f"{identity.owner} {identity.owner_id} {identity.generation}"] = locked
    for name, customer, blob, sha256, size, slot, sealed in _query(
        known,
        "SELECT r.id, r.customer, r.blob, r.sha256, r.bytes, r.slot, h.sealed FROM recordings r "
        "JOIN recording_headers h ON h.recording = r.id",
    ):
        binding = f"recording {name} of {customer or 'own'} {size} {sha256}".encode()
        header = _under(slots, slot, sealed, binding)
        payload = known.data / "blobs" / blob[:2] / blob
        if header is not None and payload.exists():
            taken.files[name] = header + payload.read_bytes()
    return taken


def _under(slots: SlotFile, number: int, sealed: bytes, binding: bytes) -> bytes | None:
    try:
        return open_under(slots.read(number), sealed, bound_to=binding)
    except SlotDestroyed:
        return None


def _query(known: RealVault, statement: str) -> list[Any]:
    with closing(sqlite3.connect(known.data / "vault.sqlite")) as database:
        return database.execute(statement).fetchall()
