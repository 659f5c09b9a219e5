"""The page of a ledger: its figures, and nothing in it that is markup."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from tokenassay.reports.charts.spending import spending_picture, spending_scales
from tokenassay.reports.ledgers import LedgerDocument
from tokenassay.reports.pages.ledger import build_ledger_page, ledger_html


def figures(**other: Any) -> dict[str, Any]:
    """Figures as the command writes them."""
    return {
        "calls": 1200,
        "refused": 1,
        "released": 0,
        "unsettled": 2,
        "counted": 0,
        "unpriced": 0,
        "input_tokens": {"estimated": 1000, "billed": 1010},
        "output_tokens": {"most": 5000, "billed": 77, "counted": 0},
        "drift": {"calls": 3, "estimated": 1000, "billed": 1010},
        "money": [{"currency": "CNY", "settled": "0.25", "unsettled": "0.75", "counted": "0"}],
        **other,
    }


def document(*names: str | None, **other: Any) -> LedgerDocument:
    """A ledger with such groups."""
    written = {
        "ledger": "calls.db",
        "since": None,
        "by": "tag",
        "totals": figures(**other),
        "groups": [{"name": name, **figures(**other)} for name in names],
        "reasons": [{"state": "refused", "why": "budget 5 CNY/day", "calls": 1}],
    }
    return msgspec.convert(written, LedgerDocument)


def test_the_verdict_and_what_is_open_come_first() -> None:
    page = build_ledger_page(document("a"))
    assert page.verdict == "1,200 calls for 0.25 CNY"
    assert page.remarks == (
        "2 calls are not settled: it may be 1.00 CNY.",
        "1 call was not sent.",
        "From calls.db.",
    )
    (line,) = page.lines
    assert line.drift == "+10 (+1.00%)"
    assert (line.settled, line.at_most) == (("0.25 CNY",), ("1.00 CNY",))


def test_an_unknown_is_told_as_such() -> None:
    unknown = {"calls": 0, "estimated": 0, "billed": 0}
    page = build_ledger_page(document(None, money=[], drift=unknown, unpriced=3))
    assert page.verdict == "1,200 calls, at no known cost"
    assert page.lines[0].drift == "unknown"
    assert page.lines[0].picture is None
    assert page.lines[0].name == "no tag"
    assert "3 calls without a known price." in page.remarks


def test_the_same_bytes_every_time_and_no_markup_from_outside() -> None:
    hostile = "<script>alert(1)</script>\u202e\"'"
    page = ledger_html(document(hostile, "b"))
    assert page == ledger_html(document(hostile, "b"))
    assert "<script>alert" not in page
    assert "\u202e" not in page
    assert "http" not in re.sub(r"http-equiv", "", page)


def test_bars_of_a_currency_share_a_scale() -> None:
    monies = [
        {"currency": "CNY", "settled": "1", "unsettled": "1", "counted": "0"},
        {"currency": "USD", "settled": "0.5", "unsettled": "0", "counted": "0"},
    ]
    row = document("a", money=monies).groups[0]
    picture = spending_picture(row, spending_scales([row]), id="x", title="t", says="s")
    assert picture is not None
    widths = [float(dict(mark.attributes)["width"]) for mark in picture.marks]
    assert widths == [292, 146, 292, 292]
