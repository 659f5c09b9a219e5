"""What the documents' own limits make of requests, edition by edition."""

from __future__ import annotations

from typing import Any

import pytest

from tests.estimators.refusals.asking import ASSISTANT, SYSTEM, USER, answer, calling
from tokenassay.contracts.store import load_edition
from tokenassay.estimators.refusals import Refusal, Rules, compile_rules
from tokenassay.estimators.requests import Message, read_request

NATIVE = "qwen-dashscope@2024-04"
LONG = "qwen-long@2024-10"
BAICHUAN = "baichuan-dashscope@2024"
GATEWAY = "computevault-gateway@2025"
NO_JSON = (
    "'messages' must contain the word 'json' in some form, "
    "to use 'response_format' of type 'json_object'."
)
TOOLS = [{"type": "function", "function": {"name": "look", "parameters": {}}}]


def rules(edition: str, body: dict[str, Any]) -> Rules:
    return compile_rules(load_edition(edition), body.get("model"))


def refuse(edition: str, body: dict[str, Any], **counts: Any) -> list[Refusal]:
    surface = load_edition(edition).surface
    return list(rules(edition, body).check(read_request(body, surface=surface), **counts))


def native(*messages: Any, model: str = "qwen-turbo", **parameters: Any) -> dict[str, Any]:
    return {"model": model, "input": {"messages": list(messages)}, "parameters": parameters}


def chat(*messages: Any, **parameters: Any) -> dict[str, Any]:
    return {"model": "qwen-long", "messages": list(messages), **parameters}


def system(text: str) -> dict[str, Any]:
    return {"role": "system", "content": text}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"model": "qwen-turbo", "parameters": {}}, "BadRequest.EmptyInput"),
        ({"model": "qwen-turbo", "input": {"messages": [USER]}}, "BadRequest.EmptyParameters"),
        ({"input": {"messages": [USER]}, "parameters": {}}, "BadRequest.EmptyModel"),
        ({"model": "qwen-turbo", "messages": [USER], "parameters": {}}, "BadRequest.EmptyInput"),
        ({"model": "qwen-turbo", "input": {}, "parameters": {}}, "InvalidParameter"),
        (native(), "InvalidParameter"),
        (native(USER, model="qwen-huge"), "InvalidParameter"),
        (native(USER, ASSISTANT, system("late"), USER), "InvalidParameter"),
    ],
)
def test_the_frame_of_a_native_body(body: dict[str, Any], code: str) -> None:
    first = refuse(NATIVE, body)[0]
    assert (first.status, first.code) == (400, code)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"top_p": 1.0}, "Range of top_p should be (0.0, 1.0)"),
        ({"top_p": 0}, "Range of top_p should be (0.0, 1.0)"),
        ({"max_tokens": 1501}, "Range of max_tokens should be [1, 1500]"),
        (
            {"tools": [{"function": {"name": "search"}}]},
            "Tool names are not allowed to be [search]",
        ),
    ],
)
def test_recorded_answers_are_expected_to_the_letter(
    parameters: dict[str, Any], message: str
) -> None:
    assert message in {refusal.message for refusal in refuse(NATIVE, native(USER, **parameters))}


@pytest.mark.parametrize(
    "parameters",
    [
        {"top_p": 0.0001},
        {"top_p": 0.9999},
        {"temperature": 0},
        {"temperature": 1.9999},
        {"max_tokens": 1500},
        {"seed": 2**64 - 1},
        {"top_k": 101},
        {"top_k": None},
        {"stop": [[37763, 367]]},
        {"incremental_output": True},
        {"tools": TOOLS, "result_format": "message"},
        {"tools": [{"function": {"name": "a" * 64}}], "result_format": "message"},
    ],
)
def test_what_the_page_allows_is_not_refused(parameters: dict[str, Any]) -> None:
    assert not refuse(NATIVE, native(SYSTEM, USER, **parameters))


