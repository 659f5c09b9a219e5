"""Answers: their form, their ids, their choices and their reasons to end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.failures import NotRun, Violation
from tokenassay.conformance.judging import first_fault
from tokenassay.conformance.probe import OMIT, Probe
from tokenassay.conformance.promises.making import promise
from tokenassay.conformance.promises.refusing import observe_either
from tokenassay.conformance.promises.registry import Promise, builder
from tokenassay.conformance.promises.requests import Prepared, broken, prepare
from tokenassay.conformance.promises.talking import (
    ask,
    can_stream,
    say,
    stream,
)
from tokenassay.conformance.promises.texts import (
    BRIEF,
    BRIEF_ZH,
    HELLO,
    LONG,
    QUESTIONS,
    ROOM,
    written,
)
from tokenassay.conformance.promises.values import default_promises
from tokenassay.conformance.reading import reply_of
from tokenassay.contracts import clauses as c
from tokenassay.contracts.edition import Edition

CLOCKS = 7_200
"""Seconds by which two clocks may differ before a time counts as untrue."""

LENGTHY = "The bridge over the river was built of stone and stood long. " * 40 + HELLO
"""A question behind many words, which is answered like any other."""

# ------------------------------------------------------------------------------- shapes


@builder("shape:response", "shape:text_response", "shape:message_response", "shape:usage")
def shape_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Plain answers have the documented shape, whatever was asked."""
    assert isinstance(clause, c.ShapeClause)
    yield promise(clause, f"{clause.of}_has_the_documented_shape", _shape, cost=9)


def _shape(probe: Probe, *, clause: c.ShapeClause) -> None:
    known = probe.edition.parameters(probe.model)
    parameters: dict[str, Any] = {
        name: matcher.equals
        for name, matcher in clause.when.items()
        if matcher.equals is not msgspec.UNSET and name in known
    }
    if clause.of in _FORMS and "result_format" in known:
        parameters["result_format"] = _FORMS[clause.of]
    request = prepare(probe, **parameters)
    if broken(probe, request) or request.stream:
        raise NotRun("this model has no plain answers of this form")
    asked: list[tuple[Any, int]] = [(question, 16) for question in QUESTIONS]
    asked += [(BRIEF, ROOM), (BRIEF_ZH, ROOM)]
    if "messages" in known and probe.edition.rule("prompt_only", probe.model) is None:
        asked.append(([say("user", HELLO), say("assistant", "Hello."), say("user", LONG)], 16))
    elif clause.of == "message_response":
        raise NotRun("the model takes prompts only, and those have text answers")
    for said, cap in asked:
        exchange, _ = ask(probe, said, cap=cap, **parameters)
        body = exchange.json
        if clause.of == "usage":
            body = body.get("usage") if isinstance(body, dict) else None
        hold_shape(probe, clause, body, exchange)


_FORMS = {"text_response": "text", "message_response": "message"}


def hold_shape(probe: Probe, clause: c.ShapeClause, body: Any, exchange: Exchange) -> None:
    """A body fits a documented shape; where the documents leave that open, it is noted."""
    fault = first_fault(clause, body)
    if fault is None:
        return
    if clause.level == "unspecified":
        probe.observe(fault)
        return
    raise probe.violation(f"a body as documented: {clause.text}", fault, exchange)


@builder("shape:response")
def time_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Where answers tell when they were made, that is so."""
    assert isinstance(clause, c.ShapeClause)
    if "created" in clause.schema.get("required", ()):
        yield promise(clause, "created_is_the_time_of_the_answer", _created, level="should", cost=2)


def _created(probe: Probe, *, clause: c.ShapeClause) -> None:
    for question in QUESTIONS[:2]:
        exchange, _ = ask(probe, question)
        hold_time(probe, "created", _id_in(exchange, "created"), exchange)
    if can_stream(probe):
        exchange, flow = stream(probe, LONG)
        for reply in flow.replies:
            hold_time(probe, "created", reply.body.get("created"), exchange)


def hold_time(probe: Probe, field: str, told: Any, exchange: Exchange) -> None:
    """A time of making is a Unix time in seconds, of about the moment of the exchange."""
    if isinstance(told, int) and abs(told - exchange.started) > CLOCKS:
        raise probe.violation(
            f"{field} about {exchange.started:.0f}, when it was made", f"{field} {told}", exchange
        )


@builder("endpoint:generate", "endpoint:chat")
def endpoint_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A plain request is answered in the documented place, as JSON."""
    yield promise(clause, "plain_request_is_answered", _plain, family="responses", cost=4)


