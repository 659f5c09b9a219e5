"""The official dashscope SDK, unmodified, by base URL alone: its 1.x API and its 2.x client."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

import dashscope
import pytest
from dashscope import Generation
from dashscope import Tokenization as _Tokenization
from dashscope.v2 import Client
from dashscope.v2 import errors as v2_errors

from tokenassay.conformance.mock import Endpoint
from tokenassay.estimators.tokens import count_tokens, encode

Tokenization: Any = _Tokenization  # its annotations ask for an argument that it does not need
HI: Any = [
    {"role": "system", "content": "You are a helpful assistant."},
    {"role": "user", "content": "如何做西红柿炒鸡蛋?"},
]
WEATHER: Any = [{"role": "user", "content": "杭州市的天气"}]
TOOLS: Any = [
    {
        "type": "function",
        "function": {
            "name": "get_current_time",
            "description": "当你想知道现在的时间时非常有用。",
            "parameters": {},
        },
    },
    {
        "type": "function",
        "function": {
            "name": "get_current_weather",
            "description": "当你想查询指定城市的天气时非常有用。",
            "parameters": {
                "type": "object",
                "properties": {"location": {"type": "string"}},
                "required": ["location"],
            },
        },
    },
]


@pytest.fixture(params=["old_endpoint", "new_endpoint"])
def sdk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Endpoint:
    """The SDK's module settings, pointed at a mock of 2024 and at one of 2026."""
    endpoint: Endpoint = request.getfixturevalue(request.param)
    monkeypatch.setattr(dashscope, "base_http_api_url", endpoint.surfaces["native"])
    monkeypatch.setattr(dashscope, "api_key", endpoint.api_key)
    return endpoint


def test_call(sdk: Endpoint) -> None:
    response: Any = Generation.call("qwen-plus", messages=HI, result_format="message")
    assert response.status_code == HTTPStatus.OK
    assert (response.code, response.message) == ("", "")
    content = response.output.choices[0].message.content
    assert response.usage.output_tokens == count_tokens(content)
    assert response.usage.total_tokens == response.usage.input_tokens + count_tokens(content)
    assert response.request_id


def test_call_with_a_prompt(sdk: Endpoint) -> None:
    response: Any = Generation.call("qwen-plus", prompt="如何做西红柿炒鸡蛋?")
    assert response.status_code == HTTPStatus.OK
    assert response.output.text


@pytest.mark.parametrize("incremental", [True, False])
def test_stream(sdk: Endpoint, incremental: bool) -> None:
    whole: Any = Generation.call("qwen-plus", messages=HI, result_format="message")
    responses: Any = Generation.call(
        "qwen-plus",
        messages=HI,
        result_format="message",
        stream=True,
        incremental_output=incremental,
    )
    heard = list(responses)
    assert {response.status_code for response in heard} == {HTTPStatus.OK}
    texts = [response.output.choices[0].message.content for response in heard]
    joined = "".join(texts) if incremental else texts[-1]
    assert joined == whole.output.choices[0].message.content
    assert heard[-1].output.choices[0].finish_reason == "stop"
    assert heard[-1].usage.output_tokens == count_tokens(joined)


def test_multi_turn(sdk: Endpoint) -> None:
    messages = list(HI)
    for question in ("不放糖可以吗?", "谢谢"):
        response: Any = Generation.call("qwen-plus", messages=messages, result_format="message")
        said = response.output.choices[0].message
        messages.append({"role": said.role, "content": said.content})
        messages.append({"role": "user", "content": question})
    response = Generation.call("qwen-plus", messages=messages, result_format="message")
    assert response.status_code == HTTPStatus.OK


