"""Models known by the form of their names: counted like their kin, never priced, typos refused."""

from __future__ import annotations

from typing import Any

import pytest

from tokenassay.contracts.errors import UnknownModel
from tokenassay.estimators.estimating import estimate

USER = {"role": "user", "content": "你好"}


def chat(model: str, *messages: dict[str, Any]) -> dict[str, Any]:
    return {"model": model, "messages": list(messages) or [USER]}


@pytest.mark.parametrize(
    ("model", "tokens"),
    [
        ("qwen-plus-2025-07-28", 9),
        ("qwen-turbo-2025-07-15", 13),  # with an empty think block
        ("qwen-max-2024-09-19", 20),  # with a system message added
        ("qwen2.5-32b-instruct", 9),  # as was billed in May 2025
        ("qwen2-7b-instruct", 20),
        ("qwen3-8b", 9),  # which thinks unless told not to
        ("qwen-vl-max", 9),
    ],
)
@pytest.mark.parametrize("native", [False, True])
def test_a_known_form_is_counted_by_its_template(model: str, tokens: int, native: bool) -> None:
    body: dict[str, Any] = chat(model)
    if native and model != "qwen-vl-max":  # which has a path of its own there
        body = {"model": model, "input": {"messages": [USER]}, "parameters": {}}
    found = estimate(body)
    low, high = found.input_range
    assert found.input_tokens == tokens
    assert low is not None
    assert high is not None
    assert low <= tokens <= high
    assert found.basis == "modelled"
    assert "by the form of its name" in found.basis_why
    assert found.refusals == ()
    assert found.cost is None
    assert found.cost_why == f"no price of {model} is known"


def test_a_snapshot_keeps_the_template_of_its_day() -> None:
    counts = {day: estimate(chat("qwen-max-2024-09-19"), as_of=day) for day in ("2024-10", "2026")}
    assert {found.input_tokens for found in counts.values()} == {20}
    assert counts["2026"].input_range == (9, 20)


def test_thinking_of_an_open_model() -> None:
    assert estimate({**chat("qwen3-8b"), "enable_thinking": False}).input_range == (9, 13)


@pytest.mark.parametrize("edition", [None, "qwen-openai@2026"])
@pytest.mark.parametrize("model", ["qwen-turbo-", "qwen-plus-2025-13-01", "qwen3.5-plus-x"])
def test_a_name_that_only_a_pattern_covers_is_unknown(model: str, edition: str | None) -> None:
    with pytest.raises(UnknownModel, match="unknown model"):
        estimate(chat(model), edition=edition)


def test_a_pattern_of_ones_own_contract_covers_any_name(tmp_path: Any) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "edition: mine@2026\nextends: qwen-openai@2026\nmodels: [house-*]\nclauses: []\n"
    )
    found = estimate(chat("house-7"), contract=path)
    assert found.basis == "approximate"


def test_an_alias_within_ones_own_contract(tmp_path: Any) -> None:
    """Rows come from the other model of the file, or of our own lists, each with its source."""
    path = tmp_path / "mine.yaml"
    path.write_text(
        """
edition: mine@2026
extends: qwen-openai@2026
models: [big, big-alias, turbo-alias]
sources:
  own: {provider: me, title: Price list of mine, published: "2026", trust: document}
clauses: []
model_rows:
- id: big
  family: mine
  tokenizer: qwen
  prices:
  - source: own
    since: "2026"
    region: here
    currency: CNY
    tiers: [{input_per_1k: "1", output_per_1k: "2"}]
- {id: big-alias, family: mine, tokenizer: qwen, alias_of: big}
- {id: turbo-alias, family: mine, tokenizer: qwen, alias_of: qwen-turbo}
"""
    )
    own = estimate(chat("big-alias"), contract=path, output_tokens=1000)
    assert own.cost is not None
    assert own.cost.output_max == 2
    assert "Price list of mine" in own.cost_why
    ours = estimate(chat("turbo-alias"), contract=path, output_tokens=1000)
    assert ours.cost is not None
    assert "third parties" in ours.cost_why


def test_a_batch_thinks_without_a_stream() -> None:
    """One of May 2025 did; of a single call the page says that it may not."""
    body = {**chat("qwen-turbo-latest"), "enable_thinking": True}
    assert [x.clause for x in estimate(body).refusals] == ["enable_thinking.needs_stream"]
    assert estimate(body, batch=True).refusals == ()
