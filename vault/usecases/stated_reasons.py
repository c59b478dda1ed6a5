"""The reasons that people stated, from the entries that have them: whoever approves something must know why.

This lists nothing by itself: who asks was shown what it is about, and is on the log for that.
"""

from __future__ import annotations

from collections.abc import Mapping

from vault.domain.event import Action, Outcome
from vault.domain.names import RecordingId
from vault.ports.log import EventFilter
from vault.ports.vault import Vault
from vault.sealing.signed_log import signed_reasons

_MOST = 100
_FACTS = {Action.GRANT_ISSUED: "grant", Action.OPENING_REQUESTED: "request"}


async def stated_reasons(vault: Vault, action: Action, of: Mapping[str, RecordingId]) -> Mapping[str, str]:
    """Return by id why grants were issued, or openings requested; one whose reason was erased is left out.

    `of` has the recordings by those ids. Looked through are the newest hundred such entries of a recording.
    Raise `LogCorrupt` for a reason that is not the one that was logged: who approves would be misled.
    """
    reasons: dict[str, str] = {}
    for recording in dict.fromkeys(of.values()):
        which = EventFilter(recording=recording, action=action, outcome=Outcome.DONE)
        for entry, reason in await signed_reasons(vault, which, limit=_MOST):
            name = str(entry.facts.get(_FACTS[action]))
            if of.get(name) == recording and reason is not None:
                reasons[name] = reason
    return reasons
