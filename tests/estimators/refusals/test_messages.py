"""Rules on conversations, one by one."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from tests.estimators.refusals.asking import (
    ASSISTANT,
    MADE_UP,
    SYSTEM,
    USER,
    answer,
    broken,
    call,
    calling,
    refused,
    request,
)
from tokenassay.contracts.clauses import MessageRule
from tokenassay.estimators.refusals.ground import survey_ground
from tokenassay.estimators.refusals.messages import DESCRIPTIVE, RULES
from tokenassay.estimators.refusals.refusal import Case
from tokenassay.estimators.requests import read_request

AT = "input.messages"
TOOLS = [{"function": {"name": "look"}}]


def test_every_rule_of_the_contract_is_judged_or_descriptive() -> None:
    assert set(get_args(MessageRule)) == set(RULES) | DESCRIPTIVE
    assert not set(RULES) & DESCRIPTIVE


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([USER], []),
        ([SYSTEM, USER], []),
        ([SYSTEM, USER, ASSISTANT, USER], []),
        ([], [("m.not_empty", AT)]),
        ([USER, 5], [("m.roles", f"{AT}[1]")]),
        ([{"role": "robot", "content": "hi"}, USER], [("m.roles", f"{AT}[0].role")]),
        ([{"content": "hi"}, USER], [("m.roles", f"{AT}[0].role")]),
        ([{"role": ["user"], "content": "hi"}, USER], [("m.roles", f"{AT}[0].role")]),
        ([USER, ASSISTANT, SYSTEM, USER], [("m.system_first", f"{AT}[2].role")]),
        ([USER, USER], [("m.alternate", f"{AT}[1].role")]),
        ([USER, ASSISTANT, ASSISTANT, USER], [("m.alternate", f"{AT}[2].role")]),
        ([ASSISTANT, USER], []),
        ([USER, ASSISTANT], [("m.last", f"{AT}[1].role")]),
        ([USER, {**ASSISTANT, "partial": True}], []),
        ([USER, {**ASSISTANT, "partial": False}], [("m.last", f"{AT}[1].role")]),
        ([{**USER, "partial": True}], [("m.partial", f"{AT}[0].partial")]),
        (
            [USER, {**ASSISTANT, "partial": True}, USER],
            [("m.partial", f"{AT}[1].partial")],
        ),
        ([{"role": "user"}], [("m.content", f"{AT}[0].content")]),
        ([{"role": "user", "content": None}], [("m.content", f"{AT}[0].content")]),
        ([{"role": "user", "content": ""}], [("m.content", f"{AT}[0].content")]),
        ([USER, {"role": "assistant", "content": ""}, USER], []),
        ([USER, {"role": "assistant"}, USER], []),
        ([{"role": "user", "content": [{"text": "hi"}]}], [("m.content_type", f"{AT}[0].content")]),
        ([{"role": "user", "content": 5}], [("m.content_type", f"{AT}[0].content")]),
    ],
)
def test_turns(messages: list[Any], expected: list[tuple[str, str]]) -> None:
    assert broken(request(*messages)) == expected


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([USER, calling(), answer()], []),
        ([USER, calling(), answer(), ASSISTANT, USER], []),
        ([USER, answer()], [("m.after_call", f"{AT}[1].role")]),
        ([USER, ASSISTANT, answer()], [("m.after_call", f"{AT}[2].role")]),
        (
            [USER, calling(), answer(), USER, answer()],
            [("m.after_call", f"{AT}[4].role")],
        ),
        ([USER, calling(), answer(name="other")], [("m.tool_name", f"{AT}[2].name")]),
        ([USER, calling(), answer(name=None)], [("m.tool_name", f"{AT}[2].name")]),
        ([USER, calling(call(id="c2")), answer()], [("m.answered", f"{AT}[1].tool_calls")]),
        ([USER, calling(call(id=None)), answer(id=None)], []),
        ([USER, calling(call(id=None), call(id=None)), answer(id=None), answer(id=None)], []),
        (
            [USER, calling(call(id=None), call(id=None)), answer(id=None)],
            [("m.answered", f"{AT}[1].tool_calls")],
        ),
        (
            [USER, calling(call(), call("see", "c2")), answer("see", "c2"), answer()],
            [],
        ),
        ([USER, calling(), USER], [("m.answered", f"{AT}[1].tool_calls")]),
        (
            [USER, calling(call(arguments="{place: x}")), answer()],
            [("m.arguments", f"{AT}[1].tool_calls[0].function.arguments")],
        ),
        (
            [USER, calling(call(arguments="NaN")), answer()],
            [("m.arguments", f"{AT}[1].tool_calls[0].function.arguments")],
        ),
        ([USER, calling(call(arguments="9" * 5000)), answer()], []),
        ([USER, calling(call(arguments="[" * 100_000 + "]" * 100_000)), answer()], []),
        ([USER, calling(call(arguments={"place": "x"})), answer()], []),
    ],
)
def test_tool_calls(messages: list[Any], expected: list[tuple[str, str]]) -> None:
    assert broken(request(*messages, tools=TOOLS, mode="message")) == expected


def test_tools_come_with_both_turns() -> None:
    asked = request(USER, calling(), answer())
    assert broken(asked) == [("m.tools_again", f"{AT}[1]")]


@pytest.mark.parametrize(("id", "fine"), [("c1", True), (None, False), ("", False), (5, False)])
def test_answers_carry_the_id_of_the_call(id: Any, fine: bool) -> None:
    calls = calling(call(id=id if isinstance(id, str) else None))
    asked = request(USER, calls, answer(id=id), model="large", tools=TOOLS, mode="message")
    found = [(clause, at) for clause, at in broken(asked) if clause == "m.tool_id"]
    assert found == ([] if fine else [("m.tool_id", f"{AT}[2].tool_call_id")])


@pytest.mark.parametrize(
    ("text", "kind", "fine"),
    [
        ("as JSON please", "json_object", True),
        ("as a table", "json_object", False),
        ("as a table", "text", True),
    ],
)
def test_the_word_json_is_asked_for(text: str, kind: str, fine: bool) -> None:
    asked = request({"role": "user", "content": text}, response_format={"type": kind})
    assert broken(asked) == ([] if fine else [("m.json_word", AT)])


@pytest.mark.parametrize(
    ("name", "fine"),
    [("a" * 8, True), ("a" * 9, False), ("aa", True), ("a", False), (5, False), (None, True)],
)
def test_texts_inside_messages(name: Any, fine: bool) -> None:
    asked = request(USER, ASSISTANT, {**USER, "name": name})
    assert broken(asked) == ([] if fine else [("m.name", f"{AT}[2].name")])
    messages = [refusal.message for refusal in refused(asked)]
    assert messages == ([] if fine else [f"{name} is longer than 8"])


@pytest.mark.parametrize("required", [True, False])
@pytest.mark.parametrize(
    ("body", "told", "told_if_required"),
    [
        ({"input": {}}, False, False),
        ({"input": 5}, True, True),
        ({"input": None}, True, False),
        ({"parameters": {}}, True, False),
    ],
)
def test_input_is_an_object(
    body: dict[str, Any], told: bool, told_if_required: bool, required: bool
) -> None:
    case = Case(read_request(body, surface="native"), None, None, None)
    ground = survey_ground(MADE_UP, None)._replace(input_is_required=required)
    found = list(RULES["input_is_object"](case, {}, ground))
    assert [breach.at for breach in found] == (
        ["input"] if (told_if_required if required else told) else []
    )


def test_a_model_that_takes_a_prompt_only() -> None:
    assert ("input.prompt_only", AT) in broken(request(USER, model="prompter"))
    body = {"model": "prompter", "input": {"prompt": "hi"}, "parameters": {}}
    assert not broken(read_request(body))


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ([], []),
        ([{"user": "a", "bot": "b"}], []),
        ([{"user": "a"}], ["input.history[0].bot"]),
        ([{"user": "a", "bot": "b"}, 5], ["input.history[1]"]),
        ([{"user": 1, "bot": None}], ["input.history[0].user", "input.history[0].bot"]),
    ],
)
def test_history_is_made_of_turns(history: list[Any], expected: list[str]) -> None:
    body = {"model": "small", "input": {"prompt": "hi", "history": history}, "parameters": {}}
    assert broken(read_request(body)) == [("history.shape", at) for at in expected]


def test_refusals_come_in_the_order_of_a_server() -> None:
    """Stage by stage; within one, in the order of the edition whatever the request's."""
    body = {
        "model": "medium",
        "input": {"prompt": 5, "messages": [USER, ASSISTANT]},
        "parameters": {"tools": [{"function": {"name": "search"}}], "seed": 0.5, "top_p": 2},
    }
    assert [refusal.clause for refusal in refused(read_request(body))] == [
        "prompt.type",
        "input.not_both",
        "model.served",
        "top_p.range",
        "seed.type",
        "tools.name",
        "tools.need_message",
        "m.last",
    ]


def test_paths_are_those_of_the_body_in_either_dialect() -> None:
    asked = read_request({"model": "small", "messages": [USER, USER], "top_p": 1})
    places = {refusal.at for refusal in refused(asked)}
    assert places == {"top_p", "messages[1].role"}
