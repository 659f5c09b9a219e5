"""The native surface: forms of input and output, streams, tools, and what real traffic has."""

from __future__ import annotations

import json
import re
import uuid
from itertools import pairwise
from typing import Any

import pytest

from tests.conformance.mock.wires import SSE, Native, events
from tokenassay.estimators.tokens import count_tokens

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city.",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string"},
                "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
            },
            "required": ["city"],
        },
    },
}
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def text_of(body: Any) -> str:
    """The text of an answer in either form."""
    output = body["output"]
    text = output["choices"][0]["message"]["content"] if "choices" in output else output["text"]
    assert isinstance(text, str)
    return text


# ----------------------------------------------------------------------------- plain answers


def test_the_default_form_is_the_editions(old: Native, gateway: Native) -> None:
    assert set(old.ask("Hi").json()["output"]) == {"text", "finish_reason"}
    output = gateway.ask("Hi").json()["output"]
    assert (output["text"], output["finish_reason"]) == ("", "")
    assert output["choices"][0]["message"]["content"]


def test_both_forms_say_the_same(old: Native) -> None:
    text = old.ask("Hi", result_format="text").json()
    message = old.ask("Hi", result_format="message").json()
    assert text_of(text) == text_of(message)
    assert text["output"]["finish_reason"] == "stop"
    assert message["output"]["choices"][0]["finish_reason"] == "stop"
    assert message["output"]["choices"][0]["message"]["role"] == "assistant"
    assert "finish_reason" not in message["output"]


def test_prompt_history_and_messages(old: Native) -> None:
    prompt = old.ask(prompt="How are rivers made?").json()
    assert prompt["output"]["text"]
    turns = [{"user": "Hi", "bot": "Hello."}]
    later = old.ask(prompt="How are rivers made?", history=turns).json()
    assert later["usage"]["input_tokens"] > prompt["usage"]["input_tokens"]
    messages = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello."},
        {"role": "user", "content": "How are rivers made?"},
    ]
    assert old.ask(messages).json()["usage"]["input_tokens"] == later["usage"]["input_tokens"]


def test_answers_come_in_the_language_of_the_question(old: Native) -> None:
    assert CHINESE.search(text_of(old.ask("请介绍一下河流。").json()))
    assert not CHINESE.search(text_of(old.ask("Tell me about rivers.").json()))


def test_the_same_request_gets_the_same_words_and_another_id(old: Native) -> None:
    first, second = old.ask("Hi").json(), old.ask("Hi").json()
    assert text_of(first) == text_of(second)
    assert first["request_id"] != second["request_id"]
    assert text_of(old.ask("Hi", seed=99).json()) != text_of(first)


def test_the_request_id_is_a_uuid_and_stands_in_the_header_too(old: Native) -> None:
    answer = old.ask("Hi")
    uuid.UUID(answer.json()["request_id"])
    assert answer.headers["x-request-id"] == answer.json()["request_id"]
    refused = old.ask("Hi", temperature=2)
    assert refused.headers["x-request-id"] == refused.json()["request_id"]


@pytest.mark.parametrize("cap", [1, 2, 7, 30])
def test_max_tokens_cuts_at_that_token(old: Native, cap: int) -> None:
    whole = text_of(old.ask("Tell me about rivers, in 90 words.").json())
    cut = old.ask("Tell me about rivers, in 90 words.", max_tokens=cap).json()
    assert cut["output"]["finish_reason"] == "length"
    assert cut["usage"]["output_tokens"] == cap == count_tokens(text_of(cut))
    assert whole.startswith(text_of(cut))


def test_stop_ends_the_answer_before_it_in_every_form(old: Native) -> None:
    from tokenassay.estimators.tokens import encode

    whole = text_of(old.ask("Tell me about rivers.").json())
    word = whole.split()[3]
    ids = encode(" " + word)
    for stop in (word, [word, "no such words"], [ids], ids if len(ids) == 1 else [ids]):
        answer = old.ask("Tell me about rivers.", stop=stop).json()
        assert answer["output"]["finish_reason"] == "stop"
        assert word not in text_of(answer)
        assert whole.startswith(text_of(answer).rstrip())


def test_search_adds_input(old: Native) -> None:
    plain = old.ask("Hi").json()["usage"]["input_tokens"]
    assert old.ask("Hi", enable_search=True).json()["usage"]["input_tokens"] > plain


def test_several_choices(new: Native) -> None:
    answer = new.ask("Hi", model="qwen-plus", n=3, result_format="message")
    if answer.status_code == 400:
        pytest.fail(answer.text)
    choices = answer.json()["output"]["choices"]
    assert [choice["index"] for choice in choices] == [0, 1, 2]
    texts = [choice["message"]["content"] for choice in choices]
    assert len(set(texts)) == 3
    assert answer.json()["usage"]["output_tokens"] == sum(map(count_tokens, texts))


# ----------------------------------------------------------------------------------- streams


