"""Answers: counted as they are sent, cut where they are told, stopped in every form."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenassay.conformance.mock import answers
from tokenassay.conformance.mock.call import Answer, ToolCall
from tokenassay.conformance.mock.stops import find_stop
from tokenassay.conformance.mock.texts import CHINESE, ENGLISH, Stock, language_of
from tokenassay.conformance.mock.tool_calls import call_text, calls_tokens, cut_calls
from tokenassay.conformance.mock.wishes import ANY_OBJECT, Wish
from tokenassay.conformance.mock.written import cut, write
from tokenassay.estimators.requests import Request, read_request
from tokenassay.estimators.tokens import count_tokens, encode, pieces

SEEDS = st.integers(0, 2**64 - 1)
QUESTIONS = st.sampled_from(
    ["Tell me about rivers.", "请介绍一下河流。", "Write a long story.", "简短地说", "", "1+1"]
)


def asked(text: str) -> Request:
    return read_request({"model": "qwen-plus", "messages": [{"role": "user", "content": text}]})


def speak(text: str, wish: Wish | None = None, seed: int = 7) -> Answer:
    return answers.speak(asked(text), wish or Wish(), seed)


def sentences(stock: Stock) -> list[str]:
    return [*stock.openings, *stock.body, *stock.thoughts, stock.after_tool]


@pytest.mark.parametrize("stock", [ENGLISH, CHINESE])
def test_every_beginning_of_a_sentence_keeps_its_tokens(stock: Stock) -> None:
    """So an answer can be cut after any token, and its count is the sum of its parts'."""
    for joiner in ("", stock.joiner, stock.paragraph):
        for sentence in [*sentences(stock), ""]:
            text = joiner + sentence
            ids, raw = encode(text), pieces(text)
            for end in range(len(ids)):
                beginning = b"".join(raw[:end]).decode()
                assert encode(beginning) == ids[:end], (text, end)


@given(QUESTIONS, SEEDS)
def test_tokens_are_those_of_the_text(question: str, seed: int) -> None:
    answer = speak(question, seed=seed)
    assert answer.tokens == count_tokens(answer.text) == answer.marks[-1]
    assert len(answer.pieces) == len(answer.marks)
    assert answer.finish_reason == "stop"


@given(QUESTIONS, SEEDS, st.integers(1, 600))
def test_max_tokens_cuts_to_the_token(question: str, seed: int, most: int) -> None:
    whole = speak(question, seed=seed)
    short = speak(question, Wish(max_tokens=most), seed)
    assert whole.text.startswith(short.text)
    assert count_tokens(short.text) == short.tokens == min(most, whole.tokens)
    assert short.finish_reason == ("length" if most < whole.tokens else "stop")


@given(SEEDS, st.integers(1, 80))
def test_max_tokens_cuts_json_too(seed: int, most: int) -> None:
    short = speak("请用 json 回答", Wish(json_schema=ANY_OBJECT, max_tokens=most), seed)
    assert count_tokens(short.text) == short.tokens <= most


@given(st.text(max_size=200), st.integers(0, 100))
def test_any_text_is_cut_at_or_below_the_limit(text: str, limit: int) -> None:
    short = cut(write(text), limit)
    assert count_tokens(short.text) == short.tokens <= limit
    assert write(text).text.startswith(short.text)


@given(QUESTIONS, SEEDS, st.data())
def test_a_stop_text_ends_the_answer_before_it(question: str, seed: int, data: Any) -> None:
    whole = speak(question, seed=seed).text
    start = data.draw(st.integers(0, len(whole) - 1))
    stop = whole[start : start + data.draw(st.integers(1, 6))]
    stopped = speak(question, Wish(stop=stop), seed)
    assert stopped.text == whole[: whole.index(stop)]
    assert stopped.tokens == count_tokens(stopped.text)
    assert (stopped.finish_reason, stopped.stopped_by) == ("stop", stop)
    assert speak(question, Wish(stop=["\u0000", stop]), seed).text == stopped.text


@given(QUESTIONS, SEEDS, st.data())
def test_token_ids_end_the_answer_before_them(question: str, seed: int, data: Any) -> None:
    whole = speak(question, seed=seed).text
    ids = encode(whole)
    at = data.draw(st.integers(0, len(ids) - 2))
    pair = ids[at : at + 2]
    start = next(n for n in range(len(ids)) if ids[n : n + 2] == pair)
    before = b"".join(pieces(whole)[:start]).decode()
    nested = Wish(stop=[[0, 0], pair])
    assert speak(question, nested, seed).text == before
    assert speak(question, Wish(stop=pair, flat_list="sequence"), seed).text == before
    first = min(ids.index(pair[0]), ids.index(pair[1]))
    earliest = b"".join(pieces(whole)[:first]).decode()
    assert speak(question, Wish(stop=pair, flat_list="any"), seed).text == earliest


@given(st.text(max_size=40), st.recursive(st.integers() | st.text() | st.none(), st.lists))
def test_any_stop_value_ends_well(text: str, stop: Any) -> None:
    found = find_stop(text, stop, "any")
    assert found is None or 0 <= found.offset <= len(text)


