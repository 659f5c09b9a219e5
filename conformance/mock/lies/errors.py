"""Lies about errors: another status, code or shape than documented, or none at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tokenassay.conformance.mock.call import Call, Head, Reply
from tokenassay.conformance.mock.frames import Frame
from tokenassay.conformance.mock.lies.registry import Lie, Probe
from tokenassay.conformance.mock.stages import Hook, Hooks

_FAMILY = "errors"
_NOBODY = ({"role": "narrator", "content": "Once upon a time."},)
_FAULTY = Probe(messages=_NOBODY)
_FAULTY_STREAM = Probe(messages=_NOBODY, stream=True)


def _status(change: Callable[[int], int]) -> Hook[Reply]:
    return lambda call, reply: reply._replace(status=change(reply.status))


def _fields(change: Callable[[dict[str, Any]], Any]) -> Hook[Reply]:
    """Change the object that holds code and message, wherever the dialect has it."""

    def refuse(call: Call, reply: Reply) -> Reply:
        body = reply.body
        if isinstance(body, dict) and isinstance(body.get("error"), dict):
            return reply._replace(body={**body, "error": change(dict(body["error"]))})
        return reply._replace(body=change(dict(body)) if isinstance(body, dict) else body)

    return refuse


def _without(*names: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda fields: {k: v for k, v in fields.items() if k not in names}


def _other_shape(call: Call, reply: Reply) -> Reply:
    body = reply.body
    if not isinstance(body, dict):
        return reply
    if isinstance(body.get("error"), dict):
        return reply._replace(body={**body["error"], "request_id": call.request_id})
    inner = {"message": body.get("message"), "type": "invalid_request_error", "param": None}
    return reply._replace(body={"error": {**inner, "code": body.get("code")}})


def _text(words: bytes) -> Hook[Reply]:
    return lambda call, reply: reply._replace(body=words)


def _billed(fields: dict[str, Any]) -> dict[str, Any]:
    return {**fields, "usage": {"input_tokens": 12, "output_tokens": 0, "total_tokens": 12}}


def _bad_key_status(call: Call, reply: Reply) -> Reply:
    return reply._replace(status=403) if reply.status == 401 else reply


def _traceback(fields: dict[str, Any]) -> dict[str, Any]:
    trace = 'Traceback (most recent call last):\n  File "/srv/gateway/api.py", line 88, in call\n'
    return {**fields, "message": f"{trace}ValueError: {fields.get('message')}"}


def _as_result(call: Call, honest: Iterable[Frame]) -> Iterator[Frame]:
    for frame in honest:
        yield frame._replace(event="result") if frame.event == "error" else frame


def _html_head(call: Call, head: Head) -> Head:
    if head.status == 200:
        return head
    return head._replace(headers={**head.headers, "content-type": "text/html"})


LIES: tuple[Lie, ...] = (
    Lie(
        "does_not_check_the_key",
        _FAMILY,
        "Any key is good, and none at all is too.",
        ("auth.bearer",),
        Hooks(authorize=lambda call, accepted: True),
        probe=Probe(headers={"authorization": "Bearer sk-wrong"}),
    ),
    Lie(
        "forbids_wrong_keys",
        _FAMILY,
        "A wrong key is answered with status 403 instead of 401.",
        ("error.invalid_api_key",),
        Hooks(refuse=_bad_key_status),
        probe=Probe(headers={"authorization": "Bearer sk-wrong"}),
    ),
    Lie(
        "answers_errors_with_422",
        _FAMILY,
        "A faulty request is answered with status 422.",
        ("error.invalid_parameter",),
        Hooks(refuse=_status(lambda status: 422 if status == 400 else status)),
        probe=_FAULTY,
    ),
    Lie(
        "answers_errors_with_500",
        _FAMILY,
        "The client's faults are answered with status 500.",
        ("error.invalid_parameter",),
        Hooks(refuse=_status(lambda status: 500 if status < 500 else status)),
        probe=_FAULTY,
    ),
    Lie(
        "answers_errors_with_200",
        _FAMILY,
        "An error has status 200 and is told by its body only.",
        ("error.invalid_parameter",),
        Hooks(refuse=_status(lambda status: 200)),
        probe=_FAULTY,
    ),
    Lie(
        "wrong_error_code",
        _FAMILY,
        "The code of an error is one that no document lists.",
        ("error.invalid_parameter",),
        Hooks(refuse=_fields(lambda fields: {**fields, "code": "E1001"})),
        probe=_FAULTY,
    ),
    Lie(
        "wrong_error_message",
        _FAMILY,
        "Every error has the same message.",
        ("error.invalid_api_key", "error.invalid_parameter"),
        Hooks(refuse=_fields(lambda fields: {**fields, "message": "Something went wrong."})),
        probe=_FAULTY,
    ),
    Lie(
        "error_without_code",
        _FAMILY,
        "An error has no code.",
        ("response.error",),
        Hooks(refuse=_fields(_without("code"))),
        probe=_FAULTY,
    ),
    Lie(
        "error_without_message",
        _FAMILY,
        "An error has no message.",
        ("response.error",),
        Hooks(refuse=_fields(_without("message"))),
        probe=_FAULTY,
    ),
    Lie(
        "error_without_request_id",
        _FAMILY,
        "An error has no request_id.",
        ("response.error",),
        Hooks(refuse=lambda call, reply: reply._replace(body=_without("request_id")(reply.body))),
        ("native",),
        _FAULTY,
    ),
    Lie(
        "error_in_the_other_shape",
        _FAMILY,
        "An error has the shape of the other dialect.",
        ("response.error",),
        Hooks(refuse=_other_shape),
        probe=_FAULTY,
    ),
    Lie(
        "error_code_is_a_number",
        _FAMILY,
        "The code of an error is its status, as a number.",
        ("response.error",),
        Hooks(refuse=_fields(lambda fields: {**fields, "code": 400})),
        probe=_FAULTY,
    ),
    Lie(
        "error_as_plain_text",
        _FAMILY,
        "An error's body is text and no JSON.",
        ("response.error",),
        Hooks(refuse=_text(b"Bad Request")),
        probe=_FAULTY,
    ),
    Lie(
        "error_as_web_page",
        _FAMILY,
        "An error's body is a web page.",
        ("response.error",),
        Hooks(refuse=_text(b"<html><body><h1>502 Bad Gateway</h1></body></html>"), head=_html_head),
        probe=_FAULTY,
    ),
    Lie(
        "error_with_empty_body",
        _FAMILY,
        "An error has no body.",
        ("response.error",),
        Hooks(refuse=_text(b"")),
        probe=_FAULTY,
    ),
    Lie(
        "error_with_traceback",
        _FAMILY,
        "The message of an error shows the server's own traceback.",
        ("error.invalid_api_key", "error.invalid_parameter"),
        Hooks(refuse=_fields(_traceback)),
        probe=_FAULTY,
    ),
    Lie(
        "bills_errors",
        "metering",
        "An error carries usage.",
        ("usage.errors_not_billed",),
        Hooks(refuse=lambda call, reply: reply._replace(body=_billed(reply.body))),
        probe=_FAULTY,
    ),
    Lie(
        "hides_errors_in_streams",
        _FAMILY,
        "An error inside a stream comes in a frame like any other.",
        ("stream.error_data", "clients.sdk_reads"),
        Hooks(frames=_as_result),
        ("native",),
        _FAULTY_STREAM,
    ),
)