def test_tools_in_two_turns(sdk: Endpoint) -> None:
    messages: Any = [{"role": "user", "content": "杭州市的天气"}]
    asked: dict[str, Any] = {"tools": TOOLS, "result_format": "message"}
    response: Any = Generation.call("qwen-plus", messages=messages, **asked)
    choice = response.output.choices[0]
    assert choice.finish_reason == "tool_calls"
    (call,) = choice.message.tool_calls
    assert call["function"]["name"] == "get_current_weather"
    assert "location" in json.loads(call["function"]["arguments"])
    messages.append(choice.message)
    result = {"role": "tool", "name": "get_current_weather", "content": "晴天"}
    if "id" in call:
        result["tool_call_id"] = call["id"]
    messages.append(result)
    response = Generation.call("qwen-plus", messages=messages, **asked)
    assert response.status_code == HTTPStatus.OK, response
    assert response.output.choices[0].message.content


def test_tools_in_a_stream(sdk: Endpoint) -> None:
    responses: Any = Generation.call(
        "qwen-plus",
        messages=WEATHER,
        tools=TOOLS,
        result_format="message",
        stream=True,
    )
    heard = list(responses)
    message = heard[-1].output.choices[0].message
    assert message.tool_calls[0]["function"]["name"] == "get_current_weather"
    assert "location" in json.loads(message.tool_calls[0]["function"]["arguments"])


def test_errors_come_as_codes(sdk: Endpoint) -> None:
    response: Any = Generation.call("qwen-plus", messages=HI, temperature=2.0)
    assert response.status_code == HTTPStatus.BAD_REQUEST
    assert response.code == "InvalidParameter"
    wrong: Any = Generation.call("qwen-plus", messages=HI, api_key="sk-wrong")
    assert (wrong.status_code, wrong.code) == (HTTPStatus.UNAUTHORIZED, "InvalidApiKey")


def test_an_error_in_a_stream(sdk: Endpoint) -> None:
    responses: Any = Generation.call("qwen-plus", messages=HI, temperature=2.0, stream=True)
    (response,) = list(responses)
    assert response.status_code == HTTPStatus.BAD_REQUEST
    assert response.code == "InvalidParameter"


def test_tokenization(sdk: Endpoint) -> None:
    response: Any = Tokenization.call(
        "qwen-plus", messages=[{"role": "user", "content": "北京有哪些好玩地方？"}]
    )
    assert response.status_code == HTTPStatus.OK
    assert response.output["token_ids"] == encode("北京有哪些好玩地方？")
    assert response.usage["input_tokens"] == len(response.output["token_ids"])


# ------------------------------------------------------------------------------ the 2.x client


@pytest.fixture(params=["old_endpoint", "new_endpoint"])
def client(request: pytest.FixtureRequest) -> Client:
    """The 2.x client in the native protocol."""
    endpoint: Endpoint = request.getfixturevalue(request.param)
    return Client(
        api_key=endpoint.api_key,
        base_url=endpoint.surfaces["native"],
        protocol="native",
        max_retries=0,
    )


def test_client_call_and_stream(client: Client) -> None:
    whole: Any = client.chat.completions.create(model="qwen-plus", messages=HI)
    said = whole.choices[0].message.content
    assert said
    chunks: Any = client.chat.completions.create(model="qwen-plus", messages=HI, stream=True)
    heard = [c.choices[0].delta.content or "" for c in chunks if c.choices]
    assert "".join(heard) == said


def test_client_tools(client: Client) -> None:
    answer: Any = client.chat.completions.create(model="qwen-plus", messages=WEATHER, tools=TOOLS)
    (call,) = answer.choices[0].message.tool_calls
    assert call.function.name == "get_current_weather"


def test_client_errors_are_typed(client: Client) -> None:
    with pytest.raises(v2_errors.DashScopeError) as caught:
        client.chat.completions.create(model="qwen-plus", messages=HI, temperature=2.0)
    assert caught.value.code == "InvalidParameter"
    wrong = client.with_options(api_key="sk-wrong")
    with pytest.raises(v2_errors.AuthenticationError):
        wrong.chat.completions.create(model="qwen-plus", messages=HI)


def test_client_tokenization(client: Client) -> None:
    answer: Any = client.tokenization.count(
        model="qwen-plus", messages=[{"role": "user", "content": "苹果"}]
    )
    assert "104167" in repr(answer)