@pytest.mark.parametrize(
    ("parameters", "clause"),
    [
        ({"temperature": 2}, "temperature.range"),
        ({"temperature": -0.1}, "temperature.range"),
        ({"seed": 2**64}, "seed.range"),
        ({"seed": -1}, "seed.range"),
        ({"stop": ["你好", 104307]}, "stop.forms"),
        ({"result_format": "MESSAGE"}, "result_format.values"),
        ({"tools": TOOLS}, "tools.need_message_format"),
        (
            {"tools": TOOLS, "result_format": "message", "incremental_output": True},
            "tools.without_incremental_output",
        ),
        (
            {"tools": [{"function": {"name": "a" * 65}}], "result_format": "message"},
            "tools.name_length",
        ),
        (
            {"tools": [{"function": {"name": "a b"}}], "result_format": "message"},
            "tools.name_characters",
        ),
    ],
)
def test_what_the_page_forbids_is_refused(parameters: dict[str, Any], clause: str) -> None:
    found = refuse(NATIVE, native(USER, **parameters))
    assert [refusal.clause for refusal in found] == [clause]
    assert (found[0].status, found[0].code) == (400, "InvalidParameter")


def test_a_tool_turn_of_2024() -> None:
    turn = [USER, calling(), answer(id=None)]
    settings: dict[str, Any] = {"tools": TOOLS, "result_format": "message"}
    assert not refuse(NATIVE, native(*turn, **settings))
    turn[2] = answer(name="other", id=None)
    (refusal,) = refuse(NATIVE, native(*turn, **settings))
    assert (refusal.clause, refusal.at) == ("messages.tool_name", "input.messages[2].name")


@pytest.mark.parametrize(
    ("model", "limit"),
    [("qwen-turbo", 6000), ("qwen-plus", 30000), ("qwen-max-longcontext", 28000)],
)
def test_input_limits_of_2024(model: str, limit: int) -> None:
    assert not refuse(NATIVE, native(USER, model=model), input_tokens=limit)
    first = refuse(NATIVE, native(USER, model=model), input_tokens=limit + 1)[0]
    assert first.message == f"Range of input length should be [1, {limit}]"


# ------------------------------------------------------------------------------ qwen-long


def files(number: int) -> str:
    return ",".join(f"fileid://file-fe-{index}" for index in range(number))


def test_the_curl_that_appends_a_document_is_accepted() -> None:
    appended = [SYSTEM, system(files(1)), USER, system("fileid://file-fe-9"), USER]
    assert not refuse(LONG, chat(*appended))


@pytest.mark.parametrize(("number", "messages"), [(99, []), (100, []), (101, ["Too many files"])])
def test_a_hundred_files(number: int, messages: list[str]) -> None:
    body = chat(SYSTEM, system(files(number)), USER)
    found = refuse(LONG, body)
    assert [(refusal.message or "")[:14] for refusal in found] == messages
    notes = rules(LONG, body).notes(read_request(body))
    assert any("contradict" in note for note in notes) is (number == 100)


def test_files_and_text_do_not_mix() -> None:
    found = refuse(LONG, chat(SYSTEM, system(files(1)), system("A text."), USER))
    assert [refusal.status for refusal in found] == [400]
    assert "do not mix file-id and text content" in (found[0].message or "")
    assert not refuse(LONG, chat(SYSTEM, system("A text."), system("Another."), USER))
    assert not refuse(LONG, chat(system(files(1)), USER))


def test_a_broken_reference_is_named() -> None:
    found = refuse(LONG, chat(SYSTEM, system("fileid://abc"), USER))
    assert [refusal.message for refusal in found] == ["Invalid file [id:abc]."]


