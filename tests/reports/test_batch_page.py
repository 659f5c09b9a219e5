"""The page of a batch: every figure of the document, nothing that is markup, both languages."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.reports.batching import bill, document, figures, quiet, troubled
from tests.reports.test_languages import HAN, MIXED
from tokenassay.reports.charts.bills import bill_picture, bill_scales
from tokenassay.reports.languages import CODES, Code, language
from tokenassay.reports.languages.speech_batches import BatchTerms
from tokenassay.reports.pages.batch import batch_html, build_batch_page

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\u202e\"'"
ENGLISH, CHINESE = language("en"), language("zh")


def verdict(**other: Any) -> str:
    """The verdict on a document with such fields, in English."""
    return ENGLISH.batch_verdict(document(quiet(**other)))


def test_the_verdict_has_lines_tokens_costs_and_what_stands_against_them() -> None:
    assert verdict() == (
        "1,201 lines with 45,001 to 46,002 input tokens (1 exact, 1,200 modelled) cost "
        "0.50 to 2.25 CNY in a batch and 0.75 to 4.50 CNY live; "
        "nothing documented stands against it."
    )
    said = ENGLISH.batch_verdict(document(troubled()))
    assert said.endswith(
        "808 lines would be refused, 1 rule on batches is broken, its cost can't be held to "
        "0.25 CNY, 513 lines can't be read and 1 file can't be read to the end."
    )
    assert CHINESE.batch_verdict(document(quiet())) == (
        "1,201 行共 45,001 至 46,002 个输入 Token\uff081 行精确\uff0c1,200 行按模板推算\uff09"
        "\uff0c批量调用费用 0.50 至 2.25 元\uff0c实时调用费用 0.75 至 4.50 元\uff1b"
        "文档中没有规定妨碍发送。"
    )
    assert not MIXED.search(CHINESE.batch_verdict(document(troubled())))


@pytest.mark.parametrize(
    ("amount", "cost", "said"),
    [
        ("2.25", bill(), "nothing documented"),
        ("2.24", bill(), "it may pass 2.24 CNY"),
        ("9", bill(high=None), "its cost can't be held to 9.00 CNY"),
        ("9", bill(unpriced=1), "its cost can't be held to 9.00 CNY"),
        ("9", {"amounts": {}, "unpriced_lines": 2, "unpriced": {"x": 2}}, "can't be held to"),
    ],
)
def test_a_ceiling_is_held_to_the_batch_price(amount: str, cost: dict[str, Any], said: str) -> None:
    asked = {**quiet()["asked"], "max_cost": {"amount": amount, "currency": "CNY"}}
    assert said in verdict(asked=asked, cost={"batch": cost, "live": bill()})


def test_an_unknown_is_never_a_number() -> None:
    none = {"amounts": {}, "unpriced_lines": 1201, "unpriced": {"x": 1201}}
    written = quiet(
        cost={"batch": none, "live": bill(high=None)},
        input_range=[45001, None],
        output_tokens={"min": 0, "max": None},
    )
    said = ENGLISH.batch_verdict(document(written))
    assert "at least 45,001 input tokens" in said
    assert "cost an unknown amount in a batch and at least 0.75" not in said
    assert "cost an unknown amount in a batch and at least 0.50 CNY live" in said
    page = build_batch_page(document(written), ENGLISH)
    assert [figure.value for figure in page.figures][2:4] == ["unknown", "unknown"]
    assert "no known ceiling" in [fact.value for fact in page.facts]


def test_files_without_a_line_are_told() -> None:
    written = quiet(lines=0, distribution=None, bad_line_count=3, longest=[], basis={})
    page = build_batch_page(document(written), ENGLISH)
    assert page.verdict == "No line could be counted: 3 lines can't be read."
    assert [listing.id for listing in page.listings] == ["files"]
    assert batch_html(document(written), "zh")


def numbers(value: Any) -> set[int]:
    """Every whole number in plain data."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return set().union(*map(numbers, value)) if value else set()
    return {value} if isinstance(value, int) and not isinstance(value, bool) else set()


