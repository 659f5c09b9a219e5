"""Calls of tools as answers tell them: asked for, joined from a stream, held to their schema."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import jsonschema

from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.failures import Inconclusive, NotRun
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.requests import SAMPLE_TOOL, broken, prepare
from tokenassay.conformance.promises.talking import Said, can_stream, default_mode, read_stream
from tokenassay.conformance.promises.texts import written
from tokenassay.conformance.reading import Flow, Reply, reply_of
from tokenassay.contracts.edition import Edition

TOOLS: Final = frozenset({"tools"})
"""What a promise about tools needs of an endpoint."""

ROOM = 160
"""Output tokens that a call may take."""

TIME_TOOL: dict[str, Any] = {
    "type": "function",
    "function": {"name": "get_current_time", "description": "Tells the time.", "parameters": {}},
}
TRIP_TOOL: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "book_trip",
        "description": "Books a trip for several people.",
        "parameters": {
            "type": "object",
            "properties": {
                "to": {"type": "string", "description": "A city."},
                "class": {"type": "string", "enum": ["first", "second"]},
                "people": {"type": "integer"},
                "insured": {"type": "boolean"},
                "stops": {"type": "array", "items": {"type": "string"}},
                "payer": {
                    "type": "object",
                    "properties": {"name": {"type": "string"}},
                    "required": ["name"],
                },
            },
            "required": ["to", "class", "people", "insured", "stops", "payer"],
        },
    },
}
WEATHER = SAMPLE_TOOL["function"]["name"]
QUESTIONS = (
    "What is the weather in Boston? Use the tool.",
    "请用工具查询北京现在的天气。",
    "Call get_current_weather for the city of Oslo.",
)
TRIP = "Book a trip to Rome, first class, for 2 people, insured, by way of Milan; Ann pays."
BOTH = "What is the weather in Boston, and what is the current time? Call both functions at once."


class Calling(NamedTuple):
    """An answer as far as it calls tools; fragments of a stream are joined."""

    exchange: Exchange
    calls: list[dict[str, Any]]
    finish_reason: Any
    text: str


def tools_in(edition: Edition, model: str) -> bool:
    """Whether the edition documents tools for the model."""
    return "tools" in edition.parameters(model)


def call(probe: Probe, said: Said, *, streamed: bool = False, **given: Any) -> Calling:
    """What an endpoint makes of a request with tools, which has to be accepted.

    NotRun where the local rules know something against such a request.
    """
    given.setdefault("tools", [copy.deepcopy(SAMPLE_TOOL)])
    usual = prepare(probe, streamed or None, **given)
    against = broken(probe, usual)
    if against:
        raise NotRun(f"such a request goes against {against[0]} with this model")
    beside = usual.body.get("parameters", usual.body)
    asked = {name: beside[name] for name in beside if name not in ("model", "messages")}
    asked["max_tokens"] = ROOM
    if "max_tokens" not in probe.edition.parameters(probe.model):
        del asked["max_tokens"]
    body = probe.body(said, **{**asked, **given})
    exchange = probe.accepted(probe.send(body, stream=usual.stream))
    if not usual.stream:
        return of_reply(exchange, reply_of(exchange, probe.surface))
    mode = default_mode(probe)
    if isinstance(asked.get("incremental_output"), bool):
        mode = "incremental" if asked["incremental_output"] else "cumulative"
    return of_flow(exchange, read_stream(probe, exchange, mode))


def of_reply(exchange: Exchange, reply: Reply) -> Calling:
    """The calls of a plain answer."""
    calls = [dict(made) for made in reply.tool_calls]
    return Calling(exchange, calls, reply.finish_reason, reply.text or "")


def of_flow(exchange: Exchange, flow: Flow) -> Calling:
    """The calls of a streamed answer, joined by the way that its frames hold them."""
    if flow.mode == "cumulative":
        spoken = [reply for reply in flow.speaking if reply.tool_calls]
        made = spoken[-1].tool_calls if spoken else ()
        return Calling(exchange, [dict(one) for one in made], flow.finish_reason, flow.text)
    joined: dict[int, dict[str, Any]] = {}
    for reply in flow.speaking:
        for position, fragment in enumerate(reply.tool_calls):
            index = fragment.get("index")
            _join(joined.setdefault(index if isinstance(index, int) else position, {}), fragment)
    return Calling(exchange, list(joined.values()), flow.finish_reason, flow.text)


def _join(made: dict[str, Any], fragment: Mapping[str, Any]) -> None:
    """Add a fragment of a call: arguments are appended, all else stands in the first one."""
    for key, value in fragment.items():
        if key != "function" and value not in (None, ""):
            made.setdefault(key, value)
    function = fragment.get("function")
    if not isinstance(function, Mapping):
        return
    kept = made.setdefault("function", {})
    if function.get("name"):
        kept.setdefault("name", function["name"])
    arguments = function.get("arguments")
    if isinstance(arguments, str):
        kept["arguments"] = kept.get("arguments", "") + arguments
    elif arguments is not None:
        kept["arguments"] = arguments


def hold_call(probe: Probe, calling: Calling, made: Mapping[str, Any], tools: list[Any]) -> None:
    """One call names a function that was offered, with arguments that fit its schema."""
    function = made.get("function")
    function = function if isinstance(function, Mapping) else {}
    offered = {tool["function"]["name"]: tool["function"] for tool in tools}
    name = function.get("name")
    if name not in offered:
        raise probe.violation(
            f"a call of one of {', '.join(offered)}", f"a call of {written(name)}", calling.exchange
        )
    text = function.get("arguments")
    if not isinstance(text, str):
        raise probe.violation(
            "arguments as a string of JSON", f"arguments {written(text)}", calling.exchange
        )
    try:
        arguments = json.loads(text)
    except ValueError:
        raise probe.violation(
            "arguments as a string of JSON", f"arguments {written(text)}", calling.exchange
        ) from None
    schema = offered[name].get("parameters") or {"type": "object", "maxProperties": 0}
    fault = next(iter(jsonschema.Draft202012Validator(schema).iter_errors(arguments)), None)
    if fault is not None:
        raise probe.violation(
            f"arguments that fit the schema of {name}",
            f"{written(text)}: {fault.message[:160]}",
            calling.exchange,
        )


def some_call(probe: Probe, said: Said, *, streamed: bool = False, **given: Any) -> Calling | None:
    """An answer that calls a tool; None where the model preferred to talk."""
    calling = call(probe, said, streamed=streamed, **given)
    if calling.finish_reason == "length":
        raise Inconclusive("the call was cut at max_tokens", calling.exchange.id)
    return calling if calling.calls else None


def callings(probe: Probe) -> list[Calling]:
    """Answers that call the sample tool, whole and by stream; a violation where none does.

    A model may always prefer to talk; not in all of several plain demands, though.
    """
    found: list[Calling] = []
    last: Calling | None = None
    for question in QUESTIONS:
        for streamed in (False, True):
            if streamed and not can_stream(probe):
                continue
            try:
                last = call(probe, question, streamed=streamed)
            except NotRun:
                if not streamed:
                    raise
                continue
            if last.calls:
                found.append(last)
    if not found:
        said = written(last.text if last else "")
        raise probe.violation(
            f"a call of {WEATHER}, which was asked for in so many words",
            f"none in {len(QUESTIONS)} answers; the last one says {said}",
            last.exchange if last else None,
        )
    return found
