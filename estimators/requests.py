"""Request bodies of either dialect, read into one conversation record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeGuard

import msgspec

from tokenassay.contracts.records import Surface

_NOT_PARAMETERS: Final = frozenset({"model", "messages", "prompt", "history"})
"""Top-level keys of an OpenAI-compatible body that have a field of their own."""


class NotARequest(ValueError):
    """The body is that of neither dialect; the message says what was expected."""


class Message(msgspec.Struct, frozen=True):
    """One message as it stands in the body; nothing is checked here."""

    role: Any
    text: str
    """All text parts of the content joined; empty where there is none."""
    content: Any
    name: Any
    tool_calls: tuple[Any, ...]
    tool_call_id: Any
    partial: bool
    raw: Mapping[str, Any]


class Request(msgspec.Struct, frozen=True):
    """One request body in the words of both dialects; nothing is checked here."""

    surface: Surface
    model: Any
    messages: tuple[Message, ...] | None
    """None where ``messages`` is absent or is not a list of objects."""
    prompt: Any
    history: Any
    tools: tuple[Any, ...]
    parameters: Mapping[str, Any]
    """Parameters the body carries, by name: native ``parameters.*``, else the top level."""
    body: Mapping[str, Any]
    streaming: bool | None
    """None: unknown, since a native body leaves it to a header and nobody said."""


def read_request(
    body: Mapping[str, Any], *, surface: Surface | None = None, streaming: bool | None = None
) -> Request:
    """Read a body, leniently: a field of the wrong type is kept for the refusals to judge.

    ``surface`` None recognises the dialect by its keys: ``input`` or ``parameters`` is native,
    ``messages`` at the top is OpenAI-compatible; NotARequest where there is none of them.
    ``streaming`` None takes ``stream: true`` in the body (native says it in a header, so the
    caller who knows the headers passes it).
    """
    if not _is_object(body):
        raise NotARequest(f"expected a JSON object, got {_json_type(body)}")
    if surface is None:
        surface = _recognise(body)
    if surface == "native":
        given = body.get("input")
        holder: Mapping[str, Any] = given if _is_object(given) else {}
        settings = body.get("parameters")
        parameters: Mapping[str, Any] = settings if _is_object(settings) else {}
    else:
        holder = body
        parameters = {k: v for k, v in body.items() if k not in _NOT_PARAMETERS}
    tools = parameters.get("tools")
    if streaming is None and (surface == "openai" or "stream" in parameters):
        streaming = parameters.get("stream") is True
    return Request(
        surface,
        body.get("model"),
        _read_messages(holder.get("messages")),
        holder.get("prompt"),
        holder.get("history"),
        tuple(tools) if isinstance(tools, list | tuple) else (),
        parameters,
        body,
        streaming,
    )


def _recognise(body: Mapping[str, Any]) -> Surface:
    if "input" in body or "parameters" in body:
        return "native"
    if "messages" in body:
        return "openai"
    raise NotARequest(
        "expected a request body: native {model, input, parameters} or "
        "OpenAI-compatible {model, messages, ...}"
    )


def _read_messages(given: Any) -> tuple[Message, ...] | None:
    if not isinstance(given, list | tuple):
        return None
    messages = []
    for raw in given:
        if not _is_object(raw):
            return None
        get = raw.get
        content = get("content")
        if len(raw) == 2 and content.__class__ is str and "role" in raw:  # the common message
            messages.append(Message(raw["role"], content, content, None, (), None, False, raw))
            continue
        calls = get("tool_calls")
        messages.append(
            Message(
                get("role"),
                content if isinstance(content, str) else content_text(content),
                content,
                get("name"),
                tuple(calls) if isinstance(calls, list | tuple) else (),
                get("tool_call_id"),
                get("partial") is True,
                raw,
            )
        )
    return tuple(messages)


def content_text(content: Any) -> str:
    """The text in a message's content: itself, or its text parts joined; else empty."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list | tuple):
        return ""
    found = []
    for part in content:
        text = part.get("text") if isinstance(part, Mapping) else part
        if isinstance(text, str):
            found.append(text)
    return "".join(found)


def _is_object(value: Any) -> TypeGuard[Mapping[str, Any]]:
    return value.__class__ is dict or isinstance(value, Mapping)  # the first test is the cheap one


_JSON_TYPES: Final[tuple[tuple[type, str], ...]] = (
    (bool, "a boolean"),
    (int, "a number"),
    (float, "a number"),
    (str, "a string"),
    (list, "an array"),
    (type(None), "null"),
)


def _json_type(value: object) -> str:
    return next((name for kind, name in _JSON_TYPES if isinstance(value, kind)), "something else")
