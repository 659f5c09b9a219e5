"""Lies about tools: not called, called wrongly, or told in another form."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from tokenassay.conformance.mock.call import Answer, Call, ToolCall
from tokenassay.conformance.mock.frames import Frame
from tokenassay.conformance.mock.lies.registry import Lie, Probe
from tokenassay.conformance.mock.lies.tricks import messages_in, overlook, setting
from tokenassay.conformance.mock.stages import Hook, Hooks

_FAMILY = "tools"
_WEATHER: dict[str, Any] = {
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
_TIME: dict[str, Any] = {
    "type": "function",
    "function": {"name": "get_time", "description": "The time of day.", "parameters": {}},
}
_ASKED = ({"role": "user", "content": "What is the weather in Oslo?"},)
_TOOLS: dict[str, Any] = {"tools": [_WEATHER, _TIME], "result_format": "message"}
_CALL = Probe(_TOOLS, messages=_ASKED)


def _calls(change: Callable[[ToolCall], ToolCall]) -> Hook[Answer]:
    def answer(call: Call, honest: Answer) -> Answer:
        calls = tuple(change(made) for made in honest.tool_calls)
        return msgspec.structs.replace(honest, tool_calls=calls)

    return answer


def _arguments(written: Callable[[str], str]) -> Hook[Answer]:
    return _calls(lambda made: msgspec.structs.replace(made, arguments=written(made.arguments)))


def _reason(call: Call, honest: Answer) -> Answer:
    if not honest.tool_calls:
        return honest
    return msgspec.structs.replace(honest, finish_reason="stop")


def _twice(call: Call, honest: Answer) -> Answer:
    more = tuple(
        ToolCall(f"{made.id[:-1]}{'0' if made.id[-1:] != '0' else '1'}", made.name, made.arguments)
        for made in honest.tool_calls
    )
    return msgspec.structs.replace(honest, tool_calls=honest.tool_calls + more)


def _as_text(call: Call, honest: Answer) -> Answer:
    if not honest.tool_calls:
        return honest
    said = "\n".join(
        f'<tool_call>\n{{"name": "{made.name}", "arguments": {made.arguments}}}\n</tool_call>'
        for made in honest.tool_calls
    )
    return msgspec.structs.replace(
        honest, pieces=(said,), marks=(honest.tokens,), tool_calls=(), finish_reason="stop"
    )


def _each_call(change: Callable[[dict[str, Any]], None], body: Any) -> Any:
    for message in messages_in(body):
        for made in message.get("tool_calls") or ():
            change(made)
    return body


def _written(change: Callable[[dict[str, Any]], None]) -> Hooks:
    """Change each call as it stands in a body or in a frame."""

    def frames(call: Call, honest: Iterable[Frame]) -> Iterator[Frame]:
        for frame in honest:
            yield frame._replace(data=_each_call(change, frame.data))

    return Hooks(body=lambda call, body: _each_call(change, body), frames=frames)


def _object(made: dict[str, Any]) -> None:
    try:
        made["function"]["arguments"] = json.loads(made["function"]["arguments"])
    except ValueError:  # a fragment of them
        made["function"]["arguments"] = {}


def _wrong_values(written: str) -> str:
    return json.dumps({name: [1, 2, 3] for name in json.loads(written)})


LIES: tuple[Lie, ...] = (
    Lie(
        "ignores_tools",
        _FAMILY,
        "Tools are taken and never called.",
        ("tools.finish_reason", "response.tool_call", "tools.arguments"),
        Hooks(adjust=setting(tools=None)),
        probe=_CALL,
    ),
    Lie(
        "tool_arguments_are_not_json",
        _FAMILY,
        "The arguments of a call are cut off and no JSON.",
        ("tools.arguments",),
        Hooks(answer=_arguments(lambda written: written[:-1])),
        probe=_CALL,
    ),
    Lie(
        "tool_arguments_lack_the_required",
        _FAMILY,
        "The arguments of a call are empty though some are required.",
        ("tools.arguments",),
        Hooks(answer=_arguments(lambda written: "{}")),
        probe=_CALL,
    ),
    Lie(
        "tool_arguments_of_wrong_types",
        _FAMILY,
        "The arguments of a call have other types than the schema says.",
        ("tools.arguments",),
        Hooks(answer=_arguments(_wrong_values)),
        probe=_CALL,
    ),
    Lie(
        "calls_an_unknown_function",
        _FAMILY,
        "It calls a function that is not among the tools.",
        ("tools.one_function", "tools.arguments", "response.tool_call"),
        Hooks(answer=_calls(lambda made: msgspec.structs.replace(made, name="run_shell"))),
        probe=_CALL,
    ),
    Lie(
        "calls_functions_twice",
        _FAMILY,
        "Each call comes twice in one answer.",
        ("tools.one_function", "tools.parallel*"),
        Hooks(answer=_twice),
        probe=_CALL,
    ),
    Lie(
        "tool_call_as_text",
        _FAMILY,
        "A call stands in the answer's text, as the model wrote it.",
        ("response.tool_call", "tools.finish_reason"),
        Hooks(answer=_as_text),
        probe=_CALL,
    ),
    Lie(
        "tool_call_finishes_with_stop",
        _FAMILY,
        "An answer that calls a tool has the finish_reason stop.",
        ("tools.finish_reason",),
        Hooks(answer=_reason),
        probe=_CALL,
    ),
    Lie(
        "tool_arguments_as_object",
        _FAMILY,
        "The arguments of a call are an object and no string.",
        ("response.tool_call",),
        _written(_object),
        probe=_CALL,
    ),
    Lie(
        "tool_call_without_type",
        _FAMILY,
        "A call does not say that it is of a function.",
        ("response.tool_call",),
        _written(lambda made: made.pop("type", None)),
        probe=_CALL,
    ),
    Lie(
        "accepts_tools_in_text_answers",
        "combinations",
        "Tools are taken with the result_format text.",
        ("tools.need_message_format",),
        Hooks(judge=overlook("tools.need_message_format")),
        ("native",),
        Probe({"tools": [_WEATHER], "result_format": "text"}, messages=_ASKED),
    ),
    Lie(
        "accepts_tools_with_increments",
        "combinations",
        "Tools are taken together with incremental_output.",
        ("tools.without_incremental_output",),
        Hooks(judge=overlook("tools.without_incremental_output")),
        ("native",),
        Probe({**_TOOLS, "incremental_output": True}, messages=_ASKED, stream=True),
    ),
    Lie(
        "accepts_bad_function_names",
        _FAMILY,
        "A function may have a name with spaces, or one that is too long.",
        ("tools.name_characters", "tools.name_length"),
        Hooks(judge=overlook("tools.name_characters", "tools.name_length")),
        probe=Probe(
            {
                **_TOOLS,
                "tools": [{"type": "function", "function": {"name": "get the weather"}}],
            },
            messages=_ASKED,
        ),
    ),
    Lie(
        "accepts_other_kinds_of_tools",
        _FAMILY,
        "A tool need not be a function.",
        ("tools.kind",),
        Hooks(judge=overlook("tools.kind")),
        probe=Probe({**_TOOLS, "tools": [{**_WEATHER, "type": "plugin"}]}, messages=_ASKED),
    ),
)