def _plain(probe: Probe, *, clause: c.EndpointClause) -> None:
    for question in (*QUESTIONS, LENGTHY):
        request = Prepared(probe.body(question))
        if broken(probe, request):
            request = prepare(probe)
        exchange = probe.accepted(request.send(probe))
        if exchange.status != 200:
            raise probe.violation("status 200", f"status {exchange.status}", exchange)
        if request.stream:
            continue
        if exchange.content_type != "application/json":
            raise probe.violation(
                "content type application/json",
                f"content type {exchange.content_type or 'none'}",
                exchange,
            )
        reply = reply_of(exchange, probe.surface)
        if not reply.text and not reply.reasoning:
            raise probe.violation("an answer with text", f"text {written(reply.text)}", exchange)


@builder("default:result_format")
def form_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Without being asked for a form, an answer has the default one; asked, it has that one."""
    assert isinstance(clause, c.DefaultClause)
    yield from default_promises(edition, clause, model)
    parameter = edition.parameters(model).get(clause.parameter)
    if parameter is None or parameter.default_clause is not clause:
        return
    yield promise(
        clause,
        "answer_has_the_default_form_unless_asked_for_another",
        _default_form,
        cost=2,
        value=clause.by_model.get(model, clause.value),
    )
    yield promise(clause, "answer_has_the_form_that_was_asked_for", _asked_form, cost=4)


def _form_of(exchange: Exchange) -> str:
    """Which form an answer has, by where its words stand."""
    body = exchange.json
    output = body.get("output") if isinstance(body, dict) else None
    output = output if isinstance(output, dict) else {}
    if output.get("choices"):
        return "message"
    return "text" if output.get("text") else "neither"


def _default_form(probe: Probe, *, clause: c.DefaultClause, value: Any) -> None:
    for question in QUESTIONS[:2]:
        exchange = probe.accepted(probe.send(probe.body(question, result_format=OMIT)))
        _hold_form(probe, exchange, value)


def _asked_form(probe: Probe, *, clause: c.DefaultClause) -> None:
    choice = probe.edition.parameters(probe.model)[clause.parameter].choice
    for value in choice.values if choice else ():
        for question in QUESTIONS[:2]:
            exchange = probe.accepted(probe.send(probe.body(question, result_format=value)))
            _hold_form(probe, exchange, value)
        _hold_streamed_form(probe, value)


def _hold_streamed_form(probe: Probe, value: Any) -> None:
    """Frames have the form that was asked for, unless a document's own sample has the other."""
    left_open = any(
        clause.id == "stream.format_of_sample" and clause.level == "unspecified"
        for clause in probe.edition.clauses
    )
    if not can_stream(probe) or left_open:
        return
    exchange, flow = stream(probe, LONG, result_format=value)
    holders = [reply.body.get("output") for reply in flow.replies]
    forms = {
        "message" if isinstance(output, dict) and output.get("choices") else "text"
        for output in holders
    }
    if forms != {value}:
        raise probe.violation(f"frames in the form {value}", f"{sorted(forms)}", exchange)


def _hold_form(probe: Probe, exchange: Exchange, wanted: Any) -> None:
    found = _form_of(exchange)
    if found != wanted:
        raise probe.violation(
            f"an answer in the form {wanted}", f"one in the form {found}", exchange
        )


# ------------------------------------------------------------------------------- fields


@builder("behaviour:success_fields")
def success_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Fields that are always there on success."""
    assert isinstance(clause, c.BehaviourClause)
    names = "_".join(field.rpartition(".")[2] for field in clause.args["fields"])
    yield promise(clause, f"{names}_are_there_on_success", _success_fields, cost=3)


def _success_fields(probe: Probe, *, clause: c.BehaviourClause) -> None:
    for question in (HELLO, LONG, BRIEF_ZH):
        exchange, _ = ask(probe, question)
        for field in clause.args["fields"]:
            found: Any = exchange.json
            for step in field.split("."):
                found = found.get(step, msgspec.UNSET) if isinstance(found, dict) else msgspec.UNSET
            if found != clause.args["value"]:
                shown = "missing" if found is msgspec.UNSET else written(found)
                raise probe.violation(
                    f"{field} {written(clause.args['value'])}", f"{field} {shown}", exchange
                )


@builder("behaviour:sdk_compatible")
def no_error_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Where the documents say that success has no code, none stands beside a good answer."""
    assert isinstance(clause, c.BehaviourClause)
    if "code" not in clause.args.get("on_success", {}):
        return
    yield promise(clause, "good_answer_carries_no_error_code", _no_code, family="responses", cost=3)
    if edition.behaviour("sse_by_header", model) is not None:
        yield promise(
            clause, "good_frames_carry_no_error_code", _no_code_in_frames, family="streams", cost=2
        )


def _no_code(probe: Probe, *, clause: c.BehaviourClause) -> None:
    for question in QUESTIONS[:3]:
        exchange, _ = ask(probe, question)
        _hold_success(probe, clause, exchange.json, exchange, "")


def _no_code_in_frames(probe: Probe, *, clause: c.BehaviourClause) -> None:
    for question in QUESTIONS[:2]:
        exchange, flow = stream(probe, question)
        for number, reply in enumerate(flow.replies, 1):
            _hold_success(probe, clause, reply.body, exchange, f"frame {number}: ")


