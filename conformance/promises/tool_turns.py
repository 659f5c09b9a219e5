"""Turns with tools: a call, its result, and what binds the one to the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tokenassay.conformance.failures import NotRun
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.making import promise
from tokenassay.conformance.promises.messages import Messages, outline
from tokenassay.conformance.promises.refusing import control, expect
from tokenassay.conformance.promises.registry import Promise, builder
from tokenassay.conformance.promises.requests import SAMPLE_TOOL, Prepared, broken, prepare
from tokenassay.conformance.promises.talking import can_stream, say
from tokenassay.conformance.promises.tool_calls import TOOLS
from tokenassay.conformance.reading import reply_of
from tokenassay.contracts import clauses as c
from tokenassay.contracts.edition import Edition

NAME = SAMPLE_TOOL["function"]["name"]
ASKED = say("user", "What is the weather in Boston?")
ANSWER = say("assistant", "Hello.")


def called(*ids: str, arguments: str = '{"location": "Boston"}') -> dict[str, Any]:
    """An assistant's message that calls the sample tool, once for each id."""
    calls = [
        {"id": id, "type": "function", "function": {"name": NAME, "arguments": arguments}}
        for id in ids
    ]
    return say("assistant", "", tool_calls=calls)


def result(
    id: str | None = "call_1", name: str | None = NAME, text: str = "Dry, 20 degrees."
) -> dict[str, Any]:
    """A tool's message; None leaves a field out."""
    message = say("tool", text)
    if name is not None:
        message["name"] = name
    if id is not None:
        message["tool_call_id"] = id
    return message


_FAULTS: dict[str, tuple[str, list[Messages]]] = {
    "tool_after_tool_calls": (
        "tool_result_without_a_call_is_refused",
        [
            [ASKED, result()],
            [ASKED, ANSWER, result()],
            [ASKED, called("call_1"), result(), ANSWER, result()],
        ],
    ),
    "tool_name_matches_call": (
        "tool_result_of_another_function_is_refused",
        [
            [ASKED, called("call_1"), result(name="get_the_time")],
            [ASKED, called("call_1"), result(name=NAME.upper())],
        ],
    ),
    "tool_call_id_required": (
        "tool_result_without_the_id_of_its_call_is_refused",
        [
            [ASKED, called("call_1"), result(id=None)],
            [ASKED, called("call_1"), result(), ANSWER, ASKED, called("call_2"), result(id=None)],
        ],
    ),
    "tool_calls_answered": (
        "tool_call_without_a_result_is_refused",
        [
            [ASKED, called("call_1"), say("user", "Well?")],
            [ASKED, called("call_1", "call_2"), result("call_1"), say("user", "Well?")],
            [ASKED, called("call_1"), result("call_other")],
        ],
    ),
    "tool_call_arguments_are_json": (
        "tool_call_whose_arguments_are_no_json_is_refused",
        [
            [ASKED, called("call_1", arguments='{"location": '), result()],
            [ASKED, called("call_1", arguments="Boston"), result()],
        ],
    ),
    "tools_in_both_turns": (
        "tool_result_without_the_tools_is_refused",
        [[ASKED, called("call_1"), result()]],
    ),
}

_FINE: list[Messages] = [
    [ASKED, called("call_1"), result()],
    [say("system", "你是助手。"), say("user", "天气？"), called("call_1"), result(text="晴，20度")],
    [ASKED, called("call_1", "call_2"), result("call_1"), result("call_2", text='{"rain": true}')],
    [ASKED, called("call_1"), result(), ANSWER, ASKED, called("call_2"), result("call_2")],
]


@builder(*(f"messages:{rule}" for rule in _FAULTS))
def turn_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """What binds a tool's result to its call: kept is accepted, broken is refused."""
    assert isinstance(clause, c.MessageClause)
    if "tools" not in edition.parameters(model):
        return
    id, faults = _FAULTS[clause.rule]
    yield promise(clause, id, _refused_turns, cost=4, needs=TOOLS, conversations=faults)
    if clause.rule == "tool_after_tool_calls":
        yield promise(
            clause,
            "results_of_tools_are_taken_and_answered",
            _taken_turns,
            cost=4,
            needs=TOOLS,
        )


def _refused_turns(probe: Probe, *, clause: c.MessageClause, conversations: list[Messages]) -> None:
    tried = 0
    with_tools = clause.rule != "tools_in_both_turns"
    for messages in conversations:
        request = _request(probe, messages, with_tools=with_tools)
        if clause.level != "unspecified" and broken(probe, request)[:1] != (clause.id,):
            continue
        tried += 1
        base = control(probe, request.stream)
        expect(probe, request.send(probe), clause, base, outline(messages))
        if tried == 1 and can_stream(probe) and not request.stream:
            streamed = Prepared(request.body, stream=True).send(probe)
            what = f"{outline(messages)} in a stream"
            expect(probe, streamed, clause, control(probe, stream=True), what)
    if not tried:
        raise NotRun("each conversation that breaks this rule breaks another one first")


def _taken_turns(probe: Probe, *, clause: c.MessageClause) -> None:
    tried = 0
    for messages in _FINE:
        request = _request(probe, messages)
        if broken(probe, request):
            continue
        tried += 1
        exchange = probe.accepted(request.send(probe), f"{outline(messages)} accepted")
        reply = reply_of(exchange, probe.surface)
        if not reply.text and not reply.tool_calls:
            raise probe.violation("words, or another call", "neither", exchange)
    if not tried:
        raise NotRun("no conversation with a tool's result keeps all rules of this edition")


def _request(probe: Probe, messages: Messages, *, with_tools: bool = True) -> Prepared:
    """The conversation with the sample tool, and whatever that asks for."""
    given: dict[str, Any] = {"tools": [SAMPLE_TOOL]} if with_tools else {}
    usual = prepare(probe, **given)
    beside = usual.body.get("parameters", usual.body)
    more = {name: value for name, value in beside.items() if name in _BESIDE}
    return Prepared(probe.body(messages, **{**more, **given}), usual.stream)


_BESIDE = ("result_format", "incremental_output", "n")
"""Parameters that tools may ask for."""
