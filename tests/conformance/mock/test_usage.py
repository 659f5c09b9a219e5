"""The honest meter: usage is what is counted here, for whatever conversation."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conformance.mock.wires import Native, call_app, events
from tokenassay.conformance.mock.app import choose_editions, make_app, path_of
from tokenassay.conformance.mock.lies.probes import request_of
from tokenassay.conformance.mock.lies.registry import Probe
from tokenassay.contracts import store
from tokenassay.estimators.estimating import estimate
from tokenassay.estimators.tokens import count_tokens

WORDS = st.text(
    st.one_of(
        st.characters(codec="utf-8", max_codepoint=0x2FFF),
        st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5),
        st.sampled_from("abc de, 。\n<|>"),
    ),
    min_size=1,
    max_size=60,
).filter(str.strip)
NATIVE = [id for id in store.headers() if store.load_edition(id).surface == "native"]
COUNTED = [id for id in NATIVE if not id.startswith("baichuan")]
"""Editions whose models have a vocabulary at hand."""


@st.composite
def conversations(draw: st.DrawFn) -> list[dict[str, str]]:
    """A legal conversation: a system message at times, then user and assistant by turns."""
    turns = draw(st.integers(0, 3))
    messages = [{"role": "system", "content": draw(WORDS)}] if draw(st.booleans()) else []
    for _ in range(turns):
        messages.append({"role": "user", "content": draw(WORDS)})
        messages.append({"role": "assistant", "content": draw(WORDS)})
    return [*messages, {"role": "user", "content": draw(WORDS)}]


@pytest.mark.parametrize("edition", COUNTED)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(messages=conversations(), cap=st.none() | st.integers(1, 80), stream=st.booleans())
def test_usage_equals_the_local_count(
    edition: str, messages: list[dict[str, str]], cap: int | None, stream: bool
) -> None:
    chosen = choose_editions([edition])
    served = chosen[0].edition
    stream = stream and edition != "computevault-gateway@2025"
    parameters = {} if cap is None else {"max_tokens": cap}
    asked = request_of(served, Probe(parameters, messages=tuple(messages), stream=stream))
    heard = call_app(
        make_app(chosen), asked.method, path_of(served) + asked.path, asked.body, asked.headers
    )
    body = events(heard.body.decode())[-1].data if stream else json.loads(heard.body)
    usage = body["usage"]
    expected = estimate(asked.body, edition=edition, as_of=served.date)
    assert usage["input_tokens"] == expected.input_tokens
    assert usage["output_tokens"] == count_tokens(_text(body))
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
    if cap is not None:
        assert usage["output_tokens"] <= cap


def _text(body: Any) -> str:
    output = body["output"]
    choices = output.get("choices")
    text = choices[0]["message"]["content"] if choices else output["text"]
    assert isinstance(text, str)
    return text


@pytest.mark.parametrize("example", ["single_turn", "first_of_two_turns"])
def test_the_pages_own_samples_cost_what_the_page_says(old: Native, example: str) -> None:
    clause: Any = store.load_edition("qwen-dashscope@2024-04").clause(f"usage.example_{example}")
    answer = old.ask(clause.given["messages"], model=clause.given["model"]).json()
    assert answer["usage"]["input_tokens"] == clause.expected["input_tokens"]


def test_a_tool_call_costs_the_tokens_of_the_call(new: Native) -> None:
    tool = {"type": "function", "function": {"name": "get_time", "parameters": {}}}
    asked: dict[str, Any] = {"tools": [tool], "result_format": "message", "model": "qwen-plus"}
    body = new.ask("What time is it?", **asked).json()
    expected = estimate(
        {
            "model": "qwen-plus",
            "input": {"messages": [{"role": "user", "content": "What time is it?"}]},
            "parameters": {"tools": [tool], "result_format": "message"},
        },
        edition="qwen-dashscope@2026",
        as_of=store.load_edition("qwen-dashscope@2026").date,
    )
    assert body["usage"]["input_tokens"] == expected.input_tokens
    (call,) = body["output"]["choices"][0]["message"]["tool_calls"]
    written = f'\n{{"name": "get_time", "arguments": {call["function"]["arguments"]}}}\n'
    assert body["usage"]["output_tokens"] == count_tokens(written) + 2
