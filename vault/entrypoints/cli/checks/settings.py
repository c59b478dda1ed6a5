"""What can be told from the settings: folders, root key, what a certificate says."""

from __future__ import annotations

import stat
from pathlib import Path

from keys.custody import open_custody
from keys.errors import KeysError
from vault.config import Settings
from vault.entrypoints.cli.checks.check import Check, Level


def check_data_folder(path: Path) -> Check:
    """See that nobody else gets into the data folder."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        return Check(Level.FAILURE, "data folder", f"{path}: {error.strerror}")
    if mode & 0o077:
        return Check(Level.FAILURE, "data folder", f"others can get into {path}; run: chmod 700 {path}")
    return Check(Level.OK, "data folder", f"{path}, for its owner alone")


def check_custody(url: str) -> Check:
    """See that the root key can be had."""
    try:
        custody = open_custody(url)
    except KeysError as error:
        return Check(Level.FAILURE, "root key", str(error))
    return Check(Level.OK, "root key", custody.uri)


def check_residency(settings: Settings) -> Check:
    """See which regions are allowed; opening the vault and its store looks whether they are kept."""
    residency = settings.residency
    if residency.exception_reason is not None:
        return Check(Level.WARNING, "residency", f"excepted, by the settings: {residency.exception_reason}")
    if not residency.regions:
        return Check(Level.OK, "residency", "not checked: [residency] regions is empty")
    return Check(Level.OK, "residency", f"only {', '.join(residency.regions)}")


def check_horizon(settings: Settings) -> Check:
    """See that the operator said how long snapshots are kept."""
    stated = settings.shred.snapshot_horizon
    if stated is None:
        return Check(
            Level.WARNING,
            "snapshot horizon",
            "[shred] snapshot_horizon is unstated, and every certificate says so: "
            "how long are snapshots of this machine kept?",
        )
    return Check(Level.OK, "snapshot horizon", stated)
