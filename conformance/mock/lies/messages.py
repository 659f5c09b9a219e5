"""Lies about the conversation: rules that nobody checks, turns that are forgotten."""

from __future__ import annotations

from typing import Any

import msgspec

from tokenassay.conformance.mock.call import Call
from tokenassay.conformance.mock.lies.registry import Lie, Probe
from tokenassay.conformance.mock.lies.tricks import object_to, overlook
from tokenassay.conformance.mock.stages import Hooks
from tokenassay.contracts.clauses import ClauseBase

_FAMILY = "messages"
_HI = {"role": "user", "content": "Hi"}
_SYSTEM = {"role": "system", "content": "You speak like a pirate."}
_ANSWER = {"role": "assistant", "content": "Hello."}
_WEATHER: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}
_CALLED = {
    "role": "assistant",
    "content": "",
    "tool_calls": [
        {
            "id": "call_1",
            "type": "function",
            "function": {"name": "get_weather", "arguments": '{"city": "Oslo"}'},
        }
    ],
}


def _forget(call: Call, given: dict[str, Any]) -> dict[str, Any]:
    """Keep the last message only; the meter goes by what is left."""
    from tokenassay.conformance.mock.metering import count_input

    request = call.request
    if request is not None and (request.messages or request.history):
        call.request = msgspec.structs.replace(
            request, messages=(request.messages or ())[-1:] or None, history=None
        )
        call.input_tokens = count_input(call)
    return given


def _with_system(call: Call) -> ClauseBase | None:
    messages = (call.request.messages if call.request else None) or ()
    if any(message.role == "system" for message in messages):
        return call.service.edition.get("messages.roles")
    return None


def _with_assistant(call: Call) -> ClauseBase | None:
    messages = (call.request.messages if call.request else None) or ()
    if any(message.role == "assistant" for message in messages):
        return call.service.edition.get("messages.roles")
    return None


LIES: tuple[Lie, ...] = (
    Lie(
        "accepts_any_role",
        _FAMILY,
        "A message may have whatever role.",
        ("messages.roles",),
        Hooks(judge=overlook("messages.*")),
        probe=Probe(messages=({"role": "narrator", "content": "Hi"},)),
    ),
    Lie(
        "accepts_system_anywhere",
        _FAMILY,
        "A system message in the middle of the conversation is taken.",
        ("messages.system_first_only",),
        Hooks(judge=overlook("messages.system_first_only", "messages.alternate")),
        probe=Probe(messages=(_HI, _ANSWER, _SYSTEM, _HI)),
    ),
    Lie(
        "accepts_users_in_a_row",
        _FAMILY,
        "User and assistant need not take turns.",
        ("messages.alternate",),
        Hooks(judge=overlook("messages.alternate", "messages.last")),
        ("native",),
        Probe(messages=(_HI, _ANSWER, _ANSWER, _HI)),
    ),
    Lie(
        "accepts_no_messages",
        _FAMILY,
        "An empty list of messages is answered.",
        ("messages.not_empty",),
        Hooks(judge=overlook("messages.*", "input.prompt_or_messages")),
        probe=Probe(body={"messages": [], "input": {"messages": []}}),
    ),
    Lie(
        "accepts_no_input",
        _FAMILY,
        "A body without input is answered.",
        ("input.type",),
        Hooks(judge=overlook("input.*", "messages.*")),
        ("native",),
        Probe(body={"input": ...}),
    ),
    Lie(
        "accepts_missing_content",
        _FAMILY,
        "A user message without content is answered.",
        ("messages.content_required", "messages.content"),
        Hooks(judge=overlook("messages.content*")),
        probe=Probe(messages=({"role": "user"},)),
    ),
    Lie(
        "accepts_content_of_any_type",
        _FAMILY,
        "The content of a message may be a number.",
        ("messages.content_types", "messages.content_type"),
        Hooks(judge=overlook("messages.content*")),
        probe=Probe(messages=({"role": "user", "content": 7},)),
    ),
    Lie(
        "accepts_results_of_other_tools",
        _FAMILY,
        "A tool message may name a function that nobody called.",
        ("messages.tool_name",),
        Hooks(judge=overlook("messages.tool_name")),
        ("native",),
        Probe(
            {"tools": [_WEATHER], "result_format": "message"},
            messages=(_HI, _CALLED, {"role": "tool", "name": "get_time", "content": "3 pm"}),
        ),
    ),
    Lie(
        "accepts_results_without_calls",
        _FAMILY,
        "A tool message is taken though no call came before it.",
        ("messages.tool_after_tool_calls",),
        Hooks(judge=overlook("messages.tool*")),
        probe=Probe(
            {"tools": [_WEATHER], "result_format": "message"},
            messages=(
                _HI,
                {"role": "tool", "name": "get_weather", "tool_call_id": "call_1", "content": "dry"},
            ),
        ),
    ),
    Lie(
        "forgets_earlier_turns",
        _FAMILY,
        "The answer and the bill regard the last message only.",
        ("usage.counts_template", "usage.template", "history.shape"),
        Hooks(adjust=_forget),
        probe=Probe(messages=(_HI, _ANSWER, {"role": "user", "content": "And now?"})),
    ),
    Lie(
        "refuses_system_messages",
        _FAMILY,
        "The role system is refused.",
        ("messages.roles",),
        Hooks(judge=object_to(_with_system, "there is a system message")),
        probe=Probe(messages=(_SYSTEM, _HI)),
    ),
    Lie(
        "refuses_assistant_messages",
        _FAMILY,
        "A conversation of more than one turn is refused.",
        ("messages.roles",),
        Hooks(judge=object_to(_with_assistant, "there is an assistant message")),
        probe=Probe(messages=(_HI, _ANSWER, {"role": "user", "content": "And now?"})),
    ),
)
