"""Requests whose usage was published: an exact count is never wrong, and most are predicted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tokenassay.estimators.estimating import estimate
from tokenassay.estimators.records import Estimate
from tokenassay.estimators.tokens import count_tokens

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "data" / "published-usage.json").read_text(encoding="utf-8")
)
BY_NAME = {case["case"]: case for case in CASES}
all_cases = pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])


def estimated(case: dict[str, Any]) -> Estimate:
    return estimate(case["request"], as_of=case["as_of"], batch=case["batch"])


@all_cases
def test_a_count_whose_basis_is_exact_is_what_was_billed(case: dict[str, Any]) -> None:
    found = estimated(case)
    if found.basis == "exact":
        assert found.input_tokens == case["input_tokens"]


@all_cases
def test_what_was_billed_lies_in_a_range_that_is_not_a_point(case: dict[str, Any]) -> None:
    found = estimated(case)
    low, high = found.input_range
    if low != high:
        assert low is not None
        assert low <= case["input_tokens"]
        assert high is None or case["input_tokens"] <= high


@all_cases
def test_the_answer_was_no_longer_than_the_ceiling(case: dict[str, Any]) -> None:
    output = estimated(case).output_tokens
    assert output.min <= case["output_tokens"]
    assert output.max is None or case["output_tokens"] <= output.max


def test_most_inputs_are_predicted_and_many_with_certainty() -> None:
    found = [(estimated(case), case["input_tokens"]) for case in CASES]
    assert sum(estimate.input_tokens == billed for estimate, billed in found) >= 21
    assert sum(estimate.basis == "exact" for estimate, _ in found) >= 12


@pytest.mark.parametrize(
    "case",
    [c for c in CASES if c.get("output_complete") and "reasoning_text" not in c],
    ids=lambda case: case["case"],
)
def test_the_tokens_of_a_whole_answer_are_those_of_its_text(case: dict[str, Any]) -> None:
    assert count_tokens(case["output_text"]) == case["output_tokens"]


def test_a_tool_loop_counts_turn_by_turn() -> None:
    """Billed 261, 334 and 388: the second turn is the third without its last two messages."""
    whole = BY_NAME["flash-tools-3"]["request"]
    counts = [
        estimate({**whole, "messages": whole["messages"][:end]}, as_of="2025-11").input_tokens
        for end in (1, 3, 5)
    ]
    assert counts == [261, 334, 388]


@pytest.mark.parametrize("name", ["turbo-tools", "max-tools"])
def test_empty_parameters_of_a_tool_count_as_what_stands_for_them(name: str) -> None:
    found = estimated(BY_NAME[name])
    assert found.input_tokens == BY_NAME[name]["input_tokens"]
    assert found.basis == "modelled"  # fitted to this one request


def test_the_same_text_was_billed_bare_before_the_template_and_with_it_after() -> None:
    request = BY_NAME["turbo-eggs"]["request"]
    assert estimate(request, as_of="2024-02").input_tokens == 12
    assert estimate(request, as_of="2024-04").input_tokens == 25
