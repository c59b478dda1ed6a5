"""Configuration: one frozen value, read once at a door and passed on.

`settings` says what there is to set, section by section, `reading` where it comes from, `description` what
the manual says.
"""

from vault.config.description import SettingDoc, describe
from vault.config.doors import Http
from vault.config.duties import Anchors, Approval, Shred
from vault.config.limits import Limits
from vault.config.places import Custody, Database, Residency, Slots, Store
from vault.config.reading import load
from vault.config.settings import Settings

__all__ = [
    "Anchors",
    "Approval",
    "Custody",
    "Database",
    "Http",
    "Limits",
    "Residency",
    "SettingDoc",
    "Settings",
    "Shred",
    "Slots",
    "Store",
    "describe",
    "load",
]
