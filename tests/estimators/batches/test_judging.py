"""A line comes to what an estimate of it alone comes to."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.estimators.batches.making import BODIES, NATIVE, chat, parsed
from tokenassay.contracts.errors import UnknownEdition
from tokenassay.estimators.batches import Asked, BadLine, Judge
from tokenassay.estimators.batches.tallies import Size
from tokenassay.estimators.batches.totals import cost_of
from tokenassay.estimators.estimating import estimate
from tokenassay.estimators.tokens import count_tokens

TERMS: list[dict[str, Any]] = [
    {},
    {"output_tokens": 7},
    {"as_of": "2025-07-01"},
    {"model": "qwen-turbo"},
    {"edition": "qwen-openai@2026"},
]


@pytest.mark.parametrize("terms", TERMS, ids=str)
@settings(deadline=None)  # the first of a model loads its edition
@given(body=BODIES | NATIVE)
def test_a_line_is_estimated_as_it_is_alone(terms: dict[str, Any], body: dict[str, Any]) -> None:
    judge = Judge(Asked(**terms))
    line = parsed(json.dumps(body))
    alone = estimate(body, batch=True, **terms)
    found, tokens, kind = judge.judge(line)
    assert found is not None
    assert found.to_dict() == alone.to_dict()
    assert tokens == alone.input_tokens
    low, high = alone.input_range
    output = alone.output_tokens
    size = Size(tokens, low, high, output.min, output.max, alone.basis)
    assert cost_of(judge.pricing(kind, batch=True), size)[0] == alone.cost
    live = estimate(body, batch=False, **terms)
    assert cost_of(judge.pricing(kind, batch=False), size)[0] == live.cost


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["qwen-plus", "qwen-turbo", "qwen-max"]), st.booleans())))
def test_kinds_are_told_apart_in_any_order(asked: list[tuple[str, bool]]) -> None:
    judge = Judge(Asked())
    for model, thinks in asked:
        line = parsed(chat("a", model=model, enable_thinking=thinks))
        kind = judge.judge(line).kind
        assert kind.model == model
        assert judge.plan("openai", model).thinks({"enable_thinking": thinks}) == kind.thinks


def test_a_text_alone_is_counted_and_has_no_price() -> None:
    judge = Judge(Asked())
    found, tokens, kind = judge.judge(parsed('{"text": "苹果 <|im_end|>"}'))
    assert found is None
    assert tokens == count_tokens("苹果 <|im_end|>")
    assert judge.pricing(kind, batch=True).tariff is None


@pytest.mark.parametrize(
    ("model", "edition"),
    [("qwen-plus", "qwen-openai@2026"), ("baichuan2-7b-chat-v1", "baichuan-dashscope@2024")],
)
def test_a_text_is_one_user_message_to_the_model(model: str, edition: str) -> None:
    found, _, kind = Judge(Asked(model=model)).judge(parsed('{"text": "hi"}'))
    assert found is not None
    assert found.edition == edition
    assert not found.refused
    messages = [{"role": "user", "content": "hi"}]
    if kind.surface == "openai":
        body: dict[str, Any] = {"model": model, "messages": messages}
    else:
        settings = {"result_format": "message"}
        body = {"model": model, "input": {"messages": messages}, "parameters": settings}
    assert found.input_tokens == estimate(body, batch=True).input_tokens


def test_what_nobody_knows_is_a_bad_line() -> None:
    judge = Judge(Asked())
    for line, why in [
        (chat("a", model="nope"), "unknown model 'nope'"),
        ('{"body": {"model": 3, "messages": []}}', "names no model"),
        ('{"model": "qwen-plus", "prompt": "a"}', "expected a request body"),
    ]:
        with pytest.raises(BadLine, match=why):
            judge.judge(parsed(line))


def test_terms_that_can_not_be_had() -> None:
    with pytest.raises(UnknownEdition):
        Judge(Asked(edition="nope"))
    with pytest.raises(ValueError, match="expected a date"):
        Judge(Asked(as_of="soon"))


def test_a_batch_costs_half() -> None:
    judge = Judge(Asked(output_tokens=100))
    found, tokens, kind = judge.judge(parsed(chat("a", model="qwen-turbo")))
    assert found is not None
    assert tokens is not None
    size = Size(tokens, tokens, tokens, 100, 100, "exact")
    batch, live = (cost_of(judge.pricing(kind, batch=b), size)[0] for b in (True, False))
    assert batch is not None
    assert live is not None
    assert batch.input * Decimal(2) == live.input
