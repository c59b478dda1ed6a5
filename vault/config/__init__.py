"""Configuration: one frozen value, read once at a door and passed on.

`settings` says what there is to set, `reading` where it comes from, `description` what the manual says.
"""

from vault.config.description import SettingDoc, describe
from vault.config.reading import load
from vault.config.settings import (
    Approval,
    Custody,
    Database,
    Http,
    Limits,
    Residency,
    Settings,
    Shred,
    Slots,
    Store,
)

__all__ = [
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