def test_the_documents_stop_ids_stop_at_their_words() -> None:
    hello, weather, there = [108386], [104307], [108386, 103924]
    text = "我说你好啊,今天天气不错"
    assert find_stop(text, [*hello, *weather], "any") == (2, "你好")
    assert find_stop(text, [weather], "any") == (8, "天气")
    assert find_stop(text, there, "sequence") == (2, "你好啊")
    assert find_stop("Observ and Observation", [37763, 367], "sequence") is None
    assert find_stop("the Observation", [[37763, 367]], "any") is None  # another token in front
    assert find_stop("Observation", [[37763, 367]], "any") == (0, "Observation")


def test_the_same_question_gets_the_same_words_and_another_seed_others() -> None:
    assert speak("Hi", seed=1) == speak("Hi", seed=1)
    assert len({speak("Hi", seed=n).text for n in range(20)}) > 15


@pytest.mark.parametrize(
    ("text", "stock"),
    [
        ("你好", CHINESE),
        ("hi 你", CHINESE),
        ("a b c 你", ENGLISH),
        ("", ENGLISH),
        ("12", ENGLISH),
    ],
)
def test_the_language_is_that_of_the_question(text: str, stock: Stock) -> None:
    assert language_of(text) is stock


@pytest.mark.parametrize(
    ("question", "low", "high"),
    [
        ("Tell me about tea in 300 words.", 300, 340),
        ("写一篇500字的文章", 500, 540),
        ("A detailed answer, please.", 320, 520),
        ("Answer in one sentence.", 8, 45),
        ("Tell me about tea.", 40, 125),
    ],
)
def test_the_length_is_the_one_asked_for(question: str, low: int, high: int) -> None:
    for seed in range(20):
        assert low <= speak(question, seed=seed).tokens <= high


@given(SEEDS, st.integers(1, 30), st.integers(1, 30))
def test_thinking_has_a_budget_of_its_own(seed: int, budget: int, most: int) -> None:
    wish = Wish(thinking=True, thinking_budget=budget, max_tokens=most)
    answer = speak("Tell me about rivers.", wish, seed)
    thought = "".join(answer.reasoning)
    assert answer.reasoning_marks[-1] == count_tokens(thought) <= budget
    assert answer.marks[-1] == most
    assert answer.tokens == count_tokens(thought) + count_tokens(answer.text)


@given(SEEDS, st.integers(1, 150))
def test_a_cap_on_both_holds_for_both(seed: int, most: int) -> None:
    answer = speak("Tell me about rivers.", Wish(thinking=True, max_completion_tokens=most), seed)
    assert answer.tokens <= most


def test_json_is_json() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    assert json.loads(speak("json", Wish(json_schema=ANY_OBJECT)).text)
    assert isinstance(json.loads(speak("json", Wish(json_schema=schema)).text)["n"], int)


# ------------------------------------------------------------------------------- tools

TOOLS = (
    {"type": "function", "function": {"name": "get_time", "description": "time of day"}},
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "weather of a city",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        },
    },
)


def test_the_function_that_fits_the_words_is_called() -> None:
    answer = speak("What is the weather in Paris?", Wish(tools=TOOLS))
    assert [made.name for made in answer.tool_calls] == ["get_weather"]
    assert (answer.finish_reason, answer.text) == ("tool_calls", "")
    assert answer.tokens == calls_tokens(answer.tool_calls)
    assert [c.name for c in speak("What time is it?", Wish(tools=TOOLS)).tool_calls] == ["get_time"]


def test_a_choice_names_or_forbids_the_function() -> None:
    named = {"type": "function", "function": {"name": "get_time"}}
    forced = speak("the weather", Wish(tools=TOOLS, tool_choice=named))
    assert [made.name for made in forced.tool_calls] == ["get_time"]
    assert speak("the weather", Wish(tools=TOOLS, tool_choice="none")).text


def test_parallel_calls_are_two() -> None:
    made = speak("the weather", Wish(tools=TOOLS, parallel=True)).tool_calls
    assert len({call.id for call in made}) == len(made) == 2


def test_after_a_result_it_answers_in_words() -> None:
    body = {
        "model": "qwen-plus",
        "messages": [
            {"role": "user", "content": "What is the weather?"},
            {"role": "assistant", "content": "", "tool_calls": []},
            {"role": "tool", "content": "sunny"},
        ],
    }
    answer = answers.speak(read_request(body), Wish(tools=TOOLS), 1)
    assert answer.text.startswith(ENGLISH.after_tool)
    assert not answer.tool_calls


@given(st.integers(0, 80))
def test_calls_are_cut_like_text(limit: int) -> None:
    calls = (ToolCall("1", "f", '{"a": "Paris", "b": [1, 2, 3]}'), ToolCall("2", "g", "{}"))
    kept, tokens = cut_calls(calls, limit)
    assert tokens == calls_tokens(kept) <= limit
    assert calls_tokens(calls) == sum(count_tokens(call_text(c)) + 2 for c in calls) + 1
    for made, whole in zip(kept, calls, strict=False):
        assert whole.arguments.startswith(made.arguments)


@pytest.mark.parametrize(
    "tools",
    [
        ({"type": "function"},),
        ({"type": "function", "function": {}},),
        ({"type": "function", "function": {"name": "f", "parameters": None}},),
        ({"type": "function", "function": {"name": "f", "parameters": {"required": ["x"]}}},),
        ({"type": "function", "function": {"name": "f", "description": 3, "required": ["x"]}},),
    ],
)
def test_odd_tools_end_well(tools: Any) -> None:
    answer = speak("x", Wish(tools=tools))
    assert answer.text or json.loads(answer.tool_calls[0].arguments) is not None
