"""Tools: that they are called, by which name, with which arguments, and how that is told."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.failures import Inconclusive, NotRun
from tokenassay.conformance.judging import first_fault
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.making import promise
from tokenassay.conformance.promises.registry import Promise, builder
from tokenassay.conformance.promises.requests import FORCED, SAMPLE_TOOL, broken, prepare
from tokenassay.conformance.promises.talking import can_stream, default_mode, read_stream, say
from tokenassay.conformance.promises.texts import written
from tokenassay.conformance.promises.tool_calls import (
    BOTH,
    QUESTIONS,
    TIME_TOOL,
    TOOLS,
    TRIP,
    TRIP_TOOL,
    call,
    callings,
    hold_call,
    some_call,
    tools_in,
)
from tokenassay.conformance.promises.values import default_promises, type_promises
from tokenassay.conformance.reading import reply_of
from tokenassay.contracts import clauses as c
from tokenassay.contracts.edition import Edition

# ------------------------------------------------------------------------------- the call


@builder("behaviour:tool_finish_reason")
def reason_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """An answer that calls a tool ends for that reason."""
    if tools_in(edition, model):
        yield promise(clause, "answer_that_calls_a_tool_says_so", _reason, cost=6, needs=TOOLS)


def _reason(probe: Probe, *, clause: c.BehaviourClause) -> None:
    # The first of the documented reasons is that of a call of the model's own choice.
    wanted = clause.args["values"][0]
    for calling in callings(probe):
        if calling.finish_reason not in (wanted, "length"):
            raise probe.violation(
                f"finish_reason {written(wanted)} of an answer that calls a tool",
                f"finish_reason {written(calling.finish_reason)}",
                calling.exchange,
            )


@builder("shape:tool_response")
def response_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """An answer that calls a tool has the documented form."""
    if tools_in(edition, model):
        yield promise(
            clause,
            "tool_response_has_the_documented_shape",
            _response_shape,
            cost=6,
            needs=TOOLS,
        )


def _response_shape(probe: Probe, *, clause: c.ShapeClause) -> None:
    for calling in callings(probe):
        if calling.exchange.is_stream:
            continue
        fault = first_fault(clause, calling.exchange.json)
        if fault:
            raise probe.violation(f"a body as documented: {clause.text}", fault, calling.exchange)


@builder("messages:tool_call_id_required")
def id_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Since a result names its call by an id, each call has one."""
    if tools_in(edition, model):
        yield promise(
            clause,
            "each_call_has_an_id_of_its_own",
            _call_ids,
            family="tools",
            cost=6,
            needs=TOOLS,
        )
        yield promise(
            clause,
            "call_can_be_answered_with_its_result",
            _round_trip,
            family="tools",
            cost=2,
            needs=TOOLS,
        )


def _call_ids(probe: Probe, *, clause: c.MessageClause) -> None:
    seen: dict[str, Exchange] = {}
    for calling in callings(probe):
        for made in calling.calls:
            id = made.get("id")
            if not isinstance(id, str) or not id:
                raise probe.violation("a call with an id", f"id {written(id)}", calling.exchange)
        ids = [str(made["id"]) for made in calling.calls]
        if len(set(ids)) < len(ids):
            raise probe.violation("an id for each call", f"ids {ids}", calling.exchange)
        if calling.exchange.is_stream:
            _hold_fragments(probe, calling.exchange)
            continue  # the very question of the plain answer before it
        again = [id for id in ids if id in seen]
        if again:
            raise probe.violation(
                "another id for the call of another answer", f"{again[0]} twice", calling.exchange
            )
        seen.update(dict.fromkeys(ids, calling.exchange))


def _hold_fragments(probe: Probe, exchange: Exchange) -> None:
    """All fragments of a call that name its id name the same one."""
    ids: dict[Any, Any] = {}
    for reply in read_stream(probe, exchange, default_mode(probe)).speaking:
        for position, made in enumerate(reply.tool_calls):
            id = made.get("id")
            first = ids.setdefault(made.get("index", position), id) if id else id
            if id and id != first:
                raise probe.violation(f"one id for one call: {first}", f"then {id}", exchange)


def _round_trip(probe: Probe, *, clause: c.MessageClause) -> None:
    for calling in callings(probe)[:1]:
        results = [
            say(
                "tool",
                "Dry, 20 degrees.",
                tool_call_id=made.get("id"),
                name=made.get("function", {}).get("name"),
            )
            for made in calling.calls
        ]
        history = [
            say("user", QUESTIONS[0]),
            say("assistant", calling.text, tool_calls=calling.calls),
            *results,
        ]
        answered = call(probe, history)
        if not answered.text and not answered.calls:
            raise probe.violation("words, or another call", "neither", answered.exchange)


# ------------------------------------------------------------------------------- arguments