@pytest.mark.parametrize("merged", [False, True])
@pytest.mark.parametrize(("tokens", "refused"), [(9000, False), (9001, True)])
def test_nine_thousand_tokens(tokens: int, refused: bool, merged: bool) -> None:
    users = [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]
    counts = {"a": tokens - 1, "b": 1} if merged else {"a": tokens}

    def count(message: Message) -> int:
        return counts.get(message.text, 9000)

    body = chat(SYSTEM, *(users if merged else users[:1]))
    found = refuse(LONG, body, message_tokens=count)
    assert [(refusal.message or "")[:12] for refusal in found] == (
        ["Single round"] if refused else []
    )


@pytest.mark.parametrize(("tokens", "refused"), [(10_000_000, False), (10_000_001, True)])
def test_ten_million_tokens(tokens: int, refused: bool) -> None:
    found = refuse(LONG, chat(USER), input_tokens=tokens)
    assert [(refusal.message or "")[:19] for refusal in found] == (
        ["Total message token"] if refused else []
    )


def test_max_tokens_of_qwen_long_is_undecided() -> None:
    body = chat(USER, max_tokens=6001)
    assert not refuse(LONG, body)
    assert any("max_tokens" in note for note in rules(LONG, body).notes(read_request(body)))


def test_roles_of_qwen_long() -> None:
    found = refuse(LONG, chat({"role": "tool", "content": "x"}, USER))
    assert "Role specification invalid" in (found[0].message or "")


# ------------------------------------------------------------------- Baichuan, the gateway


@pytest.mark.parametrize(
    ("model", "prompt", "messages"),
    [
        ("baichuan-7b-v1", True, False),
        ("baichuan2-7b-chat-v1", True, True),
        ("baichuan2-13b-chat-v1", True, True),
    ],
)
def test_baichuan_takes_what_its_page_says(model: str, prompt: bool, messages: bool) -> None:
    asked = {"model": model, "input": {"prompt": "hi"}, "parameters": {}}
    assert (not refuse(BAICHUAN, asked)) is prompt
    assert (not refuse(BAICHUAN, native(USER, model=model))) is messages
    both = {"model": model, "input": {"prompt": "hi", "messages": [USER]}, "parameters": {}}
    assert refuse(BAICHUAN, both)


def test_baichuan_answers_the_printed_prompt_without_parameters() -> None:
    body = {"model": "baichuan2-7b-chat-v1", "input": {"prompt": "介绍下故宫"}}
    assert not refuse(BAICHUAN, body)
    (refusal,) = refuse("qwen-dashscope@2024-04", {**body, "model": "qwen-turbo"})
    assert (refusal.clause, refusal.code) == ("parameters.required", "BadRequest.EmptyParameters")


def test_the_gateway_needs_no_parameters_and_prints_no_error() -> None:
    body = {"model": "qwen-plus", "input": {"messages": [USER]}}
    assert not refuse(GATEWAY, body)
    assert not refuse(GATEWAY, native(USER, {"role": "assistant"}, USER))
    (refusal,) = refuse(GATEWAY, native({"role": "user"}))
    assert (refusal.clause, refusal.status) == ("messages.content_required", None)
    assert not refuse(GATEWAY, native(USER, temperature=2.5))
    (refusal,) = refuse(GATEWAY, {**body, "parameters": 5})
    assert refusal.clause == "parameters.type"


# ------------------------------------------------------------------------------------ 2026


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"top_p": 1.0}, None),
        ({"top_p": 0}, "Range of top_p should be (0.0, 1.0]"),
        ({"temperature": 2.0}, "Temperature should be in [0.0, 2.0)"),
        ({"seed": 2**31 - 1}, None),
        ({"seed": 1.5}, "'seed' must be Integer"),
        ({"n": 5}, "Range of n should be [1, 4]"),
        ({"max_tokens": 8193}, "Range of max_tokens should be [1, 8192]"),
        (
            {"tool_choice": "required"},
            'tool_choice is one of the strings that should be ["none", "auto"]',
        ),
        ({"tool_choice": {"type": "function", "function": {"name": "look"}}}, None),
        (
            {"response_format": {"type": "json_object"}},
            NO_JSON,
        ),
        ({"response_format": {"type": "text"}}, None),
    ],
)
def test_the_compatible_surface_of_2026(parameters: dict[str, Any], message: str | None) -> None:
    body = {"model": "qwen-max", "messages": [USER], **parameters}
    found = [refusal.message for refusal in refuse("qwen-openai@2026", body)]
    assert found == ([] if message is None else [message])


