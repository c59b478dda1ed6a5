"""Promises about the report as a page: it is paper, it reads without colour, and its figures add up."""

from __future__ import annotations

import re
from array import array
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from keys.secret import Secret
from keys.signing import NoteSigner
from vault.audit.checkpoint import Checkpoint
from vault.domain.grant import GrantState
from vault.domain.month import Month
from vault.entrypoints.cli.plots import bar_plot, day_plot
from vault.entrypoints.cli.report_page import render_report
from vault.usecases.gather_month import MonthFigures, PersonFigures
from vault.usecases.make_report import AGES, CustomerWaits, MonthReport, Pending
from vault.usecases.verify_log import Verification

_UNKIND = '<script>alert(1)</script>"&'
_MONTH = Month(2026, 11)
_SIGNER = NoteSigner("callvault/test", Secret(bytes(32)))


def _report() -> MonthReport:
    """Return a report of an empty month."""
    checkpoint = Checkpoint("callvault/test", 8, bytes(32))
    return MonthReport(
        vault="v1",
        month=_MONTH,
        made_at=datetime(2026, 12, 2, 9, 30, 0, 5, tzinfo=UTC),
        made_by=_UNKIND,
        figures=MonthFigures(_MONTH),
        pending=Pending([0] * (len(AGES) + 1), {}),
        names={"staff:1": _UNKIND},
        verification=Verification(7, bytes(32), []),
        index=7,
        checkpoint=checkpoint,
        note=checkpoint.sign(_SIGNER).decode(),
    )


def _busy() -> MonthReport:
    """Return one with something of everything."""
    figures = MonthFigures(_MONTH, entries=12345, waits=array("d", [60.0, 7200.0, 900_000.0]))
    figures.openings = {"dpo": [3, *[0] * 29], "manager": [0, 1, *[0] * 28], "odd": [1, *[0] * 29]}
    figures.people["staff:1"] = PersonFigures("dpo", 3, 1, 2)
    figures.refusals = {"password": [0, 2, *[0] * 28]}
    figures.why["password", "passphrase"] = 2
    figures.why["recording", _UNKIND] = 1
    figures.grants["staff:1"]["issued"] = 4
    figures.destroyed = {"collection": [1234, *[0] * 29]}
    figures.actions["recording.opened"] = 4
    figures.customers["c1"] = 5
    late = {"c1": CustomerWaits(2, datetime(2026, 11, 1, tzinfo=UTC))}
    pending = Pending([1, 0, 0, 0, 2, 0, 0], late, overdue_holds=1, shreds=1)
    return replace(_report(), figures=figures, pending=pending)


class _Reader(HTMLParser):
    """Collects elements with their attributes, and checks that they close."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.found.append((tag, dict(attrs)))
        if tag not in {"meta", "rect", "path", "line"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an empty one."""
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """Close the last one."""
        assert self.open.pop() == tag


def _read(page: str) -> _Reader:
    reader = _Reader()
    reader.feed(page)
    assert reader.open == []
    return reader


@pytest.mark.parametrize("report", [_report(), _busy()], ids=["empty", "busy"])
def test_a_page_is_only_paper(report: MonthReport) -> None:
    """No script, nothing from elsewhere, and what people are called stays text."""
    page = render_report(report)
    found = _read(page).found

    assert page.startswith("<!doctype html>")
    assert "default-src 'none'; style-src 'unsafe-inline'" in page
    assert not {tag for tag, _ in found} & {"script", "link", "img", "iframe", "object", "a", "use", "image"}
    names = {name for _, attributes in found for name in attributes}
    assert not {name for name in names if name.startswith("on")} | names & {"src", "href", "style"}
    assert not any(word in page for word in ("url(", "@import", "http:", "https:"))
    assert _UNKIND not in page
    assert "&lt;script&gt;" in page


def test_every_plot_can_be_read_without_seeing_it() -> None:
    """Each plot has a title and a description that are pointed to, and a table in the same figure."""
    page = render_report(_busy())
    found = _read(page).found
    plots = [attributes for tag, attributes in found if tag == "svg" and attributes.get("role") == "img"]
    ids = {attributes["id"] for _, attributes in found if "id" in attributes}

    assert len(plots) == 5
    assert all(set(str(plot["aria-labelledby"]).split()) <= ids for plot in plots)
    figures = re.findall(r"<figure>.*?</figure>", page, re.DOTALL)
    assert all("<table" in figure for figure in figures if 'role="img"' in figure)


