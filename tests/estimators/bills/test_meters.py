"""A meter of any constant and factor is found again from its log, odd answers or none."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.estimators.bills import traffic
from tests.house.tree import ROOT
from tokenassay.estimators import estimating
from tokenassay.estimators.bills.judging import Judged
from tokenassay.estimators.bills.reconciling import reconcile
from tokenassay.estimators.bills.weighing import Terms
from tokenassay.estimators.tokens import count_tokens

EDITION = traffic.NATIVE
OUTPUT_PRICE = Decimal("0.002") / 1000
"""Of qwen-plus in 2026, in CNY."""
ANSWER = "The river runs under the old bridge, slowly."


def log(folder: Path, meter: Callable[[int], int], count: int = 60, seed: int = 0) -> str:
    """JSON lines of calls that are billed by a meter of one's own."""
    lines = []
    for body, _ in traffic.bodies(EDITION, count, seed, faults=False):
        counted = estimating.estimate(body, edition=EDITION).input_tokens
        assert counted is not None
        given, made = meter(counted), count_tokens(ANSWER)
        usage = {"input_tokens": given, "output_tokens": made, "total_tokens": given + made}
        output = {"text": ANSWER, "finish_reason": "stop"}
        answer = {"output": output, "usage": usage, "request_id": "r"}
        lines.append(json.dumps({"request": body, "response": answer}))
    path = folder / "log.jsonl"
    path.write_text("\n".join(lines), "utf-8")
    return str(path)


def judged(path: str) -> Judged:
    (found,) = reconcile(path, terms=Terms(edition=EDITION)).models
    return found


@settings(max_examples=25, deadline=None)
@given(st.integers(-5, 400).filter(bool), st.integers(0, 10_000))
def test_a_constant_is_found(constant: int, seed: int) -> None:
    with TemporaryDirectory() as folder:
        found = judged(log(Path(folder), lambda own: own + constant, seed=seed))
    assert (found.verdict, found.drift["input"]) == ("constant surplus", (constant, 1.0, 0.0))
    assert found.drift["output"] == (0, 1.0, 0.0)
    assert found.wrong_calls == found.tally.compared == 60


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from([0.8, 0.95, 1.02, 1.05, 1.1, 1.25, 2.0, 3.5]),
    st.sampled_from([math.ceil, math.floor, round]),
    st.integers(0, 10_000),
)
def test_a_factor_is_found(factor: float, way: Callable[[float], int], seed: int) -> None:
    with TemporaryDirectory() as folder:
        found = judged(log(Path(folder), lambda own: way(own * factor), seed=seed))
    drift = found.drift["input"]
    assert found.verdict == ("inflated" if factor > 1 else "deflated"), found.why
    assert drift.factor is not None
    assert drift.uncertainty is not None
    assert abs(drift.factor - factor) <= max(drift.uncertainty, 1e-9)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 60), st.sampled_from([1.05, 1.2, 2.0]), st.integers(0, 10_000))
def test_both_are_found_together(constant: int, factor: float, seed: int) -> None:
    with TemporaryDirectory() as folder:
        found = judged(log(Path(folder), lambda own: math.floor(own * factor) + constant, 80, seed))
    drift = found.drift["input"]
    assert drift.factor == pytest.approx(factor, abs=0.01)


@pytest.mark.parametrize("percent", [104, 105, 110])
def test_what_another_template_accounts_for_by_chance_is_wrong_all_the_same(
    percent: int, tmp_path: Path
) -> None:
    """Of two templates that the model may have, one is 4 tokens above: so are some of the bills."""
    lines, counts, bills = [], [], []
    for number in range(60):
        asked: Any = [{"role": "user", "content": "river " * (number * 2 + 1)}]
        body: dict[str, Any] = {"model": "qwen-plus", "messages": asked}
        found = estimating.estimate(body, as_of="2026-01-01")
        assert found.input_tokens is not None
        assert found.input_range[1] == found.input_tokens + 4
        counts.append(found.input_tokens)
        bills.append(math.ceil(found.input_tokens * percent / 100))
        usage = {"prompt_tokens": bills[-1], "completion_tokens": count_tokens(ANSWER)}
        choice = {"index": 0, "message": {"content": ANSWER}, "finish_reason": "stop"}
        answer = {"choices": [choice], "usage": usage}
        lines.append(json.dumps({"request": body, "response": answer, "time": "2026-01-01"}))
    assert any(bill == own + 4 for own, bill in zip(counts, bills, strict=True))
    path = tmp_path / "log.jsonl"
    path.write_text("\n".join(lines), "utf-8")
    (model,) = reconcile(str(path)).models
    assert model.drift["input"].factor == percent / 100
    assert model.wrong_calls == sum(own != bill for own, bill in zip(counts, bills, strict=True))
    assert model.counted_input == sum(counts)
    assert model.tally.counted_billed_input == sum(bills)
    (amounts,) = model.tally.bill.to_dict(model.kinds)["amounts"].values()
    spent = Decimal(amounts["billed"]) - Decimal(60 * count_tokens(ANSWER)) * OUTPUT_PRICE
    assert Decimal(amounts["overpaid"]) * sum(bills) == spent * (sum(bills) - sum(counts))


