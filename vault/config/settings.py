"""Every setting of a vault, a struct for each section."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct, structs

from vault.config.doors import Http
from vault.config.duties import Anchors, Approval, Shred
from vault.config.limits import Limits
from vault.config.places import Custody, Database, Residency, Slots, Store
from vault.config.section import Section


class Settings(Struct, frozen=True, kw_only=True):
    """Every setting of a vault, and its data folder `data`; no path in it is relative any more."""

    data: Path
    database: Database = Database()
    store: Store = Store()
    custody: Custody = Custody()
    slots: Slots = Slots()
    http: Http = Http()
    residency: Residency = Residency()
    shred: Shred = Shred()
    anchors: Anchors = Anchors()
    approval: Approval = Approval()
    limits: Limits = Limits()


def sections() -> dict[str, type[Section]]:
    """Return the sections by name, in the order of the manual."""
    return {field.name: field.type for field in structs.fields(Settings) if field.name != "data"}
