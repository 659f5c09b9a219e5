"""Streams on the wire: how they are asked for, what a frame is written like, how they end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.judging import first_fault
from tokenassay.conformance.probe import OMIT, Probe
from tokenassay.conformance.promises.making import promise
from tokenassay.conformance.promises.registry import Promise, builder
from tokenassay.conformance.promises.talking import ask, say, stream
from tokenassay.conformance.promises.texts import (
    BRIEF,
    EMOJI,
    HELLO,
    LONG,
    LONG_ZH,
    QUESTIONS,
    ROOM,
)
from tokenassay.conformance.promises.values import default_promises
from tokenassay.conformance.reading import Flow
from tokenassay.conformance.sse import Event
from tokenassay.contracts import clauses as c
from tokenassay.contracts.edition import Edition

WAYS: tuple[tuple[Any, dict[str, Any]], ...] = (
    (LONG, {}),
    (LONG_ZH, {}),
    (EMOJI, {}),
    (BRIEF, {"cap": ROOM}),
    (LONG, {"cap": 1}),
    (LONG_ZH, {"cap": 300}),
    ([say("user", HELLO), say("assistant", "Hello."), say("user", LONG)], {}),
)
"""Streams short and long, in several scripts, cut and whole."""


def each_stream(probe: Probe) -> Iterator[tuple[Exchange, Flow]]:
    """Streams of every sort that the edition knows, in its default mode."""
    known = probe.edition.parameters(probe.model)
    prompts_only = probe.edition.rule("prompt_only", probe.model) is not None
    for said, asked in WAYS:
        if isinstance(said, str) or not prompts_only:
            yield stream(probe, said, **asked)
    choice = known["result_format"].choice if "result_format" in known else None
    if choice is not None and "text" in choice.values and probe.surface == "native":
        yield stream(probe, LONG, result_format="text")
        yield stream(probe, LONG_ZH, result_format=OMIT)


# ------------------------------------------------------------------------------- asking


@builder("behaviour:sse_by_header")
def header_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Each header alone turns the answer into a stream, and none leaves it plain."""
    yield promise(clause, "each_header_alone_turns_on_the_stream", _headers, cost=4)
    yield promise(clause, "without_a_header_the_answer_is_plain", _no_header, cost=2)


def _headers(probe: Probe, *, clause: c.BehaviourClause) -> None:
    for name, value in clause.args["headers"].items():
        for question in (HELLO, LONG):
            exchange = probe.accepted(probe.send(probe.body(question), headers={name: value}))
            if not exchange.is_stream or len(exchange.events) < 1:
                raise probe.violation(
                    f"a stream with {name}: {value}",
                    f"content type {exchange.content_type or 'none'}",
                    exchange,
                )


def _no_header(probe: Probe, *, clause: c.Clause) -> None:
    for question in QUESTIONS[:2]:
        exchange, _ = ask(probe, question)
        hold_plain(probe, exchange, "without asking for a stream")


def hold_plain(probe: Probe, exchange: Exchange, when: str) -> None:
    """An answer is no stream, by its header and by its body."""
    if exchange.is_stream or exchange.text.lstrip().startswith(("data:", "id:", "event:")):
        raise probe.violation(f"a plain answer {when}", "a stream", exchange)


@builder("behaviour:stream_parameter")
def parameter_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """stream true streams, stream false does not."""
    yield promise(clause, "stream_true_turns_on_the_stream", _stream_true, cost=3)


def _stream_true(probe: Probe, *, clause: c.BehaviourClause) -> None:
    for question in (HELLO, LONG):
        stream(probe, question)
    exchange = probe.accepted(probe.send({**probe.body(), "stream": False}))
    hold_plain(probe, exchange, "with stream false")


@builder("default:stream")
def default_stream_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Unless a stream is asked for, none comes."""
    yield from default_promises(edition, clause, model)
    yield promise(clause, "answer_is_plain_unless_a_stream_is_asked_for", _no_header, cost=2)


# ------------------------------------------------------------------------------- frames


@builder("behaviour:sse_frame")
def frame_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Frames have the documented lines and nothing irregular."""
    assert isinstance(clause, c.BehaviourClause)
    what = "_with_a_comment" if "comment" in clause.args else ""
    yield promise(clause, f"frames_have_the_documented_lines{what}", _frames, cost=9)


def _frames(probe: Probe, *, clause: c.BehaviourClause) -> None:
    for exchange, flow in each_stream(probe):
        if not flow.events:
            raise probe.violation("frames", "a stream without any frame", exchange)
        for number, event in enumerate(flow.events, 1):
            fault = _fault(clause, event)
            if not fault:
                continue
            if clause.level == "unspecified":
                probe.observe(f"frame {number}: {fault}")
                break
            raise probe.violation(clause.text, f"frame {number}: {fault}", exchange)
        if "id" in clause.args["fields"] and clause.level != "unspecified":
            _ids_count_up(probe, flow, exchange)


