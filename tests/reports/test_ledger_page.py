"""The page of a ledger: its figures, and nothing in it that is markup."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from tests.house.tree import ROOT
from tests.reports.test_languages import HAN, MIXED
from tokenassay.reports.annotations import annotate
from tokenassay.reports.charts.spending import spending_picture, spending_scales
from tokenassay.reports.documents import NotADocument, parse
from tokenassay.reports.languages import language
from tokenassay.reports.ledgers import LedgerDocument
from tokenassay.reports.markdown import markdown
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
    page = build_ledger_page(document("a"), language("en"))
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
    page = build_ledger_page(document(None, money=[], drift=unknown, unpriced=3), language("en"))
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


def test_what_was_counted_by_its_text_is_told_in_both_languages() -> None:
    money = [{"currency": "CNY", "settled": "0.25", "unsettled": "0.75", "counted": "0.5"}]
    tokens = {"most": 5000, "billed": 77, "counted": 1234}
    found = document("a", counted=2, output_tokens=tokens, money=money)
    said = "come to 0.50 CNY by the 1,234 tokens that were heard (modelled)."
    english = build_ledger_page(found, language("en")).remarks
    assert f"2 calls without a final usage {said}" in english
    chinese = build_ledger_page(found, language("zh")).remarks
    assert "2 次调用没有给出最终的用量，按收到的 1,234 个 Token 推算，费用为 0.50 元。" in chinese
    unpriced = document("a", counted=1, output_tokens=tokens, money=[], unsettled=1)
    assert any("an unknown sum" in r for r in build_ledger_page(unpriced, language("en")).remarks)


WHYS = [
    "the answer says no usage", "answered 500", "no answer: ReadTimeout", "budget 5 CNY/day",
    "ended early", "the answer broke off: ReadError", "no price for the budget",
    "never sent: ConnectError", "", "the answer can't be decoded",
]  # fmt: skip


@pytest.mark.parametrize("by", ["day", "model", "tag"])
def test_a_chinese_page_is_chinese(by: str) -> None:
    reasons = [{"state": "unmetered", "why": why, "calls": 1} for why in WHYS]
    plain = msgspec.to_builtins(document(None, "a", unpriced=3, counted=2))
    found = msgspec.convert({**plain, "by": by, "reasons": reasons}, LedgerDocument)
    text = re.sub(
        r"<(style|script|svg)\b.*?</\1>|<[^>]+>", " ", ledger_html(found, "zh"), flags=re.S
    )
    known = (
        "calls.db|tokenassay( reconcile| audit)?|Token|CNY/day|ReadTimeout|ReadError|ConnectError"
    )
    rest = re.sub(known, "", text)
    assert set(re.findall("[A-Za-z]{2,}", rest)) <= {"doctype", "html"}
    for label in msgspec.to_builtins(language("zh").ledger_terms).values():
        for one in label.values() if isinstance(label, dict) else [label]:
            for said in one if isinstance(one, list | tuple) else [one]:
                assert HAN.search(said), said
                assert not MIXED.search(said), said


def test_reasons_that_the_guard_writes_have_their_chinese() -> None:
    """Whatever the guard's code gives as a reason is known to the Chinese page."""
    speech = language("zh")
    texts = [path.read_text("utf-8") for path in (ROOT / "src/tokenassay/guard").glob("*.py")]
    begun = r'"((?:the answer|answered|no answer|no price|never sent|ended early)\b[^"\n]*)"'
    said = {why for text in texts for why in re.findall(begun, text)}
    assert len(said) >= 10
    for why in said:
        assert HAN.search(speech.ledger_why(why)), why


def test_a_summary_in_markdown_and_a_notice() -> None:
    found = document("a`b", None)
    text = markdown(found)
    assert text.startswith("### 1,200 calls for 0.25 CNY\n")
    assert text.count("\n| ") >= 3
    assert "次调用" in markdown(found, "zh")
    (notice,) = annotate(found)
    assert notice == "::notice title=Guarded calls%3A calls.db::1,200 calls for 0.25 CNY"


def test_the_json_of_the_command_is_a_document() -> None:
    data = msgspec.json.encode(document("a"))
    assert parse(data) == document("a")
    with pytest.raises(NotADocument, match="is not a ledger"):
        parse(b'{"ledger": "x"}')