def _hold_success(
    probe: Probe, clause: c.BehaviourClause, body: Any, exchange: Exchange, where: str
) -> None:
    for field in ("code", "message"):
        found = body.get(field) if isinstance(body, dict) else None
        if found not in (None, clause.args["on_success"].get(field)):
            raise probe.violation(
                f"{where}no {field} beside a good answer", f"{field} {written(found)}", exchange
            )


@builder("behaviour:request_id")
def request_id_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Every answer has an id of the documented form, of its own."""
    assert isinstance(clause, c.BehaviourClause)
    field = clause.args["field"]
    if clause.args.get("pattern"):
        yield promise(clause, f"{field}_has_the_documented_form", _request_id, cost=3)
        yield promise(clause, f"{field}_is_new_with_each_answer", _request_id_new, cost=4)


def _id_in(exchange: Exchange, field: str) -> Any:
    return exchange.json.get(field) if isinstance(exchange.json, dict) else None


def _request_id(probe: Probe, *, clause: c.BehaviourClause) -> None:
    field = clause.args["field"]
    for question in QUESTIONS[:3]:
        exchange, _ = ask(probe, question)
        found = _id_in(exchange, field)
        if not isinstance(found, str) or not re.search(clause.args["pattern"], found):
            raise probe.violation(
                f"{field} of the form {clause.args['pattern']}",
                f"{field} {written(found)}",
                exchange,
            )


def _request_id_new(probe: Probe, *, clause: c.BehaviourClause) -> None:
    field = clause.args["field"]
    seen: dict[Any, Exchange] = {}
    for question, repeat in ((HELLO, 0), (HELLO, 7), (QUESTIONS[1], 0), (LONG, 0)):
        exchange, _ = ask(probe, question, repeat=repeat)
        found = _id_in(exchange, field)
        if found in seen:
            raise probe.violation(
                f"another {field} for another answer", f"{written(found)} twice", exchange
            )
        seen[found] = exchange


@builder("behaviour:model_echoed")
def model_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """The answer names the model that was asked for, whole and by stream."""
    yield promise(clause, "answer_names_the_model_asked_for", _model_echoed, cost=3)


def _model_echoed(probe: Probe, *, clause: c.BehaviourClause) -> None:
    def hold(found: Any, exchange: Exchange) -> None:
        if found != probe.model:
            raise probe.violation(f"model {probe.model}", f"model {written(found)}", exchange)

    for question in (HELLO, LONG):
        exchange, _ = ask(probe, question)
        hold(_id_in(exchange, "model"), exchange)
    if can_stream(probe):
        exchange, flow = stream(probe, LONG)
        for reply in flow.replies:
            hold(reply.body.get("model"), exchange)


# ------------------------------------------------------------------------------- endings


@builder("behaviour:finish_reasons")
def finish_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A finished answer gives one of the documented reasons."""
    yield promise(clause, "finish_reason_is_one_of_those_documented", _finish_reasons, cost=5)


def _finish_reasons(probe: Probe, *, clause: c.BehaviourClause) -> None:
    found: list[tuple[Any, Exchange]] = []
    for question, cap in ((BRIEF, ROOM), (BRIEF_ZH, ROOM), (LONG, 1)):
        exchange, reply = ask(probe, question, cap=cap)
        if reply.finish_reason is None and probe.edition.rule("prompt_only", probe.model):
            probe.observe("a text answer without finish_reason")
            continue
        found.append((reply.finish_reason, exchange))
    if can_stream(probe):
        for question, cap in ((BRIEF, ROOM), (LONG, 40)):
            exchange, flow = stream(probe, question, cap=cap)
            found.append((flow.speaking[-1].finish_reason if flow.speaking else None, exchange))
    for reason, exchange in found:
        if reason not in clause.args["values"]:
            if clause.level == "unspecified":
                probe.observe(f"finish_reason {written(reason)}")
                continue
            raise probe.violation(
                f"finish_reason one of {written(clause.args['values'])}",
                f"finish_reason {written(reason)}",
                exchange,
            )


# ------------------------------------------------------------------------------- the rest


@builder("behaviour:echoes_prompt")
def echo_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Whether an answer begins with its prompt is noted."""
    yield promise(clause, "answer_may_begin_with_the_prompt", _echo)


def _echo(probe: Probe, *, clause: c.BehaviourClause) -> None:
    exchange = probe.send(probe.body(prompt=HELLO))
    try:
        probe.accepted(exchange)
    except Violation:
        observe_either(probe, exchange, "a prompt")
        return
    text = reply_of(exchange, probe.surface).text or ""
    begins = text.startswith(HELLO)
    probe.observe(f"the answer {'begins' if begins else 'does not begin'} with the prompt")
