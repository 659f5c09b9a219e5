"""Lies about plain answers: fields missing, of another type, or untrue."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from tokenassay.conformance.mock.call import Answer, Call, Head
from tokenassay.conformance.mock.lies.registry import Lie, Probe
from tokenassay.conformance.mock.lies.tricks import choices_in, messages_in
from tokenassay.conformance.mock.lies.where import (
    documents_the_longest,
    fixes_the_role,
    takes_max_tokens,
)
from tokenassay.conformance.mock.stages import Hook, Hooks
from tokenassay.conformance.mock.wishes import longest_answer

_FAMILY = "responses"
_MESSAGE = Probe({"result_format": "message"})
_CUT = Probe({"max_tokens": 5})


def _without(name: str) -> Hook[dict[str, Any]]:
    return lambda call, body: {k: v for k, v in body.items() if k != name}


def _each_choice(change: Callable[[dict[str, Any]], None]) -> Hook[dict[str, Any]]:
    def body(call: Call, honest: dict[str, Any]) -> dict[str, Any]:
        for choice in choices_in(honest):
            change(choice)
        return honest

    return body


def _each_message(change: Callable[[dict[str, Any]], None]) -> Hook[dict[str, Any]]:
    def body(call: Call, honest: dict[str, Any]) -> dict[str, Any]:
        for message in messages_in(honest):
            change(message)
        return honest

    return body


def _reason(reason: str) -> Hook[Answer]:
    return lambda call, answer: msgspec.structs.replace(answer, finish_reason=reason)


def _hide_cut(call: Call, answer: Answer) -> Answer:
    if answer.finish_reason != "length":
        return answer
    return msgspec.structs.replace(answer, finish_reason="stop")


def _longer(call: Call, answer: Answer) -> Answer:
    """Where no cap was asked for, an answer that the longest one documented cuts goes on."""
    longest = longest_answer(call)
    given = call.request.parameters if call.request else {}
    asked = any(given.get(name) for name in ("max_tokens", "max_completion_tokens"))
    if longest is None or answer.tokens < longest or asked:
        return answer
    pieces = answer.pieces * 2
    marks = (*answer.marks, *(answer.tokens + mark for mark in answer.marks))
    return msgspec.structs.replace(answer, pieces=pieces, marks=marks, tokens=2 * answer.tokens)


def _silent(call: Call, answer: Answer) -> Answer:
    return msgspec.structs.replace(answer, pieces=(), marks=(), tokens=0)


def _strings(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "usage": {k: str(v) for k, v in body["usage"].items()}}


def _bare_choice(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    for holder in (body, body.get("output")):
        if isinstance(holder, dict) and isinstance(holder.get("choices"), list):
            holder["choices"] = holder["choices"][0]
    return body


def _constant_id(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    name = "request_id" if "request_id" in body else "id"
    return {**body, name: "00000000-0000-0000-0000-000000000000"}


def _odd_id(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    name = "request_id" if "request_id" in body else "id"
    return {**body, name: 12345}


def _failed(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "code": "InternalError", "message": "The answer may be incomplete."}


def _other_output(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    output = body.pop("output")
    return {"result": output, **body}


def _page(call: Call, head: Head) -> Head:
    return head._replace(headers={**head.headers, "content-type": "text/html"})


def _drop_blank(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in body.items() if k not in ("code", "message")}


LIES: tuple[Lie, ...] = (
    Lie(
        "finish_reason_missing",
        _FAMILY,
        "A finished answer has no finish_reason.",
        ("response.text", "response.message", "response.body"),
        Hooks(body=_each_choice(lambda choice: choice.pop("finish_reason", None))),
        probe=_MESSAGE,
    ),
    Lie(
        "finish_reason_unknown",
        _FAMILY,
        "A finished answer ends with end_turn, which no document lists.",
        ("response.finish_reasons", "response.finish_reason"),
        Hooks(answer=_reason("end_turn")),
        probe=_MESSAGE,
    ),
    Lie(
        "answers_longer_than_documented",
        "limits",
        "An answer may be longer than the model's longest output.",
        ("output_tokens.limit",),
        Hooks(answer=_longer),
        where=documents_the_longest,
    ),
    Lie(
        "finish_reason_hides_cuts",
        _FAMILY,
        "An answer cut at max_tokens ends with finish_reason stop.",
        ("max_tokens.truncates",),
        Hooks(answer=_hide_cut),
        probe=_CUT,
    ),
    Lie(
        "finish_reason_always_length",
        _FAMILY,
        "Every answer ends with finish_reason length.",
        ("response.finish_reasons", "response.finish_reason"),
        Hooks(answer=_reason("length")),
        probe=_MESSAGE,
        where=takes_max_tokens,
    ),
    Lie(
        "finish_reason_is_null",
        _FAMILY,
        "A finished answer has the finish_reason null.",
        ("response.finish_reasons", "response.finish_reason"),
        Hooks(body=_each_choice(lambda choice: choice.update(finish_reason=None))),
        probe=_MESSAGE,
    ),
    Lie(
        "answers_nothing",
        _FAMILY,
        "The answer is empty.",
        ("response.text*", "response.message", "response.body"),
        Hooks(answer=_silent),
        probe=_MESSAGE,
    ),
    Lie(
        "content_is_null",
        _FAMILY,
        "The content of the answer's message is null.",
        ("response.message", "response.body"),
        Hooks(body=_each_message(lambda message: message.update(content=None))),
        probe=_MESSAGE,
    ),
    Lie(
        "content_is_a_list",
        _FAMILY,
        "The content of the answer's message is a list of parts.",
        ("response.message", "response.body"),
        Hooks(
            body=_each_message(
                lambda message: message.update(content=[{"text": message.get("content")}])
            )
        ),
        probe=_MESSAGE,
    ),
    Lie(
        "role_is_missing",
        _FAMILY,
        "The answer's message has no role.",
        ("response.message", "response.body"),
        Hooks(body=_each_message(lambda message: message.pop("role", None))),
        probe=_MESSAGE,
    ),
    Lie(
        "role_is_unknown",
        _FAMILY,
        "The answer's message has the role bot.",
        ("response.message", "response.body"),
        Hooks(body=_each_message(lambda message: message.update(role="bot"))),
        probe=_MESSAGE,
        where=fixes_the_role,
    ),
    Lie(
        "choices_is_an_object",
        _FAMILY,
        "choices is the choice itself and no list.",
        ("response.message", "response.body"),
        Hooks(body=_bare_choice),
        probe=_MESSAGE,
    ),
    Lie(
        "output_has_another_name",
        _FAMILY,
        "The answer stands in result instead of output.",
        ("response.message", "response.text"),
        Hooks(body=_other_output),
        ("native",),
        _MESSAGE,
    ),
    Lie(
        "answer_without_request_id",
        _FAMILY,
        "An answer has no request_id.",
        ("response.message", "response.request_id"),
        Hooks(body=_without("request_id")),
        ("native",),
        _MESSAGE,
    ),
    Lie(
        "request_id_never_changes",
        _FAMILY,
        "All answers have the same id.",
        ("response.request_id", "response.id"),
        Hooks(body=_constant_id),
        probe=_MESSAGE,
    ),
    Lie(
        "request_id_is_a_number",
        _FAMILY,
        "The id of an answer is a number.",
        ("response.request_id", "response.id"),
        Hooks(body=_odd_id),
        probe=_MESSAGE,
    ),
    Lie(
        "usage_is_text",
        _FAMILY,
        "The figures of usage are strings.",
        ("response.usage",),
        Hooks(body=_strings),
        probe=_MESSAGE,
    ),
    Lie(
        "success_carries_an_error_code",
        _FAMILY,
        "A good answer has an error code beside it.",
        ("clients.sdk_reads", "response.empty_on_success"),
        Hooks(body=_failed),
        ("native",),
        _MESSAGE,
    ),
    Lie(
        "success_lacks_code_and_message",
        _FAMILY,
        "The fields code and message are missing from a good answer.",
        ("response.empty_on_success",),
        Hooks(body=_drop_blank),
        ("native",),
        _MESSAGE,
    ),
    Lie(
        "answers_as_web_page",
        _FAMILY,
        "A good answer is announced as text/html.",
        ("clients.sdk_reads", "sdk.openai", "response.message"),
        Hooks(head=_page),
        probe=_MESSAGE,
    ),
)