PARTS_OF_AMOUNTS = 1200
"""How many lines of a sum have a price: the page tells those that have none."""


@pytest.mark.parametrize("code", CODES)
def test_every_figure_of_the_document_is_on_the_page(code: Code) -> None:
    page = batch_html(document(troubled()), code)
    text = re.sub(r"<(style|script)\b.*?</\1>|<[^>]*>", " ", page, flags=re.S)
    shown = {int(found.replace(",", "")) for found in re.findall(r"\d[\d,]*", text)}
    assert numbers(troubled()) - {PARTS_OF_AMOUNTS, 45001} <= shown
    for amount in ("0.50", "2.25", "0.25", "37.5", "0.75", "4.50"):
        assert amount in text
    assert "2026-01-02" in text


@pytest.mark.parametrize("code", CODES)
def test_no_markup_from_a_file_and_the_same_bytes_every_time(code: Code) -> None:
    page = batch_html(document(troubled(HOSTILE)), code)
    assert page == batch_html(document(troubled(HOSTILE)), code)
    assert page.count("<script") == 2
    assert "<img" not in page
    assert "\u202e" not in page
    assert not re.search(r"(?:src|href)=\"(?!#)", page)
    links = set(re.findall(r'href="#([^"]+)"', page))
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert links <= set(ids)
    assert len(ids) == len(set(ids))


def test_what_is_not_listed_is_told() -> None:
    bad = [{"file": "a.jsonl", "line": at, "why": "no JSON"} for at in range(1, 301)]
    page = build_batch_page(document(quiet(bad_lines=bad, bad_line_count=1300)), ENGLISH)
    (listing,) = [listing for listing in page.listings if listing.id == "bad"]
    assert len(listing.rows) == 200
    assert listing.rest == "1,100 more are not listed here."


def test_the_file_is_named_where_there_are_several() -> None:
    one = build_batch_page(document(quiet()), ENGLISH)
    several = build_batch_page(document(troubled()), ENGLISH)
    for page, named in ((one, False), (several, True)):
        (longest,) = [listing for listing in page.listings if listing.id == "longest"]
        assert ("File" in [column.name for column in longest.columns]) is named


def test_bars_share_a_scale_and_an_open_end_has_an_arrow() -> None:
    rows = document(troubled())
    cost = rows.groups[0].cost
    scales = bill_scales([cost])
    picture = bill_picture(cost, scales, id="x", title="t", says="s")
    assert picture is not None
    widths = [float(dict(mark.attributes)["width"]) for mark in picture.marks]
    assert widths[2] == 280
    assert widths[0] == widths[2] / 2
    assert widths[1] < widths[3]
    open_end = bill_picture(rows.cost, scales, id="x", title="t", says="s")
    assert open_end is not None
    assert [mark.tag for mark in open_end.marks].count("line") == 4
    assert bill_picture(cost, {}, id="x", title="t", says="s") is None


def test_groups_come_with_their_sum() -> None:
    written = quiet(groups=[{"group": name, **figures()} for name in "ab"])
    (cost,) = (x for x in build_batch_page(document(written), ENGLISH).listings if x.id == "cost")
    assert [row[0].text for row in cost.rows] == ["a", "b", "all"]
    assert [row[1].picture is None for row in cost.rows] == [False, False, True]


def test_chinese_is_chinese() -> None:
    terms = CHINESE.batch_terms
    same = {"custom_id"}
    for field in BatchTerms.__struct_fields__:
        value = getattr(terms, field)
        for text in (
            [value]
            if isinstance(value, str)
            else value.values()
            if isinstance(value, dict)
            else value
        ):
            assert HAN.search(text) or text in same or text == "Token 数", text
            assert not MIXED.search(text), text
