"""A conversation counts as its rendered template does, part by part."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenassay.contracts import store
from tokenassay.estimators.requests import Message, Request, read_request
from tokenassay.estimators.templates import Meter
from tokenassay.estimators.tokens import count_tokens

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="<"), max_size=30) | (
    st.sampled_from(["\n", "\n\nhi", "  \n x", "苹果", "hello world", "1234", "é", "e\u0301", ""])
)
ROLE = st.sampled_from(["system", "user", "assistant"])
MESSAGES = st.lists(st.fixed_dictionaries({"role": ROLE, "content": TEXT}), min_size=1, max_size=5)
PROFILES = tuple(store.profiles().values())
METERS = {profile.id: Meter(profile, count_tokens) for profile in PROFILES}
TOOL = {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"a": 1}}}


def read(messages: list[dict[str, Any]], **parameters: Any) -> Request:
    return read_request({"model": "m", "messages": messages, **parameters})


def messages_of(request: Request) -> tuple[Message, ...]:
    assert request.messages is not None
    return request.messages


def total(meter: Meter, request: Request) -> int:
    return sum(part.tokens for part in meter.parts(request))


def rendered(messages: list[dict[str, Any]]) -> str:
    """The template as text, markers and all: what a server tokenizes."""
    wrapped = [f"<|im_start|>{m['role']}\n{m['content']}<|im_end|>\n" for m in messages]
    return "".join(wrapped) + "<|im_start|>assistant\n"


@given(MESSAGES)
def test_a_conversation_counts_as_its_rendered_text(messages: list[dict[str, Any]]) -> None:
    assert total(METERS["chatml"], read(messages)) == count_tokens(rendered(messages))


@given(MESSAGES)
@pytest.mark.parametrize("meter", METERS.values(), ids=METERS)
def test_the_fast_total_is_the_sum_of_the_parts(meter: Meter, messages: list[Any]) -> None:
    request = read(messages)
    assert meter.total(messages_of(request)) == total(meter, request)


@given(MESSAGES, TEXT, st.data())
def test_more_text_adds_what_it_counts(
    messages: list[dict[str, Any]], more: str, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(messages) - 1))
    longer = [dict(message) for message in messages]
    longer[at]["content"] += more
    before, after = (f"{m[at]['role']}\n{m[at]['content']}" for m in (messages, longer))
    added = total(METERS["chatml"], read(longer)) - total(METERS["chatml"], read(messages))
    assert added == count_tokens(after) - count_tokens(before)


@given(MESSAGES)
def test_the_default_system_message_is_added_only_where_there_is_none(
    messages: list[dict[str, Any]],
) -> None:
    default = {"role": "system", "content": "You are a helpful assistant."}
    own = messages if messages[0]["role"] == "system" else [default, *messages]
    added = total(METERS["chatml-default-system"], read(messages))
    assert added == total(METERS["chatml"], read(own))


@given(MESSAGES)
def test_a_think_block_costs_four(messages: list[dict[str, Any]]) -> None:
    request = read(messages)
    plain, block = METERS["chatml"], METERS["chatml-think-block"]
    assert total(block, request) == total(plain, request) + 4


@given(MESSAGES)
def test_bare_counts_the_contents_alone(messages: list[dict[str, Any]]) -> None:
    contents = sum(count_tokens(message["content"]) for message in messages)
    assert total(METERS["bare"], read(messages)) == contents


def test_partial_mode_leaves_the_last_message_open() -> None:
    messages = [{"role": "user", "content": "Go"}, {"role": "assistant", "content": "on and"}]
    open_end: list[dict[str, Any]] = [messages[0], {**messages[1], "partial": True}]
    rest = "<|im_end|>\n<|im_start|>assistant\n"
    assert total(METERS["chatml"], read(messages)) - count_tokens(rest) == total(
        METERS["chatml"], read(open_end)
    )


def test_partial_holds_for_a_last_assistant_message_only() -> None:
    closed = [{"role": "user", "content": "Go"}]
    opened: list[dict[str, Any]] = [{"role": "user", "content": "Go", "partial": True}]
    assert total(METERS["chatml"], read(opened)) == total(METERS["chatml"], read(closed))


def test_tools_join_the_system_message_or_make_one() -> None:
    user = {"role": "user", "content": "hi"}
    system = {"role": "system", "content": "Be brief."}
    without = total(METERS["chatml"], read([user], tools=[TOOL]))
    with_system = total(METERS["chatml"], read([system, user], tools=[TOOL]))
    assert with_system - without == count_tokens("Be brief.\n\n")
    plain = total(METERS["chatml"], read([user]))
    # a system message around 35 + the tool and its newline + 42
    tool = '{"type": "function", "function": {"name": "f", "description": "d", "parameters": '
    written = count_tokens(tool + '{"a": 1}}}\n')
    assert without - plain == count_tokens("<|im_start|>system\n<|im_end|>\n") + 35 + written + 42


def test_results_in_a_row_share_one_message() -> None:
    def results(number: int) -> int:
        calls = [{"type": "function", "function": {"name": "f", "arguments": "{}"}}]
        asked = {"role": "assistant", "content": "", "tool_calls": calls}
        answers = [{"role": "tool", "content": "ok", "tool_call_id": "c"}] * number
        return total(METERS["chatml"], read([asked, *answers]))

    one_more = results(2) - results(1)
    assert one_more == results(3) - results(2) == 2 + count_tokens("\nok\n") + 1


@pytest.mark.parametrize("tag", ["<think>", "</think>", "<tool_call>", "</tool_response>"])
def test_a_tag_of_the_template_in_a_text_is_one_token(tag: str) -> None:
    with_tag = [{"role": "user", "content": f"a{tag}b"}]
    marked = [{"role": "user", "content": "a<|extra_0|>b"}]
    assert total(METERS["chatml"], read(with_tag)) == total(METERS["chatml"], read(marked))


def test_prompt_and_history_are_turns_of_their_own() -> None:
    spoken = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": "c"},
    ]
    old = read_request(
        {"model": "m", "input": {"prompt": "c", "history": [{"user": "a", "bot": "b"}]}}
    )
    assert total(METERS["chatml"], old) == total(METERS["chatml"], read(spoken))
    assert [part.part for part in METERS["chatml"].parts(old)] == [
        "history 1 (user)",
        "history 1 (bot)",
        "prompt",
        "template",
    ]


def test_tools_stand_two_lines_below_the_system_text() -> None:
    """Counted in characters, where tokens would hide how many line breaks there are."""
    letters = Meter(store.profiles()["chatml"], len)
    request = read([{"role": "system", "content": "abc"}], tools=[TOOL])
    counted = {part.part: part.tokens for part in letters.parts(request)}
    assert counted["message 1 (system)"] == len("abc\n\n")