@builder("behaviour:tool_arguments_match_schema")
def argument_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Arguments are JSON that fits the schema, whole and joined from a stream."""
    if not tools_in(edition, model):
        return
    common: dict[str, Any] = {"needs": TOOLS}
    yield promise(clause, "arguments_fit_the_schema", _arguments, cost=6, **common)
    yield promise(clause, "arguments_fit_a_schema_of_many_parts", _many_parts, cost=3, **common)
    yield promise(clause, "function_without_parameters_gets_none", _no_arguments, **common)
    yield promise(clause, "arguments_fit_any_schema", _any_schema, cost=6, **common)


def _arguments(probe: Probe, *, clause: c.BehaviourClause) -> None:
    for calling in callings(probe):
        for made in calling.calls:
            hold_call(probe, calling, made, [SAMPLE_TOOL])


def _many_parts(probe: Probe, *, clause: c.BehaviourClause) -> None:
    tools = [TIME_TOOL, TRIP_TOOL, SAMPLE_TOOL]
    held = 0
    for streamed in (False, True):
        if streamed and not can_stream(probe):
            continue
        try:
            calling = some_call(probe, TRIP, streamed=streamed, tools=copy.deepcopy(tools))
        except NotRun:
            if not streamed:
                raise
            continue
        for made in calling.calls if calling else ():
            held += 1
            hold_call(probe, calling, made, tools)  # type: ignore[arg-type]
    if not held:
        raise Inconclusive("the model made no call of this")


def _no_arguments(probe: Probe, *, clause: c.BehaviourClause) -> None:
    tools = [copy.deepcopy(TIME_TOOL)]
    calling = some_call(probe, "What time is it? Call get_current_time.", tools=tools)
    if calling is None:
        raise Inconclusive("the model made no call of this")
    for made in calling.calls:
        hold_call(probe, calling, made, tools)


def schemas() -> st.SearchStrategy[dict[str, Any]]:
    """Schemas of a function's parameters, as plain as those that people write."""
    leaf: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
        [
            {"type": "string"},
            {"type": "integer"},
            {"type": "number"},
            {"type": "boolean"},
            {"type": "string", "enum": ["red", "green", "蓝"]},
            {"type": "array", "items": {"type": "string"}},
            {"type": "array", "items": {"type": "integer"}},
        ]
    )

    def objects(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
        names = st.sampled_from(["colour", "count", "city", "note", "flag", "名称"])
        return st.dictionaries(names, inner, min_size=1, max_size=4).flatmap(
            lambda properties: st.sets(st.sampled_from(sorted(properties))).map(
                lambda required: {
                    "type": "object",
                    "properties": properties,
                    "required": sorted(required),
                }
            )
        )

    return objects(st.one_of(leaf, objects(leaf)))


def _any_schema(probe: Probe, *, clause: c.BehaviourClause) -> None:
    held = 0

    def check(schema: dict[str, Any]) -> None:
        nonlocal held
        function = {"name": "record", "description": "Writes it down.", "parameters": schema}
        tools = [{"type": "function", "function": function}]
        given: dict[str, Any] = {"tools": tools}
        if "tool_choice" in probe.edition.parameters(probe.model):
            given["tool_choice"] = {"type": "function", "function": {"name": "record"}}
        if broken(probe, prepare(probe, **given)):
            given.pop("tool_choice", None)
        said = "Call record once, with any values that fit its schema, all fields filled."
        calling = call(probe, said, **given)
        for made in calling.calls if calling.finish_reason != "length" else ():
            held += 1
            hold_call(probe, calling, made, tools)

    probe.search(schemas(), check, examples=min(probe.session.examples, 6))
    if not held:
        raise Inconclusive("the model made no call of any function that was made up")


# ------------------------------------------------------------------------------- how many


@builder("behaviour:tool_choice_one")
def one_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Of several functions one is called, and once."""
    if tools_in(edition, model):
        yield promise(clause, "one_function_is_called_at_a_time", _one_call, cost=4, needs=TOOLS)


@builder("default:parallel_tool_calls")
def single_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Unless several calls are asked for, an answer has one."""
    yield from default_promises(edition, clause, model)
    if tools_in(edition, model):
        yield promise(clause, "one_call_comes_unless_more_are_asked_for", _one_call, cost=4)


def _one_call(probe: Probe, *, clause: c.Clause) -> None:
    tools = [SAMPLE_TOOL, TIME_TOOL, TRIP_TOOL]
    said = (QUESTIONS[0], BOTH)
    for question in said:
        calling = call(probe, question, tools=copy.deepcopy(tools))
        if len(calling.calls) > 1:
            names = [made.get("function", {}).get("name") for made in calling.calls]
            raise probe.violation(
                "one call in an answer",
                f"{len(names)} calls: {', '.join(map(str, names))}",
                calling.exchange,
            )
        for made in calling.calls:
            hold_call(probe, calling, made, tools)


@builder("behaviour:parallel_tool_calls")
def parallel_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """On request an answer has all the calls that are needed, each whole and once."""
    if tools_in(edition, model) and "parallel_tool_calls" in edition.parameters(model):
        yield promise(
            clause, "several_calls_come_when_asked_for", _several_calls, cost=2, needs=TOOLS
        )


def _several_calls(probe: Probe, *, clause: c.BehaviourClause) -> None:
    for streamed in (False, True):
        if streamed and not can_stream(probe):
            continue
        tools = [SAMPLE_TOOL, TIME_TOOL]
        given = {"tools": copy.deepcopy(tools), "parallel_tool_calls": True}
        calling = call(probe, BOTH, streamed=streamed, **given)
        if calling.finish_reason == "length":
            raise Inconclusive("the calls were cut at max_tokens", calling.exchange.id)
        if len(calling.calls) < 2:
            raise probe.violation(
                "a call of each of two functions", f"{len(calling.calls)} calls", calling.exchange
            )
        for made in calling.calls:
            hold_call(probe, calling, made, tools)
        ids = [made.get("id") for made in calling.calls]
        twice = [json.dumps(made.get("function"), sort_keys=True) for made in calling.calls]
        if len(set(map(str, ids))) < len(ids) and ids[0] is not None:
            raise probe.violation("an id for each call", f"ids {ids}", calling.exchange)
        if len(set(twice)) < len(twice):
            raise probe.violation("each call once", f"{twice[0]} twice", calling.exchange)


@builder("behaviour:tool_calls_not_incremental")
def whole_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """In a stream a call does not come in increments."""
    if tools_in(edition, model):
        yield promise(clause, "call_does_not_come_in_increments", _whole_call, cost=2, needs=TOOLS)


def _whole_call(probe: Probe, *, clause: c.BehaviourClause) -> None:
    for calling in callings(probe):
        if not calling.exchange.is_stream:
            continue
        flow = read_stream(probe, calling.exchange, "cumulative")
        told = [reply.tool_calls[0] for reply in flow.speaking if reply.tool_calls]
        texts = [str(made.get("function", {}).get("arguments")) for made in told]
        for earlier, later in pairwise(texts):
            if not later.startswith(earlier):
                raise probe.violation(
                    "a call that later frames repeat or add to",
                    f"arguments {written(earlier)}, then {written(later)}",
                    calling.exchange,
                )
        for made in told[-1:]:
            hold_call(probe, calling, made, [SAMPLE_TOOL])


# ------------------------------------------------------------------------------- the choice


@builder("parameter:tool_choice")
def choice_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """The choice of a tool has its effect."""
    assert isinstance(clause, c.ParameterClause)
    yield from type_promises(edition, clause, model)
    if not tools_in(edition, model):
        return
    if "object" in clause.types:
        yield promise(
            clause,
            "function_that_is_chosen_is_called",
            _chosen,
            family="tools",
            cost=3,
            needs=TOOLS,
        )
    if "string" in clause.types:
        yield promise(
            clause,
            "no_function_is_called_when_none_is_chosen",
            _none_chosen,
            family="tools",
            cost=2,
            needs=TOOLS,
        )


def _chosen(probe: Probe, *, clause: c.ParameterClause) -> None:
    tools = [SAMPLE_TOOL, TIME_TOOL, TRIP_TOOL]
    for tool in (SAMPLE_TOOL, TIME_TOOL):
        name = tool["function"]["name"]
        choice = {**FORCED, "function": {"name": name}}
        calling = call(probe, "Say hello.", tools=copy.deepcopy(tools), tool_choice=choice)
        names = [made.get("function", {}).get("name") for made in calling.calls]
        if set(names) != {name}:
            raise probe.violation(
                f"a call of {name}, which was chosen outright",
                f"calls of {', '.join(map(str, names)) or 'nothing'}",
                calling.exchange,
            )
        for made in calling.calls if calling.finish_reason != "length" else ():
            hold_call(probe, calling, made, tools)


def _none_chosen(probe: Probe, *, clause: c.ParameterClause) -> None:
    for question in QUESTIONS[:2]:
        calling = call(probe, question, tool_choice="none")
        if calling.calls:
            raise probe.violation(
                "no call with tool_choice none",
                f"a call of {written(calling.calls[0].get('function'))}",
                calling.exchange,
            )


@builder("default:tools")
def no_tools_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Without tools none is called."""
    yield promise(clause, "nothing_is_called_without_tools", _no_tools, cost=2)


def _no_tools(probe: Probe, *, clause: c.DefaultClause) -> None:
    for question in QUESTIONS[:2]:
        exchange = probe.accepted(probe.send(probe.body(question)))
        if reply_of(exchange, probe.surface).tool_calls:
            raise probe.violation("no call without tools", "a call", exchange)
