"""Lies of the meter: tokens that were not there, and figures that do not add up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from tokenassay.conformance.mock.call import Call, Usage
from tokenassay.conformance.mock.lies.registry import Lie, Probe, has_streams
from tokenassay.conformance.mock.lies.tricks import edited
from tokenassay.conformance.mock.lies.where import counts_exactly
from tokenassay.conformance.mock.stages import Hook, Hooks
from tokenassay.estimators.tokens import count_tokens

_FAMILY = "metering"
_INPUT = ("usage.counts_template", "usage.template")
_OUTPUT = ("usage.counts_output", "usage.output")
_HIDDEN = "You are a polite assistant of this gateway. Never mention other providers."


def _summed(change: Callable[[int, int], tuple[int, int]]) -> Hook[Usage]:
    """Change input and output; the total follows, so that only a recount finds it."""

    def meter(call: Call, usage: Usage) -> Usage:
        given, made = change(usage.input_tokens, usage.output_tokens)
        return msgspec.structs.replace(
            usage, input_tokens=given, output_tokens=made, total_tokens=given + made
        )

    return meter


def _hidden(call: Call, usage: Usage) -> Usage:
    return _summed(lambda given, made: (given + 5 + count_tokens(_HIDDEN), made))(call, usage)


def _in_streams(call: Call, usage: Usage) -> Usage:
    return _summed(lambda given, made: (given, made + 3))(call, usage) if call.stream else usage


def _in_plain(call: Call, usage: Usage) -> Usage:
    return usage if call.stream else _summed(lambda given, made: (given + 2, made))(call, usage)


def _as_asked(call: Call, usage: Usage) -> Usage:
    """Bill max_tokens, whatever was said."""
    cap = call.parameters.get("max_tokens")
    if not isinstance(cap, int):
        return usage
    return _summed(lambda given, made: (given, cap))(call, usage)


def _characters(call: Call, usage: Usage) -> Usage:
    messages = (call.request.messages if call.request else None) or ()
    said = sum(len(message.text) for message in messages)
    return _summed(lambda given, made: (said, made))(call, usage)


def _cumulative(call: Call, usage: Usage) -> Usage:
    """Bill a conversation's earlier turns twice."""
    messages = (call.request.messages if call.request else None) or ()
    if len(messages) < 2:
        return usage
    before = sum(count_tokens(message.text) for message in messages[:-1])
    return _summed(lambda given, made: (given + before, made))(call, usage)


def _total(change: Callable[[Usage], int]) -> Hook[Usage]:
    return lambda call, usage: msgspec.structs.replace(usage, total_tokens=change(usage))


def _no_usage(body: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in body.items() if k != "usage"}


def _null_usage(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "usage": None}