@pytest.mark.parametrize("headers", [SSE, {"Accept": "text/event-stream"}])
def test_either_header_alone_turns_on_the_stream(old: Native, headers: dict[str, str]) -> None:
    answer = old.ask("Hi", headers=headers)
    assert answer.headers["content-type"] == "text/event-stream;charset=UTF-8"
    assert len(events(answer.text)) > 2


def test_a_stream_in_the_body_is_no_stream_here(old: Native) -> None:
    assert old.ask("Hi", stream=True).headers["content-type"] == "application/json"


@pytest.mark.parametrize("form", ["text", "message"])
@pytest.mark.parametrize("incremental", [False, True, None])
def test_frames(old: Native, form: str, incremental: bool | None) -> None:
    asked: dict[str, Any] = {} if incremental is None else {"incremental_output": incremental}
    plain = old.ask("Tell me about rivers.", result_format=form).json()
    streamed = old.ask("Tell me about rivers.", result_format=form, headers=SSE, **asked)
    assert "[DONE]" not in streamed.text
    frames = events(streamed.text)
    assert [frame.id for frame in frames] == [str(n + 1) for n in range(len(frames))]
    assert {frame.event for frame in frames} == {"result"}
    assert {frame.comment for frame in frames} == {"HTTP_STATUS/200"}
    assert {frame.data["request_id"] for frame in frames} == {streamed.headers["x-request-id"]}
    texts = [text_of(frame.data) for frame in frames]
    reasons = [
        (f.data["output"].get("choices") or [f.data["output"]])[0]["finish_reason"] for f in frames
    ]
    assert reasons == ["null"] * (len(frames) - 1) + ["stop"]
    if incremental:
        assert "".join(texts) == text_of(plain)
        assert texts[-1] == ""
        assert all(texts[:-1])
    else:
        assert texts[-1] == text_of(plain)
        assert all(b.startswith(a) for a, b in pairwise(texts))
    used = [frame.data["usage"] for frame in frames]
    assert {u["input_tokens"] for u in used} == {plain["usage"]["input_tokens"]}
    spent = [u["output_tokens"] for u in used]
    assert spent == sorted(spent)
    assert used[-1] == plain["usage"]
    assert all(u["total_tokens"] == u["input_tokens"] + u["output_tokens"] for u in used)


def test_an_error_in_a_stream_comes_with_200(old: Native) -> None:
    answer = old.ask("Hi", temperature=2, headers=SSE)
    assert answer.status_code == 200
    (frame,) = events(answer.text)
    assert (frame.event, frame.comment) == ("error", "HTTP_STATUS/400")
    assert frame.data == old_error(frame.data["request_id"])
    assert old.ask("Hi", temperature=2).status_code == 400


def old_error(request_id: str) -> dict[str, str]:
    """The body of a refused parameter, as the page prints the row."""
    return {
        "code": "InvalidParameter",
        "message": (
            "Required parameter(s) missing or invalid, please check the request parameters."
        ),
        "request_id": request_id,
    }


def test_a_wrong_key_is_told_by_status_even_where_a_stream_was_asked_for(old: Native) -> None:
    answer = old.ask("Hi", headers={**SSE, "Authorization": "Bearer sk-wrong"})
    assert answer.status_code == 401
    assert answer.json()["code"] == "InvalidApiKey"


def test_thinking_comes_before_the_answer(new: Native) -> None:
    answer = new.ask(
        "Tell me about rivers.",
        model="qwen-plus",
        enable_thinking=True,
        incremental_output=True,
        result_format="message",
        headers=SSE,
    )
    frames = events(answer.text)
    assert frames[0].event == "result", answer.text
    messages = [frame.data["output"]["choices"][0]["message"] for frame in frames]
    first_words = next(n for n, message in enumerate(messages) if message["content"])
    thoughts = [message["reasoning_content"] for message in messages]
    assert first_words > 0
    assert all(thoughts[:first_words])
    assert not any(thoughts[first_words:])
    usage = frames[-1].data["usage"]
    thought = usage["output_tokens_details"]["reasoning_tokens"]
    assert thought == count_tokens("".join(thoughts))
    said = "".join(message["content"] for message in messages)
    assert usage["output_tokens"] == thought + count_tokens(said)


# ------------------------------------------------------------------------------------- tools


def test_a_tool_call_of_2024(old: Native) -> None:
    answer = old.ask("The weather in Oslo?", tools=[WEATHER], result_format="message").json()
    (choice,) = answer["output"]["choices"]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] == ""
    (call,) = choice["message"]["tool_calls"]
    assert set(call) == {"type", "function"}
    assert call["function"]["name"] == "get_weather"
    arguments = json.loads(call["function"]["arguments"])
    assert set(arguments) >= {"city"}