def test_the_header_says_under_what_it_was_made() -> None:
    """Vault, month with its zone, the entry, the checkpoint and whether verification held."""
    page = render_report(_report())

    for words in ("v1", "1 to 30 November 2026", "UTC", "2026-12-02 09:30:00 UTC", "held", "8 entries"):
        assert words in page
    assert _report().note.split("\n")[2] in page
    assert "Nothing stands out" in page


def test_what_is_wrong_stands_first() -> None:
    """Findings and what waits too long are told before any plot; a month that is not over says so."""
    wrong = Verification(7, None, ["recording x: lost", *["more"] * 30], 3)
    page = render_report(replace(_busy(), verification=wrong, made_at=datetime(2026, 11, 20, tzinfo=UTC)))

    top = page[: page.index("<h2>Openings")]
    assert "did not hold" in top
    assert "recording x: lost" in top
    assert "These are the first" in top
    assert "not over yet" in top
    assert "2 recordings waited for a customer for 14 days or more." in top
    assert "1 legal hold should have been reviewed" in top


def test_figures_are_written_out() -> None:
    """Numbers have their thousands, durations their units, unknown roles and reasons their own line."""
    page = render_report(_busy())

    for words in ("12,345", "1,234", "Half were collected within 2 h 0 min", "10 d 10 h", "wrong passphrase"):
        assert words in page, words
    assert ">other<" in page


def test_bars_stand_on_each_other_and_within_the_plot() -> None:
    """Stacked boxes touch, end at the axis, and no tick is below the highest bar."""
    plot = day_plot("x", {"a": [3, *[0] * 29], "b": [4, *[0] * 29]}, _MONTH)
    lower, upper = plot.boxes

    assert lower.y + lower.height == pytest.approx(plot.up[0].at, abs=0.02)
    assert upper.y + upper.height == pytest.approx(lower.y, abs=0.02)
    assert upper.y >= plot.up[-1].at - 0.01
    assert (lower.hatch, bool(upper.hatch)) == ("", True)
    assert len(plot.weekends) == 9  # of November 2026
    assert plot.total == 7


@pytest.mark.parametrize(("most", "spans"), [(0, 1), (99, 1), (100, 2)])
def test_wide_figures_get_wide_columns(most: int, spans: int) -> None:
    """Where a day's figure has three digits the table comes in two halves, with every day once."""
    plot = day_plot("x", {"a": [most, *[0] * 29], "b": [0] * 30}, _MONTH)

    assert len(plot.spans) == spans
    assert [day for span in plot.spans for day in plot.days[span]] == [str(day) for day in range(1, 31)]


def test_every_refusal_is_told_in_words() -> None:
    """Why somebody was refused a recording is no code that only we know."""
    report = _busy()
    refusing = set(GrantState) - {GrantState.LIVE}
    for why in (*(f"grant_{state}" for state in refusing), "no_grant", "grant_password", "role"):
        report.figures.why["recording", why] = 1

    page = render_report(report)

    assert not re.findall(r">(grant \w+|no grant|role)<", page)


def test_only_long_tables_are_cut_by_the_end_of_a_page() -> None:
    """A dozen rows stay together on paper, with their heading; more may go on overleaf."""
    report = _busy()
    for number in range(13):
        report.figures.people[f"staff:{number}"] = PersonFigures("manager", 1)

    page = render_report(report)

    assert re.search(r'<table class="">\s*<thead><tr><th scope="col">Person', page)
    assert re.search(r'<table class=" short">\s*<thead><tr><th scope="col">To', page)
    assert ".short, tr { break-inside: avoid; }" in page


@pytest.mark.parametrize("most", [0, 1, 4, 5, 6, 10, 11, 99, 1000, 123_456])
def test_ticks_are_round_and_few(most: int) -> None:
    """The axis begins at 0, reaches the highest bar, and has six ticks at most, each a whole number."""
    texts = [tick.text for tick in day_plot("x", {"a": [most, *[0] * 29]}, _MONTH).up]
    values = [int(text.replace(",", "")) for text in texts]

    assert values[0] == 0
    assert values[-1] >= most
    assert 2 <= len(values) <= 6
    assert len(set(values)) == len(values)


def test_lying_bars_leave_room_for_their_counts() -> None:
    """The longest bar ends where its count still fits; no bar at all does no harm."""
    plot = bar_plot("x", {"a": 1_000_000, "b": 0})

    assert plot.bars[0].box.x + plot.bars[0].box.width <= plot.width - 50
    assert plot.bars[1].box.width == 0
    assert bar_plot("x", {"a": 0}).total == 0
