"""Summaries: what an endpoint said is neither markup nor a link nor a call to anybody."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from tests.reports import auditing, making
from tests.reports.estimating import estimates
from tokenassay.reports.markdown import escape, markdown, span


def test_a_summary_of_a_run() -> None:
    run = making.document([making.promise(), making.promise("b", "violated")])
    said = markdown(run)
    assert said.startswith("### qwen-turbo at gateway kept 1 of 2 promises.\n")
    assert "| 1 / 2 | 1 | 40 | 0.0123 of 0.50 CNY | 211 / 212 |" in said
    assert "- **b** (violated)" in said
    assert "Observed: `400 InvalidParameter`" in said
    assert markdown(run, "zh").startswith("### gateway 的 qwen-turbo")


def test_many_findings_are_cut_short() -> None:
    run = making.document([making.promise(f"p{at}", "violated") for at in range(50)])
    said = markdown(run)
    assert len(re.findall(r"^- \*\*", said, re.MULTILINE)) == 20
    assert "30 more findings" in said


def test_a_summary_of_an_estimate() -> None:
    said = markdown(estimates(3))
    assert "| qwen-turbo | 25 | exact | up to 1,500 | 0.0002 to 0.0122 CNY |" in said
    assert "`parameters.top_p is 0, outside (0, 1.0)`" in said
    assert "qwen-old: gone" in said


def test_a_summary_of_a_comparison() -> None:
    said = markdown(making.comparison())
    assert said.startswith(
        "### 3 differences part 2 endpoints; 1 of them goes against the documents.\n"
    )
    assert "| 2 | 3 | 1 | 81 | 0.0123 of 0.50 CNY |" in said
    assert "| `gateway-b` | 3 | 1 | 41 | 0.0123 CNY | 0 |" in said
    assert "- **gateway-b unlike gateway-a: what is accepted** (not what the documents say)" in said
    assert '  Request: `{"n": 4}`' in said
    assert "  `gateway-b`: `refused: 400 InvalidParameter`" in said
    assert "a stream ends" not in said, "what the documents lead one to expect is only counted"
    assert markdown(making.comparison(), "zh").startswith("### 2 个接口之间有 3 处差异")


def test_a_summary_of_an_audit() -> None:
    said = markdown(auditing.audit())
    assert said.startswith("### qwen-turbo at gateway bills 19 input tokens too many in each")
    assert "| 2,692 | 2,768 | 0.17781 CNY | 55 | 0.02518 CNY |" in said
    assert "| English | 4 | 2,692 | 2,768 | +76 |" in said
    assert "input: exactly 19 tokens too many" in said
    assert "bills exactly what was counted" in markdown(auditing.honest())


@given(st.text(st.characters(categories=None), min_size=1))
def test_a_code_span_holds_its_text(text: str) -> None:
    shown = span(text)
    if shown == "-":
        assert not text.split()
        return
    fence = re.match("`+", shown)
    assert fence is not None
    inside = shown[len(fence[0]) : -len(fence[0])]
    assert shown.endswith(fence[0])
    assert "\n" not in shown
    runs = re.findall("`+", inside)
    assert fence[0] not in runs
    assert not inside.startswith("`")
    assert not inside.endswith("`")


@given(st.text())
def test_escaped_text_has_no_markup(text: str) -> None:
    shown = escape(text)
    assert "\n" not in shown
    bare = re.sub(r"\\.", "", shown)
    assert not set(bare) & set("`*_{}[]<>|~!&\\#"), bare
    assert "://" not in shown
    assert not re.search(r"(?<![A-Za-z0-9])@[A-Za-z0-9]", shown)
