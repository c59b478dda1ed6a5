"""The report of a month as one self-contained page: nothing in it acts, nothing is loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from operator import itemgetter

from vault.domain.staff import Role
from vault.entrypoints.cli.pages import page_environment
from vault.entrypoints.cli.plots import bar_plot, day_plot
from vault.entrypoints.cli.render import utc_text
from vault.usecases.gather_month import CAUSES, MonthFigures
from vault.usecases.make_report import AGES, TOO_LONG, CustomerWaits, MonthReport

_TEMPLATE = "report.html.jinja"
_MOST_FINDINGS = 20
_ROLES = {Role.DPO: "DPO", Role.TECH_MANAGER: "tech manager", Role.MANAGER: "manager"}
_REFUSALS = {"recording": "recordings", "password": "passwords"}
_GRANTS = ("issued", "approved", "used", "revoked", "expired")
_WHY = {
    ("password", "passphrase"): "wrong passphrase",
    ("password", "identity"): "an identity file that is not theirs",
    ("password", "no_identity"): "a passphrase of somebody who has an identity file",
    ("password", "password"): "wrong password of a customer",
    ("password", "unknown"): "a name that nobody has",
    ("password", "removed"): "somebody who has left",
    ("password", "role"): "a role that may not do it",
    ("recording", "access_denied"): "not theirs to open",
    ("recording", "no_matching_identity"): "their key does not open it",
    ("recording", "role"): "a role that may not do it",
    ("recording", "approval_needed"): "no other DPO has approved it",
    ("recording", "lapsed"): "a request or grant that waited too long for another DPO",
    ("recording", "same_person"): "their own request, which another DPO must approve",
    ("recording", "no_grant"): "no grant for them",
    ("recording", "grant_password"): "wrong password of a grant",
    ("recording", "grant_person"): "a grant that is somebody else's",
    ("recording", "grant_pending"): "a grant that nobody has approved yet",
    ("recording", "grant_used"): "a grant whose last use was made",
    ("recording", "grant_expired"): "a grant whose time is over",
    ("recording", "grant_revoked"): "a grant that was revoked",
    ("recording", "grant_left"): "a grant to somebody who has left",
    ("recording", "grant_shredded"): "a grant of a recording that is gone",
    ("recording", "grant_destroyed"): "a grant whose key is gone",
    ("recording", "collected"): "destroyed already",
    ("recording", "digest_mismatch"): "a receipt with another digest",
    ("recording", "hold_in_force"): "a legal hold keeps it",
    ("recording", "invalid_request"): "no reason or instruction given",
}
_WAITS = (
    ("under 1 hour", timedelta(hours=1)),
    ("1 to 4 hours", timedelta(hours=4)),
    ("4 to 24 hours", timedelta(days=1)),
    ("1 to 3 days", timedelta(days=3)),
    ("3 to 7 days", timedelta(days=7)),
    ("7 to 14 days", timedelta(days=14)),
    ("over 14 days", None),
)


def render_report(report: MonthReport) -> str:
    """Return the page."""
    environment = page_environment()
    environment.filters["utc"] = _utc
    environment.filters["count"] = lambda number: f"{number:,}"
    figures = report.figures
    return environment.get_template(_TEMPLATE).render(
        report=report,
        figures=figures,
        root=_base64_line(report.note),
        to_look_at=list(_to_look_at(report)),
        findings=report.verification.findings[:_MOST_FINDINGS],
        openings=day_plot("Openings and exports by staff on each day (UTC)", _by_role(figures), report.month),
        people=_people(report),
        refusals=day_plot("Refusals on each day (UTC)", _refused(report), report.month),
        why=_why(figures),
        grant_words=_GRANTS,
        grants=_grants(report),
        waits=bar_plot("From upload to receipt", _classes(figures.waits)),
        median=_quantile(figures.waits, 0.5),
        ninth=_quantile(figures.waits, 0.9),
        destroyed=day_plot("Destroyed recordings on each day (UTC)", _destroyed(report), report.month),
        destroyed_rows=[
            (cause, sum(figures.destroyed.get(cause, ())), figures.destroyed_bytes[cause]) for cause in CAUSES
        ],
        ages=bar_plot("Age of what waits", dict(zip(_age_labels(), report.pending.ages, strict=True))),
        late=_late(report),
        too_long_days=TOO_LONG.days,
        actions=sorted(figures.actions.items()),
    )


def _by_role(figures: MonthFigures) -> dict[str, Sequence[int]]:
    none = [0] * figures.month.days
    known = {name: figures.openings.get(role.value, none) for role, name in _ROLES.items()}
    others = [row for role, row in figures.openings.items() if role not in set(Role)]
    return known | ({"other": [sum(day) for day in zip(*others, strict=True)]} if others else {})


def _people(report: MonthReport) -> list[tuple[str, str, int, int, int]]:
    rows = [
        (
            report.names.get(actor, actor),
            _ROLES.get(Role(each.role), each.role) if each.role in set(Role) else each.role,
            each.opened,
            each.exported,
            each.refused,
        )
        for actor, each in report.figures.people.items()
    ]
    return sorted(rows, key=lambda row: (-row[2] - row[3], row[0]))


def _refused(report: MonthReport) -> dict[str, Sequence[int]]:
    return {name: _row(report.figures.refusals.get(kind), report) for kind, name in _REFUSALS.items()}


def _why(figures: MonthFigures) -> list[tuple[str, str, int]]:
    return [
        (_WHY.get(key, key[1].replace("_", " ")), _REFUSALS[key[0]], count)
        for key, count in figures.why.most_common()
    ]


def _grants(report: MonthReport) -> list[tuple[str, list[int]]]:
    rows = [
        (report.names.get(actor, actor), [counts.get(word, 0) for word in _GRANTS])
        for actor, counts in report.figures.grants.items()
    ]
    return sorted(rows, key=itemgetter(0))


def _destroyed(report: MonthReport) -> dict[str, Sequence[int]]:
    """Return the days of each cause; of "other" only where there is one."""
    destroyed = report.figures.destroyed
    causes = [cause for cause in CAUSES if cause != CAUSES[-1] or cause in destroyed]
    return {cause: _row(destroyed.get(cause), report) for cause in causes}


def _late(report: MonthReport) -> list[tuple[str, CustomerWaits]]:
    """Return who lets recordings wait too long, the oldest first."""
    late = sorted(report.pending.late.items(), key=lambda each: each[1].oldest)
    return [(report.names.get(owner, owner), waits) for owner, waits in late]


def _row(days: Sequence[int] | None, report: MonthReport) -> Sequence[int]:
    return days if days is not None else [0] * report.month.days


def _to_look_at(report: MonthReport) -> Iterator[str]:
    """Yield what a DPO should not overlook."""
    pending, figures = report.pending, report.figures
    if report.verification.findings:
        wrong = _some(len(report.verification.findings), "finding")
        yield f"The log, the database or the slots are not as they should be: {wrong}."
    late = sum(each.recordings for each in pending.late.values())
    if late:
        yield f"{_some(late, 'recording')} waited for a customer for {TOO_LONG.days} days or more."
    if pending.overdue_holds:
        yield f"{_some(pending.overdue_holds, 'legal hold')} should have been reviewed by now."
    if pending.shreds:
        yield f"{_some(pending.shreds, 'destruction')} could not be finished: a mirror of the slots is away."
    refused = sum(figures.refusals.get("recording", ()))
    if refused:
        yield f"{_some(refused, 'time')} somebody was refused a recording."
    if figures.stopped:
        yield f"{_some(figures.stopped, 'guess', 'guesses')} at passwords were turned away unchecked."


def _some(count: int, one: str, many: str | None = None) -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _classes(seconds: Sequence[float]) -> Mapping[str, int]:
    counts = dict.fromkeys((label for label, _ in _WAITS), 0)
    for each in seconds:
        counts[next(label for label, end in _WAITS if end is None or each < end.total_seconds())] += 1
    return counts


def _age_labels() -> Iterator[str]:
    begin = 0
    for end in AGES:
        days = "1 day" if end.days == 1 else f"{end.days} days"
        yield f"{begin} to {days}" if begin else f"under {days}"
        begin = end.days
    yield f"over {begin} days"


def _quantile(seconds: Sequence[float], share: float) -> str | None:
    """Return the value that a share of all does not exceed, for people; None without any."""
    if not seconds:
        return None
    whole = int(sorted(seconds)[min(len(seconds) - 1, int(share * len(seconds)))])
    days, hours, minutes = whole // 86400, whole // 3600 % 24, whole // 60 % 60
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {whole % 60} s"


def _utc(moment: datetime) -> str:
    return utc_text(moment.replace(microsecond=0)).replace("T", " ").replace("Z", " UTC")


def _base64_line(note: str) -> str:
    """Return the root as the note writes it: its third line (C2SP tlog-checkpoint)."""
    return note.split("\n")[2]
