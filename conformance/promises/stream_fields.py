"""What stands in the frames of a stream beside its text: ids, roles, reasons, usage."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.making import promise
from tokenassay.conformance.promises.registry import Promise, builder
from tokenassay.conformance.promises.stream_frames import each_stream
from tokenassay.conformance.promises.talking import stream
from tokenassay.conformance.promises.texts import BRIEF, BRIEF_ZH, LONG, LONG_ZH, ROOM, written
from tokenassay.conformance.promises.values import default_promises
from tokenassay.conformance.reading import Flow, counts
from tokenassay.contracts import clauses as c
from tokenassay.contracts.edition import Edition

_LEAD = 16
"""Tokens by which usage in a frame may be ahead of the words in it: what is made, but not sent."""

# ------------------------------------------------------------------------------- identity


@builder("behaviour:stream_ids_constant")
def constant_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Ids, time and model stay the same in all frames, and are another answer's no more."""
    yield promise(clause, "stream_keeps_its_ids", _constant, cost=9)
    yield promise(clause, "stream_has_ids_of_its_own", _own_ids, cost=3)


def _constant(probe: Probe, *, clause: c.BehaviourClause) -> None:
    for exchange, flow in each_stream(probe):
        for field in clause.args["fields"]:
            values = list(dict.fromkeys(written(reply.body.get(field)) for reply in flow.replies))
            if len(values) > 1 or values == ["null"]:
                raise probe.violation(
                    f"one {field} in all frames",
                    f"{len(values)}: {', '.join(values[:3])}",
                    exchange,
                )


def _own_ids(probe: Probe, *, clause: c.BehaviourClause) -> None:
    fields = [field for field in clause.args["fields"] if field in ("id", "request_id")]
    seen: dict[object, Exchange] = {}
    for question, repeat in ((LONG, 0), (LONG, 9), (LONG_ZH, 0)):
        exchange, flow = stream(probe, question, repeat=repeat)
        for field in fields:
            found = flow.replies[0].body.get(field) if flow.replies else None
            if found in seen:
                raise probe.violation(
                    f"another {field} for another answer", f"{written(found)} twice", exchange
                )
            seen[found] = exchange


@builder("behaviour:stream_role_first_only")
def role_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """The role stands in the first chunk and in no other."""
    yield promise(clause, "role_stands_in_the_first_chunk_alone", _role, cost=3)


def _role(probe: Probe, *, clause: c.BehaviourClause) -> None:
    for question in (LONG, LONG_ZH, BRIEF):
        exchange, flow = stream(probe, question)
        roles = [reply.role for reply in flow.speaking]
        if not roles or roles[0] != "assistant" or any(role for role in roles[1:]):
            raise probe.violation(
                "role assistant in the first chunk alone", f"roles {roles[:4]}", exchange
            )


# ------------------------------------------------------------------------------- edges


@builder("behaviour:stream_first_chunk", "behaviour:stream_last_chunk")
def edge_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """The first and the last chunk with a choice carry what the documents show."""
    assert isinstance(clause, c.BehaviourClause)
    which = "first" if clause.behaviour == "stream_first_chunk" else "last"
    yield promise(clause, f"{which}_chunk_is_as_documented", _edge, cost=3)


def _edge(probe: Probe, *, clause: c.BehaviourClause) -> None:
    first = clause.behaviour == "stream_first_chunk"
    wanted, reason = clause.args.get("content"), clause.args.get("finish_reason")
    for question in (BRIEF, BRIEF_ZH):
        exchange, flow = stream(probe, question, cap=ROOM)
        if not flow.speaking:
            raise probe.violation("chunks with a choice", "none", exchange)
        reply = flow.speaking[0] if first else flow.speaking[-1]
        if wanted is None or clause.level == "unspecified":
            probe.observe(f"the {'first' if first else 'last'} chunk says {written(reply.text)}")
            continue
        if (reply.text or "") != wanted:
            raise probe.violation(
                f"content {written(wanted)} in the {'first' if first else 'last'} chunk",
                f"content {written(reply.text)}",
                exchange,
            )
        early = [n for n, one in enumerate(flow.speaking[:-1], 1) if one.finished]
        if not first and early:
            raise probe.violation(
                "no finish_reason before the last chunk",
                f"{written(flow.speaking[early[0] - 1].finish_reason)} in chunk {early[0]} of "
                f"{len(flow.speaking)}",
                exchange,
            )
        told = (reason, "length")
        if not first and reason and reply.finish_reason not in told:
            raise probe.violation(
                f"finish_reason {written(reason)}",
                f"finish_reason {written(reply.finish_reason)}",
                exchange,
            )