@settings(max_examples=10, deadline=None)
@given(st.sampled_from([0, 14]), st.integers(0, 59), st.integers(0, 10_000))
def test_one_odd_answer_changes_no_verdict_but_is_named(constant: int, at: int, seed: int) -> None:
    answers = iter(range(60))

    def meter(own: int) -> int:
        return own + constant + (777 if next(answers) == at else 0)

    with TemporaryDirectory() as folder:
        found = judged(log(Path(folder), meter, seed=seed))
    assert found.verdict == ("constant surplus" if constant else "agrees")
    assert found.drift["input"] == (constant, 1.0, 0.0)
    if not constant:
        assert [call.place.line for call in found.wrong] == [at + 1]
        assert found.why.endswith("but for single calls")


def test_noise_is_erratic(tmp_path: Path) -> None:
    dice = random.Random(3)
    found = judged(log(tmp_path, lambda own: own + dice.randint(-9, 30)))
    assert found.verdict == "erratic"
    assert found.wrong_calls > 40


def test_few_calls_prove_no_law_but_each_is_named(tmp_path: Path) -> None:
    found = judged(log(tmp_path, lambda own: own + 7, count=3))
    assert (found.verdict, found.wrong_calls) == ("inconclusive", 3)
    assert judged(log(tmp_path, lambda own: own, count=1)).verdict == "agrees"


def test_thinking_and_cached_tokens_are_told_apart(tmp_path: Path) -> None:
    body: dict[str, Any] = {
        "model": "qwen-plus",
        "messages": [{"role": "user", "content": "Why is the sky blue?"}],
        "enable_thinking": True,
    }
    thought = "The sky scatters short waves more."
    counted = estimating.estimate(body).input_tokens
    assert counted is not None
    made = count_tokens(thought) + count_tokens(ANSWER) + 4
    message = {"role": "assistant", "content": ANSWER, "reasoning_content": thought}
    usage = {
        "prompt_tokens": counted,
        "completion_tokens": made,
        "total_tokens": counted + made,
        "prompt_tokens_details": {"cached_tokens": 8},
        "completion_tokens_details": {"reasoning_tokens": count_tokens(thought)},
    }
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    answer = {"id": "c", "object": "chat.completion", "choices": [choice], "usage": usage}
    path = tmp_path / "log.jsonl"
    path.write_text(json.dumps({"request": body, "response": answer}) + "\n", "utf-8")
    (found,) = reconcile(str(path)).models
    tally = found.tally
    assert (tally.cached, tally.reasoning) == (8, count_tokens(thought))
    assert (found.verdict, found.wrong_calls) == ("agrees", 0)
    assert tally.counted_output == made


@pytest.mark.parametrize(("more", "verdict"), [(0, "agrees"), (4, "agrees"), (30, "inflated")])
def test_thoughts_that_are_shown_are_held_to_their_tokens(
    more: int, verdict: str, tmp_path: Path
) -> None:
    """The sum is right in each case; the part of it that is called thinking may not be."""
    lines = []
    for number in range(8):
        thought = "The sky scatters short waves more. " * (number + 1)
        body: dict[str, Any] = {
            "model": "qwen-plus",
            "messages": [{"role": "user", "content": "Why is the sky blue?"}],
            "enable_thinking": True,
        }
        told = count_tokens(thought)
        made = told + count_tokens(ANSWER * 4) + 4
        usage = {
            "prompt_tokens": estimating.estimate(body).input_tokens,
            "completion_tokens": made,
            "completion_tokens_details": {"reasoning_tokens": told + more},
        }
        message = {"content": ANSWER * 4, "reasoning_content": thought}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        lines.append(
            json.dumps({"request": body, "response": {"choices": [choice], "usage": usage}})
        )
    path = tmp_path / "log.jsonl"
    path.write_text("\n".join(lines), "utf-8")
    (found,) = reconcile(str(path)).models
    assert found.verdict == verdict, found.why
    assert found.tally.told_thoughts == found.tally.counted_thoughts + 8 * more


def test_published_answers_agree(tmp_path: Path) -> None:
    """Of real bills whose day is known none is called wrong, whatever was asked."""
    published = json.loads((ROOT / "tests/data/published-usage.json").read_text("utf-8"))
    cases = [case for case in published if case["as_of"] is not None]
    assert len(cases) > 10
    path = tmp_path / "published.jsonl"
    path.write_text("".join(json.dumps(_published(case)) + "\n" for case in cases), "utf-8")
    found = reconcile(str(path))
    assert (found.calls, found.fault_count, found.uncounted_count) == (len(cases), 0, 0)
    for model in found.models:
        assert (model.verdict, model.wrong_calls) == ("agrees", 0), model.why


def _published(case: dict[str, Any]) -> dict[str, Any]:
    native = "input" in case["request"]
    names = ("input_tokens", "output_tokens")
    wire = names if native else ("prompt_tokens", "completion_tokens")
    figures = {ours: case[name] for ours, name in zip(wire, names, strict=True)}
    usage = {name: value for name, value in figures.items() if value is not None}
    message = {"content": case.get("output_text") or ""}
    if case.get("reasoning_text"):
        message["reasoning_content"] = case["reasoning_text"]
    reason = "stop" if case.get("output_complete") else None
    holder = {"choices": [{"index": 0, "message": message, "finish_reason": reason}]}
    answer = {"output": holder, "usage": usage} if native else {**holder, "usage": usage}
    return {"request": case["request"], "response": answer, "time": case.get("as_of")}