def _fault(clause: c.BehaviourClause, event: Event) -> str:
    """What is wrong with a frame; empty where nothing is."""
    fields, wanted = clause.args["fields"], clause.args.get("event")
    have = {
        "id": event.id is not None,
        "event": event.event is not None,
        "data": event.data is not None,
        "comment": bool(event.comments),
    }
    missing = [field for field in fields if not have.get(field, True)]
    if event.irregular:
        return event.irregular[0]
    if missing and not event.is_done:
        return f"no {' and no '.join(missing)} line"
    if wanted and event.event != wanted and not event.is_done:
        return f"event {event.event!r}"
    if event.data is not None and not event.is_done and not isinstance(event.json, dict):
        return f"data that is no JSON object: {event.data[:60]!r}"
    for field in ("id", "event"):
        if have[field] and field not in fields:
            return f"an {field} line, which none of the documents shows"
    return ""


def _ids_count_up(probe: Probe, flow: Flow, exchange: Exchange) -> None:
    ids = [event.id for event in flow.events if event.id is not None]
    numbers = [int(id) for id in ids if id.isdecimal()]
    if len(numbers) < len(ids) or numbers != sorted(set(numbers)):
        raise probe.violation("frame ids that count up", f"ids {ids[:12]}", exchange)


@builder("behaviour:sse_space_after_colon")
def space_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Whether a space follows the colon of a field."""
    yield promise(clause, "space_after_a_colon_is_as_documented", _space, cost=2)


def _space(probe: Probe, *, clause: c.BehaviourClause) -> None:
    wanted = clause.args["space"]
    for question in (LONG, EMOJI):
        exchange, _ = stream(probe, question)
        lines = [line for line in exchange.text.splitlines() if line.startswith("data:")]
        spaced = [line.startswith("data: ") for line in lines]
        if wanted is None or clause.level == "unspecified":
            probe.observe(f"{'a' if any(spaced) else 'no'} space follows the colon")
        elif any(one != wanted for one in spaced):
            against = f"{spaced.count(not wanted)} of {len(spaced)} lines"
            raise probe.violation(
                f"{'a' if wanted else 'no'} space after the colon",
                f"{against} {'without' if wanted else 'with'}",
                exchange,
            )


@builder("behaviour:stream_terminator")
def terminator_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """The end mark is there, or there is none, as documented."""
    yield promise(clause, "stream_ends_as_documented", _terminator, cost=9)


def _terminator(probe: Probe, *, clause: c.BehaviourClause) -> None:
    wanted = clause.args["text"]
    for exchange, flow in each_stream(probe):
        marks = [number for number, event in enumerate(flow.events, 1) if _is_mark(event, wanted)]
        if clause.level == "unspecified":
            probe.observe(f"{len(marks)} end marks")
        elif wanted is None and marks:
            raise probe.violation("no end mark", f"an end mark in frame {marks[0]}", exchange)
        elif wanted is not None and marks != [len(flow.events)]:
            where = f"in frames {marks} of {len(flow.events)}" if marks else "nowhere"
            raise probe.violation(f"{wanted} in the last frame alone", f"it is {where}", exchange)


def _is_mark(event: Event, wanted: str | None) -> bool:
    """Whether a frame is an end mark: the documented one, or any text that is no JSON."""
    if wanted is not None:
        return event.data is not None and event.data.strip() == wanted
    return event.is_done or (event.data is not None and event.data.strip() in ("DONE", "[END]"))


# ------------------------------------------------------------------------------- data


@builder("shape:frame", "shape:chunk", "shape:usage_chunk")
def data_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """The data of each frame has the documented shape."""
    assert isinstance(clause, c.ShapeClause)
    yield promise(clause, f"{clause.of}_has_the_documented_shape", _data, cost=9)


def _data(probe: Probe, *, clause: c.ShapeClause) -> None:
    if clause.of == "usage_chunk":
        counted: dict[str, Any] = {"stream_options": {"include_usage": True}}
        streams = [stream(probe, question, **counted) for question in (LONG, LONG_ZH, BRIEF)]
    else:
        streams = list(each_stream(probe))
    for exchange, flow in streams:
        for number, reply in enumerate(flow.replies, 1):
            is_usage = reply.body.get("choices") == []
            if clause.of != "frame" and is_usage != (clause.of == "usage_chunk"):
                continue
            fault = first_fault(clause, reply.body)
            if fault:
                raise probe.violation(clause.text, f"frame {number}: {fault}", exchange)
