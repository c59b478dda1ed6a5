"""Every operation, for the HTTP door. The command line loads only the group that a command needs."""

from __future__ import annotations

from typing import Any

from vault.entrypoints.staff import (
    audit,
    audit_erase,
    audit_proof,
    certificates,
    customers,
    grants,
    holds,
    links,
    recordings,
    report,
    status,
)
from vault.entrypoints.staff.operation import Operation, StreamOperation

OPERATIONS: tuple[Operation[Any, Any], ...] = (
    *recordings.OPERATIONS,
    *grants.OPERATIONS,
    *holds.OPERATIONS,
    *audit.OPERATIONS,
    *audit_proof.OPERATIONS,
    *audit_erase.OPERATIONS,
    *report.OPERATIONS,
    *certificates.OPERATIONS,
    *customers.OPERATIONS,
    *links.OPERATIONS,
    *status.OPERATIONS,
)
STREAMS: tuple[StreamOperation[Any], ...] = (audit.TAIL, audit_proof.EXPORT)