def _tokens(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Hook[dict[str, Any]]:
    return lambda call, body: change(body)


def _one_more_token(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "usage": {"input_tokens": body["usage"]["input_tokens"] + 1}}


def _shifted_ids(body: dict[str, Any]) -> dict[str, Any]:
    output = body["output"]
    return {**body, "output": {**output, "token_ids": [id + 1 for id in output["token_ids"]]}}


def _no_pieces(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "output": {"token_ids": body["output"]["token_ids"]}}


_PLAIN = Probe()
_CHAT = Probe(
    messages=(
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello."},
        {"role": "user", "content": "And now?"},
    )
)
_COUNT = Probe(operation="count_tokens")

LIES: tuple[Lie, ...] = (
    Lie(
        "overcounts_input_by_one",
        _FAMILY,
        "One token of input too many.",
        _INPUT,
        Hooks(meter=_summed(lambda given, made: (given + 1, made))),
        probe=_PLAIN,
        where=counts_exactly,
    ),
    Lie(
        "undercounts_input_by_one",
        _FAMILY,
        "One token of input too few.",
        _INPUT,
        Hooks(meter=_summed(lambda given, made: (max(0, given - 1), made))),
        probe=_PLAIN,
        where=counts_exactly,
    ),
    Lie(
        "overcounts_output_by_one",
        _FAMILY,
        "One token of output too many.",
        _OUTPUT,
        Hooks(meter=_summed(lambda given, made: (given, made + 1))),
        probe=_PLAIN,
    ),
    Lie(
        "doubles_output",
        _FAMILY,
        "Output tokens are counted twice.",
        _OUTPUT,
        Hooks(meter=_summed(lambda given, made: (given, made * 2))),
        probe=_PLAIN,
    ),
    Lie(
        "inflates_usage_by_a_tenth",
        _FAMILY,
        "All usage is a tenth too high.",
        (*_INPUT, *_OUTPUT),
        Hooks(meter=_summed(lambda given, made: (given + given // 10 + 1, made + made // 10 + 1))),
        probe=_PLAIN,
    ),
    Lie(
        "rounds_usage_up_to_hundreds",
        _FAMILY,
        "Input and output are rounded up to full hundreds.",
        (*_INPUT, *_OUTPUT),
        Hooks(meter=_summed(lambda given, made: (-given // 100 * -100, -made // 100 * -100))),
        probe=_PLAIN,
    ),
    Lie(
        "bills_a_hidden_system_prompt",
        _FAMILY,
        "A system message that nobody sent is billed with every call.",
        _INPUT,
        Hooks(meter=_hidden),
        probe=_PLAIN,
        where=counts_exactly,
    ),
    Lie(
        "bills_earlier_turns_twice",
        _FAMILY,
        "The earlier turns of a conversation are billed twice.",
        _INPUT,
        Hooks(meter=_cumulative),
        probe=_CHAT,
    ),
    Lie(
        "bills_characters",
        _FAMILY,
        "Input is counted in characters.",
        _INPUT,
        Hooks(meter=_characters),
        probe=_PLAIN,
    ),
    Lie(
        "bills_max_tokens",
        _FAMILY,
        "Output is billed as max_tokens, however short the answer is.",
        _OUTPUT,
        Hooks(meter=_as_asked),
        probe=Probe({"max_tokens": 1200}),
    ),
    Lie(
        "bills_more_in_streams",
        _FAMILY,
        "The same answer costs three tokens more as a stream.",
        _OUTPUT,
        Hooks(meter=_in_streams),
        ("native",),
        Probe(stream=True),
    ),
    Lie(
        "bills_less_in_streams",
        _FAMILY,
        "The same request costs two tokens more without a stream.",
        _INPUT,
        Hooks(meter=_in_plain),
        probe=_PLAIN,
        where=has_streams,
    ),
    Lie(
        "swaps_input_and_output",
        _FAMILY,
        "Input is billed as output, and output as input.",
        (*_INPUT, *_OUTPUT),
        Hooks(meter=_summed(lambda given, made: (made, given))),
        probe=_PLAIN,
    ),
    Lie(
        "usage_is_zero",
        _FAMILY,
        "All usage is zero.",
        (*_INPUT, *_OUTPUT),
        Hooks(meter=_summed(lambda given, made: (0, 0))),
        probe=_PLAIN,
    ),
    Lie(
        "total_does_not_add_up",
        _FAMILY,
        "The total is one more than input and output.",
        ("usage.sums",),
        Hooks(meter=_total(lambda usage: usage.total_tokens + 1)),
        probe=_PLAIN,
    ),
    Lie(
        "total_is_output_only",
        _FAMILY,
        "The total leaves out the input.",
        ("usage.sums",),
        Hooks(meter=_total(lambda usage: usage.output_tokens)),
        probe=_PLAIN,
    ),
    Lie(
        "usage_missing",
        _FAMILY,
        "An answer has no usage.",
        ("usage.present", "response.usage"),
        Hooks(body=_tokens(_no_usage), frames=edited(_no_usage)),
        probe=_PLAIN,
    ),
    Lie(
        "usage_is_null",
        _FAMILY,
        "The usage of an answer is null.",
        ("usage.present", "response.usage"),
        Hooks(body=_tokens(_null_usage)),
        probe=_PLAIN,
    ),
    Lie(
        "token_count_off_by_one",
        "tokens",
        "The token API counts one more than it lists.",
        ("tokens.api",),
        Hooks(token_count=_tokens(_one_more_token)),
        ("native",),
        _COUNT,
    ),
    Lie(
        "token_ids_of_another_vocabulary",
        "tokens",
        "The token API gives ids that stand for other pieces.",
        ("tokens.api",),
        Hooks(token_count=_tokens(_shifted_ids)),
        ("native",),
        _COUNT,
    ),
    Lie(
        "token_count_without_pieces",
        "tokens",
        "The token API gives ids without their pieces.",
        ("tokens.api_answer",),
        Hooks(token_count=_tokens(_no_pieces)),
        ("native",),
        _COUNT,
    ),
)
