"""What an entry holds of the terms of something: a keyed digest, by which its row is told from a changed one.

Without the service's key it says nothing, so that names and cases may be among the terms.
"""

from __future__ import annotations

from typing import Protocol

from keys.service import ServiceKeys


class Termed(Protocol):
    """Something whose row does not change, or changes by an entry alone."""

    @property
    def terms(self) -> tuple[str, ...]:
        """Everything that must stay as the entry has it."""
        ...


def terms_fact(keys: ServiceKeys, termed: Termed) -> dict[str, str | int | bool]:
    """Return the fact of an entry that adds or changes it."""
    return {"terms": keys.blind("terms", type(termed).__name__, *termed.terms)}
