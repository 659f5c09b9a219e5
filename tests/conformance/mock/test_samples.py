"""The sample requests of the native documents get answers of the documented shape."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.conformance.mock.wires import SSE, Event, Native, events
from tokenassay.contracts import store
from tokenassay.contracts.clauses import ShapeClause, ShapeOf

OLD = "qwen-dashscope@2024-04"
BAICHUAN = "baichuan-dashscope@2024"
GATEWAY = "computevault-gateway@2025"

SYSTEM = {"role": "system", "content": "You are a helpful assistant."}
WEATHER: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "get_current_weather",
        "description": "当你想查询指定城市的天气时非常有用。",
        # The page's sample puts "required" beside the schema, where it has no meaning.
        "parameters": {"type": "object", "properties": {"location": {"type": "string"}}},
        "required": ["location"],
    },
}
TIME: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "get_current_time",
        "description": "当你想知道现在的时间时非常有用。",
        "parameters": {},
    },
}


def _body(model: str, given: dict[str, Any], **parameters: Any) -> dict[str, Any]:
    return {"model": model, "input": given, "parameters": parameters}


def _said(*texts: str, system: bool = True) -> dict[str, Any]:
    roles = ("user", "assistant")
    turns = [{"role": roles[n % 2], "content": text} for n, text in enumerate(texts)]
    return {"messages": [SYSTEM, *turns] if system else turns}


PARK = "你好,哪个公园距离我最近?"
PALACE = "你好,請介紹一下故宮"
SAMPLES: list[Any] = [
    (OLD, _body("qwen-turbo", _said("如何做西红柿炒鸡蛋?"), result_format="message", seed=4711)),
    (OLD, _body("qwen-turbo", _said("如何做西红柿炖牛腩?"), result_format="message")),
    (OLD, _body("qwen-turbo", _said("如何做西红柿炖牛腩?", "材料:", "不放糖可以吗?"),
                result_format="message")),
    (OLD, _body("qwen-turbo", _said("如何做西红柿炖牛腩?", system=False),
                result_format="message", incremental_output=True)),
    (OLD, _body("qwen-turbo", _said("现在几点了?", system=False), tools=[TIME, WEATHER],
                seed=1, result_format="message")),
    (OLD, _body("qwen-turbo", _said("北京天气怎么样?", system=False), tools=[TIME, WEATHER],
                result_format="message")),
    (OLD, _body("qwen-turbo", _said(PARK), result_format="message")),
    (OLD, _body("qwen-turbo", _said(PARK), result_format="text")),
    (OLD, _body("qwen-turbo", {
        "prompt": "哪个公园距离我更近",
        "history": [{"user": "今天天气好吗?", "bot": "今天天气不错,要出去玩玩嘛?"},
                    {"user": "那你有什么地方推荐?", "bot": "我建议你去公园。"}],
    }, result_format="text", seed=65535, max_tokens=1500, top_p=0.8, top_k=50,
                repetition_penalty=1.1, temperature=0.85, stop=[[37763, 367]],
                enable_search=False, incremental_output=False)),
    (BAICHUAN, _body("baichuan-7b-v1", {"prompt": "登鸛雀樓->王之渙\n夜雨寄北->"})),
    (BAICHUAN, _body("baichuan-7b-v1", {"prompt": "介紹下故宮"})),
    (BAICHUAN, _body("baichuan2-7b-chat-v1", _said(PALACE), result_format="message")),
    (BAICHUAN, _body("baichuan2-13b-chat-v1", _said(PALACE), result_format="message")),
    (GATEWAY, _body("qwen-plus", _said("Who are you?"), result_format="message")),
]  # fmt: skip
"""The requests that the pages print, in their order."""


def _holds(edition: str, of: ShapeOf, form: str, body: Any) -> int:
    """Check a body against the edition's shapes that apply to it; their number."""
    shapes = [
        clause
        for clause in store.load_edition(edition).of_kind(ShapeClause)
        if clause.of == of
        and clause.level != "unspecified"
        and all(m.equals == form for name, m in clause.when.items() if name == "result_format")
    ]
    for clause in shapes:
        Draft202012Validator(clause.schema).validate(body)
    return len(shapes)


def _form(edition: str, body: dict[str, Any]) -> str:
    default = "message" if edition == GATEWAY else "text"
    return str(body["parameters"].get("result_format", default))


@pytest.mark.parametrize(("edition", "body"), SAMPLES)
def test_a_sample_is_answered_in_the_documented_shape(
    old: Native, gateway: Native, edition: str, body: dict[str, Any]
) -> None:
    answer = (gateway if edition == GATEWAY else old).post(body)
    assert answer.status_code == 200, answer.text
    form = _form(edition, body)
    of: ShapeOf = "message_response" if form == "message" else "text_response"
    if "tools" in body["parameters"]:
        of = "tool_response"
    assert _holds(edition, of, form, answer.json())
    assert _holds(edition, "usage", form, answer.json()["usage"]) or edition == BAICHUAN


@pytest.mark.parametrize(
    ("edition", "body"), [sample for sample in SAMPLES if sample[0] != GATEWAY]
)
@pytest.mark.parametrize("incremental", [True, False])
def test_a_sample_is_streamed_in_the_documented_shape(
    old: Native, edition: str, body: dict[str, Any], incremental: bool
) -> None:
    if "tools" in body["parameters"] and incremental:
        return  # refused: tested with the rows of errors
    asked = {**body["parameters"], "incremental_output": incremental}
    answer = old.client.post(old.url, json={**body, "parameters": asked}, headers=SSE)
    frames: list[Event] = events(answer.text)
    for frame in frames:
        assert frame.event == "result", frame
        assert _holds(edition, "frame", _form(edition, body), frame.data)


def test_a_refusal_has_the_documented_shape(old: Native) -> None:
    assert _holds(OLD, "error", "text", old.ask("Hi", top_p=1).json())
    streamed = old.ask("Hi", top_p=1, headers=SSE)
    assert _holds(OLD, "stream_error", "text", events(streamed.text)[0].data)


def test_a_token_count_has_the_documented_shape(old: Native) -> None:
    url = old.endpoint.surfaces["native"] + "/tokenizer"
    body = {"model": "qwen-turbo", "input": {"prompt": "my friends"}, "parameters": {}}
    assert _holds(OLD, "token_count", "text", old.client.post(url, json=body).json())
