"""Lies that only the OpenAI-compatible surface can tell: names, types, choices, thinking."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from tokenassay.conformance.mock.call import Answer, Call, Reply, Usage
from tokenassay.conformance.mock.lies.registry import Lie, Probe
from tokenassay.conformance.mock.lies.tricks import edited, messages_in, setting
from tokenassay.conformance.mock.stages import Hook, Hooks
from tokenassay.contracts.records import Surface

SURFACE: Final[tuple[Surface, ...]] = ("openai",)
LONG: Final = ({"role": "user", "content": "Tell me about rivers, in 60 words."},)
CITY: Final = ({"role": "user", "content": "What is the weather in Paris?"},)
TEXT_STAMP: Final = "2026-01-01T00:00:00Z"
WEATHER: Final = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
            "required": ["city", "days"],
        },
    },
}

_TOOLS = Probe({"tools": [WEATHER]}, messages=CITY)
_TWO = Probe({"n": 2}, messages=LONG)
_UNKNOWN_MODEL = Probe(model="qwen-of-nowhere")


def field(**fields: Any) -> Callable[[Any], Any]:
    """A change that sets fields of a body or frame."""
    return lambda data: {**data, **fields} if isinstance(data, dict) else data


def _another_model(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "model": f"{body.get('model')}-lite"}


def _in_body(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Hook[dict[str, Any]]:
    return lambda call, body: change(body)


def _one_more_choice(body: dict[str, Any]) -> dict[str, Any]:
    choices = body["choices"]
    return {**body, "choices": [*choices, {**choices[0], "index": len(choices)}]}


def _bare_id(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "id": str(body["id"]).removeprefix("chatcmpl-")}


def _calls_without_id(body: dict[str, Any]) -> dict[str, Any]:
    for message in messages_in(body):
        for made in message.get("tool_calls", ()):
            made.pop("id", None)
    return body


def _one_answer_billed(call: Call, usage: Usage) -> Usage:
    number = call.parameters.get("n")
    if not isinstance(number, int) or number < 2:
        return usage
    output = usage.output_tokens // number
    return Usage(usage.input_tokens, output, usage.input_tokens + output)


def _reasoning_within_max_tokens(call: Call, given: dict[str, Any]) -> dict[str, Any]:
    return {**given, "max_completion_tokens": given.get("max_tokens")}


def _thoughts_as_answer(call: Call, answer: Answer) -> Answer:
    if not answer.reasoning:
        return answer
    thought = answer.reasoning_marks[-1]
    return msgspec.structs.replace(
        answer,
        pieces=(*answer.reasoning, *answer.pieces),
        marks=(*answer.reasoning_marks, *(thought + mark for mark in answer.marks)),
        reasoning=(),
        reasoning_marks=(),
    )


def _without_type(call: Call, reply: Reply) -> Reply:
    body = reply.body
    if not isinstance(body, dict) or not isinstance(body.get("error"), dict):
        return reply
    inner = {name: value for name, value in body["error"].items() if name != "type"}
    return reply._replace(body={**body, "error": inner})


def _bad_request_for_missing(call: Call, reply: Reply) -> Reply:
    return reply._replace(status=400) if reply.status == 404 else reply


def _listed_error(call: Call, reply: Reply) -> Reply:
    return reply._replace(body=[reply.body])


LIES: tuple[Lie, ...] = (
    Lie(
        "tool_calls_without_id",
        "tools",
        "A tool call has no id by which its result could be sent.",
        ("messages.tool_call_id",),
        Hooks(body=_in_body(_calls_without_id)),
        SURFACE,
        _TOOLS,
    ),
    Lie(
        "answers_as_another_model",
        "responses",
        "The answer names another model than was asked.",
        ("response.model",),
        Hooks(body=_in_body(_another_model), frames=edited(_another_model)),
        SURFACE,
        Probe(),
    ),
    Lie(
        "whole_answers_named_as_chunks",
        "responses",
        "The object of a whole answer is chat.completion.chunk.",
        ("response.body",),
        Hooks(body=_in_body(field(object="chat.completion.chunk"))),
        SURFACE,
        Probe(),
    ),
    Lie(
        "created_as_text",
        "responses",
        "The time of an answer is a text.",
        ("response.body",),
        Hooks(body=_in_body(field(created=TEXT_STAMP))),
        SURFACE,
        Probe(),
    ),
    Lie(
        "adds_a_choice",
        "responses",
        "There is one choice more than was asked for.",
        ("n.default", "n.range"),
        Hooks(body=_in_body(_one_more_choice)),
        SURFACE,
        Probe(),
    ),
    Lie(
        "ignores_n",
        "responses",
        "There is one choice however many were asked for.",
        ("n.range",),
        Hooks(adjust=setting(n=1)),
        SURFACE,
        _TWO,
    ),
    Lie(
        "bills_one_choice_only",
        "metering",
        "Of several choices the output of one is billed.",
        ("usage.output",),
        Hooks(meter=_one_answer_billed),
        SURFACE,
        _TWO,
    ),
    Lie(
        "ids_without_chatcmpl",
        "responses",
        "The id of an answer is a bare UUID.",
        ("response.id", "response.body"),
        Hooks(body=_in_body(_bare_id), frames=edited(_bare_id)),
        SURFACE,
        Probe(),
    ),
    Lie(
        "answers_prose_for_json",
        "responses",
        "response_format is not looked at: the answer is prose.",
        ("response_format.type.values",),
        Hooks(adjust=setting(response_format=None)),
        SURFACE,
        Probe(
            {"response_format": {"type": "json_object"}},
            messages=({"role": "user", "content": "Say three words as json."},),
        ),
    ),
    Lie(
        "thinking_counts_for_max_tokens",
        "responses",
        "max_tokens limits thinking and answer together.",
        ("max_tokens.excludes_reasoning",),
        Hooks(adjust=_reasoning_within_max_tokens),
        SURFACE,
        Probe(
            {"enable_thinking": True, "max_tokens": 12},
            messages=LONG,
            model="qwen-plus",
            stream=True,
        ),
    ),
    Lie(
        "thinks_aloud",
        "responses",
        "The thinking stands in the answer's content.",
        ("enable_thinking.default",),
        Hooks(answer=_thoughts_as_answer),
        SURFACE,
        Probe({"enable_thinking": True}, messages=LONG, model="qwen-plus", stream=True),
    ),
    Lie(
        "error_without_type",
        "errors",
        "An error body has no type.",
        ("response.error",),
        Hooks(refuse=_without_type),
        SURFACE,
        _UNKNOWN_MODEL,
    ),
    Lie(
        "error_in_a_list",
        "errors",
        "An error body stands in a list.",
        ("response.error",),
        Hooks(refuse=_listed_error),
        SURFACE,
        _UNKNOWN_MODEL,
    ),
    Lie(
        "unknown_model_is_a_bad_request",
        "errors",
        "A model that does not exist is answered with 400.",
        ("error.model_not_found",),
        Hooks(refuse=_bad_request_for_missing),
        SURFACE,
        _UNKNOWN_MODEL,
    ),
)
