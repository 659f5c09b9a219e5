"""Shapes that can be compared whatever is said in them: fields, calls of tools, order, JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import jsonschema
import msgspec

from tokenassay.conformance.promises.tool_calls import Calling
from tokenassay.conformance.reading import Flow
from tokenassay.conformance.sse import Event

_PREFIX: Final = re.compile(r"(?<=-).*|^[0-9a-f]{8}-.*")


def calls_of(calling: Calling, tools: Any) -> str:
    """How tools are called: how often, and what is wrong with a call."""
    if not calling.calls:
        return "not called"
    if calling.finish_reason == "length":
        return "cut off"
    faults = {fault for call in calling.calls for fault in _faults(call, tools)}
    if calling.finish_reason != "tool_calls":
        faults.add(f"finish_reason {calling.finish_reason}")
    return f"{len(calling.calls)} called" + "".join(f", {fault}" for fault in sorted(faults))


def _faults(call: Mapping[str, Any], tools: Any) -> Iterator[str]:
    function = call.get("function")
    function = function if isinstance(function, dict) else {}
    if not call.get("id"):
        yield "without id"
    if call.get("type") != "function":
        yield "without type"
    schemas = dict(_offered(tools))
    if function.get("name") not in schemas:
        yield "a function that was not offered"
        return
    text = function.get("arguments")
    try:
        arguments = msgspec.json.decode(text if isinstance(text, str) else "")
    except msgspec.DecodeError:
        yield "arguments are no JSON" if isinstance(text, str) else "arguments are no text"
        return
    if not isinstance(arguments, dict):
        yield "arguments are no object"
    elif _unfit(schemas[function["name"]], arguments):
        yield "arguments do not fit their schema"


def _offered(tools: Any) -> Iterator[tuple[Any, Any]]:
    for tool in tools if isinstance(tools, list) else ():
        function = tool.get("function") if isinstance(tool, dict) else None
        if isinstance(function, dict):
            yield function.get("name"), function.get("parameters") or {}


def _unfit(schema: Any, value: Any) -> bool:
    try:
        return not jsonschema.Draft202012Validator(schema).is_valid(value)
    except jsonschema.SchemaError:
        return False  # nothing fits what is no schema


def json_of(wanted: Any, text: str) -> str:
    """Whether an answer that was wanted in JSON is."""
    try:
        found = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return "no JSON"
    if not isinstance(found, dict):
        return "JSON, but no object"
    schema = wanted.get("json_schema") if isinstance(wanted, dict) else None
    if isinstance(schema, dict) and _unfit(schema.get("schema"), found):
        return "JSON that does not fit its schema"
    return "JSON as wanted"


def order_of(flow: Flow) -> str:
    """Whether role, text, end and usage come in their order, however many frames there are."""
    at: dict[str, list[int]] = {"role": [], "text": [], "end": []}
    for index, reply in enumerate(flow.replies):
        for name, there in (("role", reply.role), ("text", reply.text), ("end", reply.finished)):
            if there:
                at[name].append(index)
    faults = []
    if at["role"] and at["text"] and at["role"][0] > at["text"][0]:
        faults.append("text before the role")
    if at["end"] and at["text"] and at["end"][0] < at["text"][-1]:
        faults.append("text after the end")
    alone = [i for i, r in enumerate(flow.replies) if r.usage is not None and not r.has_choice]
    if alone and at["end"] and alone[0] < at["end"][0]:
        faults.append("usage before the end")
    return ", ".join(faults) or "in order"


def lines_of(event: Any) -> Iterator[str]:
    """The lines of a frame by name, and what is irregular in it."""
    if event.id is not None:
        yield "id"
    if event.event is not None:
        yield f"event:{event.event}"
    if event.comments:
        yield "comment"
    if event.data is not None:
        yield "data"
    yield from event.irregular


def numbers_of(events: Sequence[Event]) -> tuple[str, ...]:
    """How the frames of a stream are numbered, where they are."""
    ids = [event.id for event in events if event.id is not None]
    if len(ids) < 2:
        return ()
    if ids == [str(number) for number in range(1, len(ids) + 1)]:
        return ("numbered from 1",)
    return ("numbered alike" if len(set(ids)) == 1 else "numbered otherwise",)


def form(body: Any, *, loosely: bool = False) -> str:
    """Fields of a body with their types; usage and what depends on the words is left out.

    ``loosely``: without whether a text is empty, which changes from frame to frame.
    """
    return ", ".join(sorted(set(_paths(body, "", loosely)))) or _kind(body, loosely)


def _paths(value: Any, path: str, loosely: bool) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("usage", "tool_calls", "message_content"):
                continue
            yield from _paths(inner, f"{path}.{key}" if path else str(key), loosely)
    elif isinstance(value, list):
        for inner in value[:1]:
            yield from _paths(inner, f"{path}[]", loosely)
    elif path.endswith("object") and isinstance(value, str):
        yield f"{path}: {value}"
    elif path.endswith("finish_reason") and value == "null":
        yield f"{path}: null in words"
    elif path == "id" and isinstance(value, str):
        yield f"{path}: {_PREFIX.sub('', value) or 'text'}"
    else:
        loose = loosely or path.endswith(("content", "param"))
        yield f"{path}: {_kind(value, loose)}"


def _kind(value: Any, loosely: bool) -> str:
    if value is None:
        return "text" if loosely else "null"
    if isinstance(value, str):
        return "text" if loosely or value else "empty text"
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, int | float) else type(value).__name__
