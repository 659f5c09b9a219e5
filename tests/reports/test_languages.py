"""Both languages say everything, each in its own words, with the same figures."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.reports import auditing, making
from tests.reports.estimating import estimates
from tokenassay.conformance.compare.facets import TITLES
from tokenassay.conformance.measures import Fit, fit
from tokenassay.conformance.outcomes import WORST_FIRST
from tokenassay.contracts.clauses import Family
from tokenassay.reports.comparisons import compared
from tokenassay.reports.languages import CODES, language
from tokenassay.reports.languages.terms import Terms
from tokenassay.reports.tallies import bounds, tallies

HAN = re.compile("[\u4e00-\u9fff]")
MIXED = re.compile("[\u4e00-\u9fff] ?[,;:?!]|[,;:?!] ?[\u4e00-\u9fff]")
"""Western punctuation beside a Chinese character."""


MARKS = {"colon", "comma", "stop"}


def texts(terms: Terms) -> list[str]:
    """All labels but the marks that stand between them."""
    found: list[str] = []
    for name in Terms.__struct_fields__:
        value = getattr(terms, name)
        if name in MARKS:
            continue
        if isinstance(value, str):
            found.append(value)
        else:
            found += value.values() if isinstance(value, dict) else value
    return found


@pytest.mark.parametrize("code", CODES)
def test_every_label_is_there(code: str) -> None:
    terms = language("zh" if code == "zh" else "en").terms
    assert all(text.strip() == text and text for text in texts(terms))
    assert set(terms.outcomes) == set(terms.outcome_help) == set(WORST_FIRST)
    assert set(terms.families) == set(Family.__args__)  # type: ignore[attr-defined]
    assert set(terms.levels) == {"must", "should", "unspecified"}


def test_chinese_is_chinese() -> None:
    plain = {"p50", "Token"}
    for text in texts(language("zh").terms):
        assert HAN.search(text) or text in plain, text
        assert not MIXED.search(text), text


SAID = [
    (fit([(10, 10), (20, 20)]), "exactly", "分毫不差", {"2"}),
    (fit([(10, 24), (20, 34)]), "14 input tokens more", "多计 14 个", {"14", "2"}),
    (fit([(10, 9), (20, 19)]), "1 input token fewer", "少计 1 个", {"1", "2"}),
    (fit([(10, 11), (20, 22)]), "from +1 to +2", "+1 到 +2", {"1", "2", "1.1", "0"}),
    (fit([(10, 12)]), "2 input tokens more than counted, in each of 1 request.", "", {"2", "1"}),
]


@pytest.mark.parametrize(("found", "english", "chinese", "figures"), SAID)
def test_the_meter_in_words(
    found: Fit | None, english: str, chinese: str, figures: set[str]
) -> None:
    assert found is not None
    said = language("en").metering(found), language("zh").metering(found)
    assert english in said[0]
    assert chinese in said[1]
    for sentence in said:
        assert set(re.findall(r"\d+(?:\.\d+)?", sentence)) == figures


def test_all_sentences_of_a_run() -> None:
    made = [
        making.promise("a"),
        making.promise("b", "violated"),
        making.promise("c", "non-strict"),
        making.promise("d", "observed"),
        making.promise("e", "inconclusive"),
        making.promise("f", "not-run"),
        making.promise("temperature_above_its_range_is_refused", "violated"),
    ]
    run = making.document(made, bounds=[("temperature", "[0, 2)", "[0, 5]")])
    counted = tallies(run)
    (found,) = bounds(run)
    for code, parts in {
        "en": (
            "qwen-turbo at gateway kept 1 of 4 promises.",
            "It broke 2 and kept 1 less strictly than it should.",
            (
                "Beside these: 1 only observed, for the documents leave them open; "
                "1 could not be told; 1 not run."
            ),
            "It takes temperature in [0, 5]; documented is [0, 2).",
            "0.0123 of 0.50 CNY",
            "the suite caught 211 of 212 lies, with no false alarm",
        ),
        "zh": (
            "gateway 的 qwen-turbo 在 4 条承诺中守住了 1 条。",
            "违约 2 条\uff0c另有 1 条本该做到而没有做到。",
            "此外\uff0c1 条文档没有说清\uff0c只作记录\uff0c1 条无法判定\uff0c1 条没有检验。",
            "temperature 实际接受 [0, 5]\uff0c文档所写是 [0, 2)。",
            "0.0123 元\uff0c预算 0.50 元",
            "212 种谎言识破 211 种",
        ),
    }.items():
        speech = language("zh" if code == "zh" else "en")
        said = [
            speech.verdict(counted),
            speech.breaches(counted[0]) or "",
            speech.undecided(counted[0]) or "",
            speech.bounding(found),
            speech.spent(run.spend),
            speech.score(run),
        ]
        for sentence, part in zip(said, parts, strict=True):
            assert part in sentence


def test_a_run_without_promises_speaks_of_none() -> None:
    row = making.target("gateway", (), complete=False, stop_reason="cut off")
    (cut,) = tallies(making.document(targets=[row], promises=[making.promise(target="other")]))
    assert language("en").partial(cut) == "The run of gateway is partial: cut off."
    assert language("zh").partial(cut).endswith("不完整：cut off。")


def test_what_is_single_is_said_so() -> None:
    one = tallies(making.document([making.promise()]))
    assert language("en").verdict(one) == "qwen-turbo at gateway kept its only promise."
    assert language("en").unrun(1, "why").startswith("1 promise:")


def test_none_kept_is_said_so() -> None:
    made = [making.promise("a", "violated")]
    english, chinese = language("en"), language("zh")
    one = tallies(making.document(made))
    assert english.verdict(one).endswith("did not keep the one promise that was decided.")
    two = tallies(making.document([*made, making.promise("b", "violated")]))
    assert english.verdict(two) == "qwen-turbo at gateway kept none of 2 promises."
    assert chinese.verdict(two) == "gateway 的 qwen-turbo 的 2 条承诺一条也没有守住。"


def test_endpoints_compared() -> None:
    made = [making.promise(target=name) for name in "ab"]
    speech = language("en"), language("zh")
    assert speech[0].verdict(tallies(making.document(made))).startswith("All 2 endpoints kept")
    made.append(making.promise("x", "violated", target="b"))
    assert speech[0].verdict(tallies(making.document(made))) == (
        "1 of 2 endpoints kept every promise that could be decided; b kept 1 of 2."
    )
    made.append(making.promise("x", "violated", target="a"))
    assert speech[0].verdict(tallies(making.document(made))).startswith("None of 2 endpoints")
    assert "没有一个完全守约" in speech[1].verdict(tallies(making.document(made)))


def test_estimates_in_words() -> None:
    english, chinese = language("en"), language("zh")
    assert english.estimate_verdict(estimates(1)) == (
        "qwen-turbo reads 25 tokens and charges 0.0002 to 0.0122 CNY."
    )
    assert chinese.estimate_verdict(estimates(1)) == (
        "qwen-turbo 读入 25 个 Token\uff0c费用 0.0002 至 0.0122 元。"
    )
    vague = estimates(3).estimates[2]
    assert english.cost_of(vague) == "unknown"
    assert english.input_of(vague) == "an unknown number of"
    assert chinese.output_of(vague) == "至少 5 个 Token"


@pytest.mark.parametrize("amount", ["0", "0.5", "1234.5", "0.00000375", "10.00"])
def test_money_keeps_every_digit(amount: str) -> None:
    shown = language("en").money(amount, "CNY")
    assert shown.endswith(" CNY")
    assert float(shown.removesuffix(" CNY").replace(",", "")) == float(amount)


VERDICTS = [
    ("inflated", {"factor": 1.1}, "bills 1.1 times the input tokens", "本地计数的 1.1 倍"),
    ("inflated", {}, "bills more input tokens than", "比本地计数多"),
    ("deflated", {"factor": 0.0}, "bills 0 input tokens", "一律计为 0"),
    ("deflated", {}, "fewer input tokens", "比本地计数少"),
    ("constant surplus", {"surplus": -2}, "2 input tokens too few", "少计 2 个"),
    ("constant surplus", {"surplus": 1}, "bills 1 input token too many", "多计 1 个"),
    ("constant surplus", {}, "in many requests", "许多请求"),
    ("other tokenizer", {}, "another tokenizer", "分词器"),
    ("recounted by stream", {}, "of streams", "流式"),
    ("swapped", {}, "input as output", "输入算作输出"),
    ("errors billed", {}, "that it refuses", "被拒绝"),
    ("erratic", {}, "by no rule", "没有规律"),
]


@pytest.mark.parametrize(("verdict", "fields", "english", "chinese"), VERDICTS)
def test_meters_in_words(verdict: str, fields: dict[str, Any], english: str, chinese: str) -> None:
    found = auditing.finding(verdict, **fields)
    document = auditing.audit(verdict=verdict, findings=[found])
    assert english in language("en").audit_verdict(document)
    assert chinese in language("zh").audit_verdict(document)
    assert not MIXED.search(language("zh").audit_verdict(document))


def test_nothing_told_of_a_meter_says_why() -> None:
    made = auditing.audit(verdict="inconclusive", why="no answer tells usage", findings=[])
    assert language("en").audit_verdict(made).endswith("gateway: no answer tells usage.")
    assert "得不出结论" in language("zh").audit_verdict(made)


def test_what_can_differ_has_a_name_in_both_languages() -> None:
    for code in CODES:
        terms = language("zh" if code == "zh" else "en").terms
        assert set(terms.facets) >= set(TITLES)
        assert set(terms.bands) >= {facet.partition(".")[0] for facet in TITLES}


def test_comparisons_in_words() -> None:
    english, chinese = language("en"), language("zh")
    alike = compared(making.comparison([]))
    assert english.comparison_verdict(alike) == "2 endpoints answered the same requests alike."
    assert chinese.comparison_verdict(alike) == "2 个接口对同样的请求应答一致。"
    one = compared(making.comparison([making.difference()]))
    assert english.comparison_verdict(one) == (
        "1 difference parts 2 endpoints; it goes against the documents."
    )
    expected = compared(making.comparison([making.difference(documented=True)]))
    assert english.comparison_verdict(expected).endswith(", as their documents say.")
    assert english.unlikeness(one, "gateway-b") == (
        "gateway-b stands apart in 1 way, against the documents."
    )
    assert chinese.unlikeness(one, "gateway-b") == "gateway-b 有 1 处与众不同\uff0c与文档不符。"
    assert english.unlikeness(one, "gateway-a") == "gateway-a answers as the others do."
