"""The requests of a comparison: made once, from one seed, for all targets."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from tokenassay.conformance.compare.asks import PLAIN, Ask, say
from tokenassay.conformance.compare.errands import errand_asks
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.formats import JSON_ASKED, ROOM, SCHEMA
from tokenassay.conformance.promises.requests import is_dearer, prepare
from tokenassay.conformance.promises.tool_calls import TRIP, TRIP_TOOL
from tokenassay.contracts.edition import Parameter
from tokenassay.estimators.requests import read_request

_APART: Final = frozenset(
    "model messages prompt history input parameters stream stream_options tools".split()  # noqa: SIM905
)
"""Parameters that an ask has a place of its own for."""

_TOOL: Final[dict[str, Any]] = {
    "type": "function",
    "function": {
        "name": "get_time",
        "description": "Tells the time in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
_TOWN: Final = "Name a city and how many bridges it has, as json with the keys city and bridges."

_FAR: Final = 1_000
"""How far outside a range an illegal value lies, beside those at its ends."""


def asks(probes: Sequence[Probe], seed: int, examples: int) -> list[Ask]:
    """Everything that is asked of each target, simple requests first, none twice."""
    dice = random.Random(seed)  # noqa: S311 - reproducible requests, no secrets
    found: dict[str, Ask] = {}
    legal: list[Ask] = []
    for ask in (*_talk(), *_tools(), *_formats(), *errand_asks(probes)):
        found.setdefault(ask.key, ask)
    for probe in probes:
        for parameter in probe.edition.parameters(probe.model).values():
            for ask, is_legal in _about(probe, parameter):
                if ask.key not in found:
                    found[ask.key] = ask
                    if is_legal:
                        legal.append(ask)
    for _ in range(examples if len(legal) > 1 else 0):
        mixed = _mixed(dice, legal, list(found.values()))
        found.setdefault(mixed.key, mixed)
    return list(found.values())


def _talk() -> Iterator[Ask]:
    """Conversations of every shape, and what is wrong with some."""
    yield Ask()
    yield Ask(bare=True)
    yield Ask(stream=True, family="streams")
    yield Ask(stream=True, bare=True, family="streams")
    yield Ask(stream=True, parameters={"incremental_output": True}, family="streams")
    yield Ask(cap=1)
    yield Ask(messages=(say("Name one bird. Answer in one word."),), cap=64)
    yield Ask(messages=(say("请写一段关于桥的话。"),), cap=40)
    yield Ask(messages=(say("请写一段关于桥的话。"),), cap=40, stream=True, family="streams")
    yield Ask(messages=(say("Count to twenty."),), parameters={"stop": ["a", "e"]}, cap=40)
    yield Ask(messages=(say("Count to twenty."),), parameters={"stop": ["#", "e"]}, cap=40)
    system, reply, more = say("Be brief.", "system"), say("Hello.", "assistant"), say("And now?")
    first = say("Hi.")
    yield Ask(messages=(system, first))
    yield Ask(messages=(first, reply, more))
    yield Ask(messages=(say("The bridge was built of stone and stood long. " * 40),))
    yield Ask(messages=(), family="messages")
    yield Ask(messages=(say("Hi.", "nobody"),), family="messages")
    yield Ask(messages=(first, more), family="messages")
    yield Ask(messages=(first, system), family="messages")
    yield Ask(messages=(first, reply), family="messages")
    yield Ask(messages=({"role": "user"},), family="messages")
    yield Ask(messages=(say(""),), family="messages")
    yield Ask(messages=(say(7),), family="messages")
    yield Ask(model="no-such-model", family="errors")
    yield Ask(keyed=False, family="errors")


def _tools() -> Iterator[Ask]:
    """Tools offered, forced, forbidden and answered, with arguments flat and deep."""
    question, trip = say("What is the time in Hangzhou?"), say(TRIP)

    def ask(*messages: Mapping[str, Any], stream: bool = False, **given: Any) -> Ask:
        return Ask(messages=messages, parameters=given, cap=ROOM, stream=stream, family="tools")

    forced = {"type": "function", "function": {"name": "get_time"}}
    for stream in (False, True):
        yield ask(question, tools=[_TOOL], stream=stream)
        yield ask(trip, tools=[TRIP_TOOL], stream=stream)
    yield ask(question, tools=[_TOOL], tool_choice=forced)
    yield ask(question, tools=[_TOOL], tool_choice="none")
    call = {"id": "call_1", "type": "function", "index": 0}
    call["function"] = {"name": "get_time", "arguments": '{"city": "Hangzhou"}'}
    turn = {"role": "assistant", "content": "", "tool_calls": [call]}
    answer = {"role": "tool", "content": "noon", "tool_call_id": "call_1"}
    yield ask(question, turn, answer, tools=[_TOOL])
    yield ask(question, turn, tools=[_TOOL])
    yield ask(question, answer, tools=[_TOOL])
    yield ask(question, tools=[{"type": "function", "function": {}}])
    yield ask(question, tools=[{**_TOOL, "type": "no-such-type"}])


def _formats() -> Iterator[Ask]:
    """Answers in JSON, free and by a schema."""
    by_schema = {"type": "json_schema", "json_schema": {"name": "town", "schema": SCHEMA}}
    for shape, said in (({"type": "json_object"}, JSON_ASKED[0]), (by_schema, _TOWN)):
        for stream in (False, True):
            yield Ask(
                messages=(say(said),),
                parameters={"response_format": shape},
                cap=ROOM,
                stream=stream,
                family="responses",
            )


def _about(probe: Probe, parameter: Parameter) -> Iterator[tuple[Ask, bool]]:
    """A parameter at legal values and at illegal ones, and whether each is legal."""
    name = parameter.name
    if name in _APART:
        return
    legal, illegal = _values(parameter)
    for values, is_legal in ((legal, True), (illegal, False)):
        for value in values:
            given: dict[str, Any] = {name: value}
            request = prepare(probe, **given)
            if is_dearer(probe, request.body):
                continue
            read = read_request(request.body, surface=probe.surface, streaming=request.stream)
            parameters = {
                key: item
                for key, item in read.parameters.items()
                if key not in _APART and key not in ("result_format", "max_tokens")
            }
            messages = tuple(message.raw for message in read.messages or ())
            yield (
                Ask(
                    messages=messages or (say(PLAIN),),
                    parameters={**parameters, **given},
                    stream=request.stream,
                    family="parameters",
                ),
                is_legal,
            )


def _values(parameter: Parameter) -> tuple[list[Any], list[Any]]:
    """Values that the documents allow, and values that they do not."""
    interval, choice = parameter.interval, parameter.choice
    types = parameter.declared.types
    legal: list[Any] = []
    illegal: list[Any] = []
    if choice is not None:
        legal += choice.values
        illegal.append("no such value")
    elif interval is not None:
        whole = "number" not in types
        for bound, sign in ((interval.low, -1), (interval.high, 1)):
            if math.isinf(bound):
                continue
            for value in (bound, bound - sign, bound + sign, bound + sign * _FAR):
                (legal if value in interval else illegal).append(value)
            if not whole:
                inner, outer = (math.nextafter(bound, side * math.inf) for side in (-sign, sign))
                for near in (inner, outer):
                    (legal if near in interval else illegal).append(near)
    elif "boolean" in types:
        legal += [True, False]
    elif "string" in types and _is_free(parameter):
        legal.append("x")
    if "string" not in types:
        illegal.append("x")
    elif "object" not in types:
        illegal.append({"a": 1})
    return legal, illegal


def _is_free(parameter: Parameter) -> bool:
    """Whether any text will do, as for ``stop``."""
    return parameter.forms is not None


def _mixed(dice: random.Random, legal: list[Ask], all_asks: list[Ask]) -> Ask:
    """Several parameters at once, over some conversation."""
    parts = dice.sample(legal, min(len(legal), dice.randint(2, 3)))
    base = dice.choice([ask for ask in all_asks if ask.family == "responses"])
    merged: dict[str, Any] = {}
    for part in parts:
        merged.update(part.parameters)
    return Ask(
        messages=base.messages,
        parameters=merged,
        stream=any(part.stream for part in parts) or dice.random() < 0.2,
        cap=base.cap,
        family="parameters",
    )