@pytest.mark.parametrize(
    ("choice", "fine"),
    [
        ("auto", True),
        ({"type": "function", "function": {"name": "look"}}, True),
        ("required", False),
        (["auto"], False),
    ],
)
def test_a_tool_may_be_chosen_by_an_object(choice: Any, fine: bool) -> None:
    settings: dict[str, Any] = {"tools": TOOLS, "result_format": "message", "tool_choice": choice}
    found = refuse("qwen-dashscope@2026", native(USER, model="qwen-plus", **settings))
    assert len(found) == (0 if fine else 1)


# ------------------------------------------------------------------- odd ways to be wrong


@pytest.mark.parametrize("tools", [[1], ["search"], [None], [{"type": "function"}, 5], [[]]])
def test_a_tool_is_an_object(tools: list[Any]) -> None:
    body = native(USER, result_format="message", tools=tools)
    assert [refusal.clause for refusal in refuse("qwen-dashscope@2024-04", body)] == ["tools.forms"]


def test_a_name_that_is_no_text_is_told_once() -> None:
    tools = [{"type": "function", "function": {"name": 5}}]
    found = refuse("qwen-dashscope@2024-04", native(USER, result_format="message", tools=tools))
    assert [refusal.clause for refusal in found] == ["tools.name_characters"]


@pytest.mark.parametrize("edition", ["qwen-dashscope@2024-04", "qwen-dashscope@2026", BAICHUAN])
def test_an_empty_prompt_is_no_input(edition: str) -> None:
    model = "baichuan-7b-v1" if edition == BAICHUAN else "qwen-turbo"
    body = {"model": model, "input": {"prompt": ""}, "parameters": {}}
    (refusal,) = refuse(edition, body)
    assert refusal.clause == "input.prompt_or_messages"
    assert "empty prompt" in refusal.why


def test_a_message_names_a_place_and_not_its_number() -> None:
    body = {
        "model": "qwen-turbo",
        "input": {"prompt": "hi", "history": [{"user": "a", "bot": "b"}, 5]},
        "parameters": {},
    }
    (refusal,) = refuse("qwen-dashscope@2026", body)
    assert refusal.message is not None
    assert refusal.message.startswith("Required parameter(history) missing")


@pytest.mark.parametrize(
    ("seed", "message"),
    [
        (-1, "-1 is lesser than the minimum of 0 - 'seed'"),
        (2**31, "2147483648 is greater than the maximum of 2147483647 - 'seed'"),
    ],
)
def test_a_seed_beyond_either_end_is_told_apart(seed: int, message: str) -> None:
    body = {"model": "qwen-plus", "messages": [USER], "seed": seed}
    (refusal,) = refuse("qwen-openai@2026", body)
    assert refusal.message == message


def test_a_switch_that_breaks_its_own_rule_is_named_once() -> None:
    body = {"model": "qwen-max", "messages": [USER], "enable_thinking": True}
    (refusal,) = refuse("qwen-openai@2026", body)
    assert refusal.why == "enable_thinking must be other than true, but is true"


@pytest.mark.parametrize("edition", ["qwen-openai@2026", "qwen-dashscope@2026"])
def test_a_list_of_text_parts_is_an_open_question(edition: str) -> None:
    message = {"role": "user", "content": [{"type": "text", "text": "hi"}]}
    body: dict[str, Any] = {"model": "qwen-plus", "messages": [message]}
    if "dashscope" in edition:
        body = native(message, model="qwen-plus")
    assert not refuse(edition, body)
    if "openai" in edition:
        assert refuse(edition, {**body, "model": "qwen-long"})