def test_a_tool_call_of_2024_comes_whole_in_a_stream(old: Native) -> None:
    answer = old.ask("The weather?", tools=[WEATHER], result_format="message", headers=SSE)
    frames = events(answer.text)
    calling = [f for f in frames if "tool_calls" in f.data["output"]["choices"][0]["message"]]
    assert len(calling) == 1
    assert calling[0] == frames[-1]


def test_a_tool_call_of_2026_has_id_and_index(new: Native) -> None:
    answer = new.ask(
        "The weather?", model="qwen-plus", tools=[WEATHER], result_format="message"
    ).json()
    (call,) = answer["output"]["choices"][0]["message"]["tool_calls"]
    assert call["id"].startswith("call_")
    assert call["index"] == 0


@pytest.mark.parametrize("incremental", [True, False])
def test_a_tool_call_of_2026_comes_in_fragments(new: Native, incremental: bool) -> None:
    asked: dict[str, Any] = {
        "model": "qwen-plus",
        "tools": [WEATHER],
        "result_format": "message",
        "incremental_output": incremental,
    }
    whole = new.ask("The weather?", **asked).json()["output"]["choices"][0]["message"]
    frames = events(new.ask("The weather?", headers=SSE, **asked).text)
    calls = [f.data["output"]["choices"][0]["message"]["tool_calls"][0] for f in frames]
    assert len(calls) > 1
    assert calls[0]["id"]
    assert calls[0]["function"]["name"] == "get_weather"
    wanted = whole["tool_calls"][0]["function"]["arguments"]
    if incremental:
        assert all(call["id"] == "" and "name" not in call["function"] for call in calls[1:])
        assert "".join(call["function"]["arguments"] for call in calls) == wanted
    else:
        assert calls[-1]["function"]["arguments"] == wanted
    assert frames[-1].data["output"]["choices"][0]["finish_reason"] == "tool_calls"


def test_a_tools_result_is_answered_in_words(old: Native) -> None:
    asked = {"role": "user", "content": "The weather in Oslo?"}
    message = old.ask([asked], tools=[WEATHER], result_format="message").json()["output"][
        "choices"
    ][0]["message"]
    result = {"role": "tool", "name": "get_weather", "content": "4 degrees, dry"}
    answer = old.ask([asked, message, result], tools=[WEATHER], result_format="message").json()
    choice = answer["output"]["choices"][0]
    assert choice["finish_reason"] == "stop"
    assert choice["message"]["content"]
    assert "tool_calls" not in choice["message"]


# --------------------------------------------------------------------- Baichuan, the gateway


def test_baichuan_repeats_a_prompt_and_has_no_total(old: Native) -> None:
    answer = old.ask(prompt="介绍下故宫", model="baichuan-7b-v1").json()
    assert answer["output"]["text"].startswith("介绍下故宫\n")
    assert len(answer["output"]["text"]) > 20
    assert set(answer["usage"]) == {"input_tokens", "output_tokens"}


def test_baichuan_names_the_type_of_a_messages_content(old: Native) -> None:
    answer = old.ask("Hi", model="baichuan2-7b-chat-v1", result_format="message").json()
    message = answer["output"]["choices"][0]["message"]
    assert message["content_type"] == "text"
    refused = old.ask("Hi", model="baichuan-7b-v1")
    assert refused.status_code == 400


def test_the_gateway_always_has_its_empty_strings(gateway: Native) -> None:
    answer = gateway.ask("Hi", model="qwen-plus").json()
    assert (answer["code"], answer["message"], answer["request_id"]) == ("", "", "")
    usage = answer["usage"]
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
    text = gateway.ask("Hi", model="qwen-plus", result_format="text").json()
    assert text["output"]["text"]
    assert gateway.ask("Hi", headers=SSE).headers["content-type"] == "application/json"


def test_the_gateway_takes_a_body_without_parameters(gateway: Native) -> None:
    body = {"model": "qwen-plus", "input": {"messages": [{"role": "user", "content": "Hi"}]}}
    assert gateway.post(body).status_code == 200
    assert gateway.post({"model": "qwen-plus", "input": {"prompt": "Hi"}}).status_code == 400


# ------------------------------------------------------------------------------- token count


def test_the_token_api_gives_ids_and_pieces(old: Native) -> None:
    url = old.endpoint.surfaces["native"] + "/tokenizer"
    body = {
        "model": "qwen-turbo",
        "input": {"messages": [{"role": "user", "content": "通义千问大语言模型"}]},
        "parameters": {},
    }
    answer = old.client.post(url, json=body).json()
    assert answer["output"]["tokens"] == ["通", "义", "千", "问", "大", "语言", "模型"]
    assert len(answer["output"]["token_ids"]) == answer["usage"]["input_tokens"] == 7
    prompt = {"model": "qwen-turbo", "input": {"prompt": "苹果"}, "parameters": {}}
    assert old.client.post(url, json=prompt).json()["output"]["token_ids"] == [104167]
    assert old.client.post(url, json={"model": "qwen-turbo"}).status_code == 400
    assert old.client.post(url, content=b"{").status_code == 400