@builder("behaviour:finish_reason_unfinished")
def unfinished_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """While an answer is being made its finish_reason is one of those documented."""
    yield promise(clause, "unfinished_frames_say_so", _unfinished, cost=9)


def _unfinished(probe: Probe, *, clause: c.BehaviourClause) -> None:
    allowed = clause.args["values"]
    for exchange, flow in each_stream(probe):
        reasons = [reply.finish_reason for reply in flow.speaking]
        odd = [n for n, reason in enumerate(reasons[:-1], 1) if reason not in allowed]
        if not odd:
            continue
        seen = f"{written(reasons[odd[0] - 1])} in frame {odd[0]} of {len(reasons)}"
        if clause.level == "unspecified":
            probe.observe(f"finish_reason {seen}")
            continue
        raise probe.violation(
            f"finish_reason {' or '.join(map(written, allowed))} until the end", seen, exchange
        )


# ------------------------------------------------------------------------------- usage


@builder("behaviour:stream_usage_every_frame")
def usage_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Usage stands in every frame; its input is constant and its output never falls."""
    yield promise(clause, "usage_stands_in_every_frame_and_never_falls", _usage_frames, cost=9)


def _usage_frames(probe: Probe, *, clause: c.BehaviourClause) -> None:
    for exchange, flow in each_stream(probe):
        fault = _usage_fault(probe, flow)
        if fault and clause.level == "unspecified":
            probe.observe(fault)
        elif fault:
            raise probe.violation(
                "usage in every frame, its input constant, its output never falling",
                fault,
                exchange,
            )


def _usage_fault(probe: Probe, flow: Flow) -> str:
    told = [counts(reply.usage, probe.surface) for reply in flow.replies]
    if any(None in pair for pair in told):
        number = next(n for n, pair in enumerate(told, 1) if None in pair)
        return f"no usage in frame {number}"
    inputs = sorted({pair[0] or 0 for pair in told})
    if len(inputs) > 1:
        return f"input tokens {inputs}"
    outputs = [pair[1] or 0 for pair in told]
    if outputs != sorted(outputs):
        return f"output tokens {outputs}"
    return _ahead(probe, flow, outputs)


def _ahead(probe: Probe, flow: Flow, outputs: list[int]) -> str:
    """Where usage in the first half of a stream counts far more than was said by then."""
    if probe.estimate(probe.body()).basis == "approximate":
        return ""
    said = ""
    for number, reply in enumerate(flow.replies[: len(flow.replies) // 2]):
        if reply.reasoning or reply.tool_calls:
            return ""
        said = said + (reply.text or "") if flow.mode == "incremental" else reply.text or ""
        if outputs[number] > probe.count(said) + _LEAD:
            return f"{outputs[number]} output tokens in frame {number + 1}, after {written(said)}"
    return ""


@builder("behaviour:stream_usage_chunk")
def usage_chunk_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Usage comes in a last chunk when asked for, and otherwise not at all."""
    yield promise(clause, "usage_comes_last_when_asked_for", _usage_chunk, cost=3)
    yield promise(clause, "usage_does_not_come_unasked", _no_usage_chunk, cost=4)


def _usage_chunk(probe: Probe, *, clause: c.BehaviourClause) -> None:
    for question, cap in ((LONG, 40), (LONG_ZH, 40), (BRIEF, ROOM)):
        exchange, flow = stream(probe, question, cap=cap, stream_options={"include_usage": True})
        told = [number for number, reply in enumerate(flow.replies, 1) if reply.usage is not None]
        if told != [len(flow.replies)] or flow.replies[-1].body.get("choices") != []:
            raise probe.violation(
                "usage in one last chunk with choices []",
                f"usage in frames {told} of {len(flow.replies)}",
                exchange,
            )
        given, made = counts(flow.usage, probe.surface)
        if not given or (not made and flow.text):
            raise probe.violation(
                "usage that counts both input and output",
                f"{given} and {made} tokens",
                exchange,
            )


def _no_usage_chunk(probe: Probe, *, clause: c.Clause) -> None:
    ways: tuple[dict[str, Any], ...] = ({}, {"stream_options": {"include_usage": False}})
    for asked in ways:
        for question in (LONG, LONG_ZH):
            exchange, flow = stream(probe, question, **asked)
            if any(r.usage is not None or r.body.get("choices") == [] for r in flow.replies):
                raise probe.violation(
                    "no usage unless it is asked for", "usage in the stream", exchange
                )


@builder("default:stream_options.include_usage")
def default_usage_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A stream carries no usage unless asked for."""
    yield from default_promises(edition, clause, model)
    yield promise(clause, "stream_has_no_usage_by_default", _no_usage_chunk, cost=4)
