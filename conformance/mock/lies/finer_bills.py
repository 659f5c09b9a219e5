"""Finer lies of the meter: small surcharges, and bills that depend on what they should not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from tokenassay.conformance.mock.call import Call, Usage
from tokenassay.conformance.mock.frames import Frame
from tokenassay.conformance.mock.lies.registry import Lie, Probe
from tokenassay.conformance.mock.lies.tricks import content_at, listed
from tokenassay.conformance.mock.lies.where import counts_exactly, takes
from tokenassay.conformance.mock.stages import Hook, Hooks
from tokenassay.estimators.tokens import count_tokens

_FAMILY = "metering"
_INPUT = ("usage.counts_template", "usage.template")
_OUTPUT = ("usage.counts_output", "usage.output")
_LONG = ({"role": "user", "content": "so" + " so" * 700},)
_TOOL = {"type": "function", "function": {"name": "get_time", "parameters": {}}}


def _input(more: Callable[[Call, int], int]) -> Hook[Usage]:
    """Bill so many tokens of input beside the honest ones."""

    def meter(call: Call, usage: Usage) -> Usage:
        given = usage.input_tokens + more(call, usage.input_tokens)
        total = usage.total_tokens - usage.input_tokens + given
        return msgspec.structs.replace(usage, input_tokens=given, total_tokens=total)

    return meter


def _output(change: Callable[[int], int]) -> Hook[Usage]:
    def meter(call: Call, usage: Usage) -> Usage:
        made = change(usage.output_tokens)
        total = usage.total_tokens - usage.output_tokens + made
        return msgspec.structs.replace(usage, output_tokens=made, total_tokens=total)

    return meter


def _said(call: Call, *roles: str) -> list[str]:
    messages = (call.request.messages if call.request else None) or ()
    return [message.text for message in messages if not roles or message.role in roles]


def _emoji(call: Call, given: int) -> int:
    return sum(letter > "\uffff" for text in _said(call) for letter in text)


def _no_system(call: Call, given: int) -> int:
    return -sum(count_tokens(text) for text in _said(call, "system"))


def _tools(call: Call, given: int) -> int:
    tools = call.request.parameters.get("tools") if call.request else None
    return count_tokens(msgspec.json.encode(tools).decode()) if tools else 0


def _stops(call: Call, given: int) -> int:
    return 2 if call.request and call.request.parameters.get("stop") else 0


def _choices(call: Call, given: int) -> int:
    number = call.parameters.get("n")
    return given * (number - 1) if isinstance(number, int) else 0


def _all_at_once(frames: list[Frame]) -> list[Frame]:
    """Show the usage of the whole answer in each frame."""
    told = [n for n in content_at(frames) if isinstance(frames[n].data, dict)]
    usage = frames[told[-1]].data.get("usage") if told else None
    for n in told:
        frames[n] = frames[n]._replace(data={**frames[n].data, "usage": usage})
    return frames


def _one_more_at_last(frames: list[Frame]) -> list[Frame]:
    for n in content_at(frames)[-1:]:
        data: Any = frames[n].data
        usage = {**data["usage"], "output_tokens": data["usage"]["output_tokens"] + 1}
        if "total_tokens" in usage:
            usage["total_tokens"] += 1
        frames[n] = frames[n]._replace(data={**data, "usage": usage})
    return frames


LIES: tuple[Lie, ...] = (
    Lie(
        "inflates_input_by_a_hundredth",
        _FAMILY,
        "Input is one in a hundred tokens too high.",
        _INPUT,
        Hooks(meter=_input(lambda call, given: given // 100)),
        probe=Probe(messages=_LONG),
    ),
    Lie(
        "bills_long_inputs_extra",
        _FAMILY,
        "Each five hundred tokens of input cost five more.",
        _INPUT,
        Hooks(meter=_input(lambda call, given: given // 500 * 5)),
        probe=Probe(messages=_LONG),
    ),
    Lie(
        "rounds_input_up_to_eights",
        _FAMILY,
        "Input is rounded up to a multiple of eight.",
        _INPUT,
        Hooks(meter=_input(lambda call, given: -given % 8)),
        probe=Probe(messages=({"role": "user", "content": "so so so"},)),
    ),
    Lie(
        "rounds_output_up_to_tens",
        _FAMILY,
        "Output is rounded up to a multiple of ten.",
        _OUTPUT,
        Hooks(meter=_output(lambda made: -(-made // 10) * 10)),
        probe=Probe(messages=({"role": "user", "content": "Tell me in 33 words."},)),
    ),
    Lie(
        "bills_twenty_tokens_of_output_at_least",
        _FAMILY,
        "An answer of fewer than twenty tokens is billed as twenty.",
        _OUTPUT,
        Hooks(meter=_output(lambda made: max(20, made))),
        probe=Probe(messages=({"role": "user", "content": "Tell me in 3 words."},)),
    ),
    Lie(
        "bills_emoji_extra",
        _FAMILY,
        "Each emoji in a message costs one token more.",
        _INPUT,
        Hooks(meter=_input(_emoji)),
        probe=Probe(messages=({"role": "user", "content": "🎉🎉 party!"},)),
    ),
    Lie(
        "bills_no_system_message",
        _FAMILY,
        "What a system message says is not billed.",
        _INPUT,
        Hooks(meter=_input(_no_system)),
        probe=Probe(
            messages=(
                {"role": "system", "content": "You are brief."},
                {"role": "user", "content": "Say hello."},
            )
        ),
    ),
    Lie(
        "bills_tools_twice",
        _FAMILY,
        "The definitions of tools are billed twice.",
        _INPUT,
        Hooks(meter=_input(_tools)),
        probe=Probe({"tools": [_TOOL], "result_format": "message"}),
        where=takes("tools"),
    ),
    Lie(
        "bills_stop_texts",
        _FAMILY,
        "A request with a stop text costs two tokens more.",
        _INPUT,
        Hooks(meter=_input(_stops)),
        probe=Probe({"stop": ["zebra"]}),
        where=counts_exactly,
    ),
    Lie(
        "bills_input_for_each_choice",
        _FAMILY,
        "The input is billed once for each choice.",
        ("usage.template",),
        Hooks(meter=_input(_choices)),
        ("openai",),
        Probe({"n": 2}),
        takes("n"),
    ),
    Lie(
        "adds_a_token_in_the_last_frame",
        _FAMILY,
        "The last frame of a stream counts one token of output more than there are.",
        _OUTPUT,
        Hooks(frames=listed(_one_more_at_last)),
        ("native",),
        Probe(stream=True),
    ),
    Lie(
        "usage_runs_ahead_in_a_stream",
        "streams",
        "The first frame of a stream has the usage of the whole answer.",
        ("stream.usage_every_frame",),
        Hooks(frames=listed(_all_at_once)),
        ("native",),
        Probe(stream=True),
    ),
)
