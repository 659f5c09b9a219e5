"""Streams: frames, increments, endings, and what a stream owes to the plain answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.failures import Inconclusive, NotRun
from tokenassay.conformance.judging import first_fault
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.parameters import written
from tokenassay.conformance.promises.registry import Promise, builder
from tokenassay.conformance.promises.responses import LONG, LONG_ZH, one
from tokenassay.conformance.reading import Flow, counts, flow_of, reply_of
from tokenassay.contracts import clauses as c
from tokenassay.contracts.edition import Edition

Mode = Literal["cumulative", "incremental"]

EMOJI = "请用很多表情符号和汉字回答：🎉🎊 你好吗？"
QUESTIONS = (LONG, LONG_ZH, EMOJI)
CAP = 40


def default_mode(probe: Probe) -> Mode:
    """How a stream goes on without being asked, by the edition's clauses for the model."""
    clause = probe.edition.behaviour("stream_default_mode", probe.model)
    mode: Mode = clause.args["mode"] if clause else "incremental"
    return mode


def stream(
    probe: Probe, question: str = LONG, *, mode: Mode | None = None, **parameters: Any
) -> tuple[Exchange, Flow]:
    """A streamed answer and its frames; NotRun where the edition documents no stream.

    ``mode`` None leaves the choice to the endpoint's default.
    """
    if probe.surface == "native" and probe.edition.behaviour("sse_by_header", probe.model) is None:
        raise NotRun(f"{probe.edition.id} documents no streams")
    expected = mode or default_mode(probe)
    if mode is not None and mode != default_mode(probe):
        parameters["incremental_output"] = mode == "incremental"
    parameters.setdefault("cap", CAP)
    exchange = probe.accepted(probe.send(probe.body(question, **parameters), stream=True))
    if not exchange.is_stream:
        raise probe.violation(
            "content type text/event-stream",
            f"content type {exchange.content_type or 'none'}",
            exchange,
        )
    return exchange, flow_of(exchange, probe.surface, expected)


def seeded(probe: Probe) -> dict[str, Any]:
    """A fixed seed where the edition has one."""
    return {"seed": 11} if "seed" in probe.edition.parameters(probe.model) else {}


# ------------------------------------------------------------------------------- asking


@builder("behaviour:sse_by_header")
def header_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Each header alone turns the answer into a stream, and none leaves it plain."""
    yield one(clause, "each_header_alone_turns_on_the_stream", _headers, cost=2)
    yield one(clause, "without_a_header_the_answer_is_plain", _no_header)


def _headers(probe: Probe, *, clause: c.BehaviourClause) -> None:
    for name, value in clause.args["headers"].items():
        exchange = probe.accepted(probe.send(probe.body(), headers={name: value}))
        if not exchange.is_stream:
            raise probe.violation(
                f"a stream with {name}: {value}",
                f"content type {exchange.content_type or 'none'}",
                exchange,
            )


def _no_header(probe: Probe, *, clause: c.BehaviourClause) -> None:
    exchange = probe.accepted(probe.send(probe.body()))
    if exchange.is_stream:
        raise probe.violation("a plain answer without a header", "a stream", exchange)


@builder("behaviour:stream_parameter")
def parameter_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """stream true streams, stream false does not."""
    yield one(clause, "stream_true_turns_on_the_stream", _stream_true, cost=2)


def _stream_true(probe: Probe, *, clause: c.BehaviourClause) -> None:
    stream(probe)
    exchange = probe.accepted(probe.send({**probe.body(), "stream": False}))
    if exchange.is_stream:
        raise probe.violation("a plain answer with stream false", "a stream", exchange)


# ------------------------------------------------------------------------------- frames


@builder("behaviour:sse_frame")
def frame_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Frames have the documented lines and nothing irregular."""
    assert isinstance(clause, c.BehaviourClause)
    what = "_with_a_comment" if "comment" in clause.args else ""
    yield one(clause, f"frames_have_the_documented_lines{what}", _frames, cost=2)


def _frames(probe: Probe, *, clause: c.BehaviourClause) -> None:
    fields, wanted = clause.args["fields"], clause.args.get("event")
    for question in QUESTIONS[:2]:
        exchange, flow = stream(probe, question)
        if not flow.events:
            raise probe.violation("frames", "a stream without any frame", exchange)
        for number, event in enumerate(flow.events, 1):
            have = {
                "id": event.id is not None,
                "event": event.event is not None,
                "data": event.data is not None,
                "comment": bool(event.comments),
            }
            missing = [field for field in fields if not have.get(field, True)]
            fault = ""
            if event.irregular:
                fault = event.irregular[0]
            elif missing:
                fault = f"no {' and no '.join(missing)} line"
            elif wanted and event.event != wanted:
                fault = f"event {event.event!r}"
            elif event.data is not None and not event.is_done and event.json is None:
                fault = f"data that is not JSON: {event.data[:60]!r}"
            if not fault:
                continue
            if clause.level == "unspecified":
                probe.observe(f"frame {number}: {fault}")
                break
            raise probe.violation(clause.text, f"frame {number}: {fault}", exchange)
        _ids_count_up(probe, flow, exchange) if "id" in fields else None


def _ids_count_up(probe: Probe, flow: Flow, exchange: Exchange) -> None:
    numbers = [int(e.id) for e in flow.events if e.id is not None and e.id.isdecimal()]
    if numbers != sorted(set(numbers)):
        raise probe.violation("frame ids that count up", f"ids {numbers[:12]}", exchange)


@builder("behaviour:sse_space_after_colon")
def space_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Whether a space follows the colon of a field."""
    yield one(clause, "space_after_a_colon_is_as_documented", _space)


def _space(probe: Probe, *, clause: c.BehaviourClause) -> None:
    exchange, _ = stream(probe)
    spaced = "data: " in exchange.text and "data:{" not in exchange.text
    wanted = clause.args["space"]
    if wanted is None or clause.level == "unspecified":
        probe.observe(f"{'a' if spaced else 'no'} space follows the colon")
    elif spaced != wanted:
        raise probe.violation(
            f"{'a' if wanted else 'no'} space after the colon",
            f"{'a' if spaced else 'no'} space",
            exchange,
        )


@builder("behaviour:stream_terminator")
def terminator_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """The end mark is there, or there is none, as documented."""
    yield one(clause, "stream_ends_as_documented", _terminator, cost=2)


def _terminator(probe: Probe, *, clause: c.BehaviourClause) -> None:
    for question in QUESTIONS[:2]:
        exchange, flow = stream(probe, question)
        done = [number for number, event in enumerate(flow.events, 1) if event.is_done]
        wanted = clause.args["text"]
        if clause.level == "unspecified":
            probe.observe(f"{len(done)} end marks")
        elif wanted is None and done:
            raise probe.violation("no end mark", f"[DONE] in frame {done[0]}", exchange)
        elif wanted is not None and done != [len(flow.events)]:
            where = f"[DONE] in frames {done} of {len(flow.events)}" if done else "no [DONE]"
            raise probe.violation("[DONE] in the last frame and nowhere else", where, exchange)


@builder("shape:frame", "shape:chunk", "shape:usage_chunk")
def data_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """The data of each frame has the documented shape."""
    assert isinstance(clause, c.ShapeClause)
    yield one(clause, f"{clause.of}_has_the_documented_shape", _data, cost=2)


def _data(probe: Probe, *, clause: c.ShapeClause) -> None:
    extra: dict[str, Any] = {}
    if clause.of == "usage_chunk":
        extra["stream_options"] = {"include_usage": True}
    for question in QUESTIONS[:2]:
        exchange, flow = stream(probe, question, **extra)
        for number, reply in enumerate(flow.replies, 1):
            is_usage = reply.body.get("choices") == []
            if probe.surface == "openai" and is_usage != (clause.of == "usage_chunk"):
                continue
            fault = first_fault(clause, reply.body)
            if fault:
                raise probe.violation(clause.text, f"frame {number}: {fault}", exchange)


# ------------------------------------------------------------------------------- text


@builder("behaviour:stream_default_mode")
def mode_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Without being asked a stream is cumulative, or incremental, as documented."""
    assert isinstance(clause, c.BehaviourClause)
    if edition.behaviour("stream_default_mode", model) is clause:
        yield one(clause, f"stream_is_{clause.args['mode']}_by_default", _default_mode, cost=2)


def _default_mode(probe: Probe, *, clause: c.BehaviourClause) -> None:
    for question in QUESTIONS:
        exchange, flow = stream(probe, question)
        hold_mode(probe, flow, exchange, clause.args["mode"])


@builder("behaviour:stream_incremental_on_request")
def incremental_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """incremental_output turns a stream into increments, and false into the whole so far."""
    yield one(clause, "incremental_output_true_gives_increments", _incremental, cost=3)
    yield one(clause, "incremental_output_false_repeats_the_whole", _cumulative, cost=2)


def _incremental(probe: Probe, *, clause: c.BehaviourClause) -> None:
    for question in QUESTIONS:
        body = probe.body(question, cap=CAP, incremental_output=True)
        exchange = probe.accepted(probe.send(body, stream=True))
        hold_mode(probe, flow_of(exchange, probe.surface, "incremental"), exchange, "incremental")


def _cumulative(probe: Probe, *, clause: c.BehaviourClause) -> None:
    for question in QUESTIONS[:2]:
        body = probe.body(question, cap=CAP, incremental_output=False)
        exchange = probe.accepted(probe.send(body, stream=True))
        hold_mode(probe, flow_of(exchange, probe.surface, "cumulative"), exchange, "cumulative")


def hold_mode(probe: Probe, flow: Flow, exchange: Exchange, mode: str) -> None:
    """Cumulative frames are prefixes of the next; increments are not."""
    texts = [reply.text for reply in flow.speaking if reply.text]
    if len(texts) < 3:
        raise Inconclusive("too few frames with text to tell increments from the whole")
    prefixes = sum(
        later.startswith(earlier) for earlier, later in zip(texts, texts[1:], strict=False)
    )
    if mode == "cumulative" and prefixes < len(texts) - 1:
        at = next(i for i in range(len(texts) - 1) if not texts[i + 1].startswith(texts[i]))
        raise probe.violation(
            "each frame begins with all the text of the one before",
            f"frame with {written(texts[at][-30:])} is followed by {written(texts[at + 1][:60])}",
            exchange,
        )
    grown = sum(len(b) > len(a) for a, b in zip(texts, texts[1:], strict=False))
    if mode == "incremental" and prefixes == len(texts) - 1 and grown:
        raise probe.violation(
            "frames that hold only what is new", "each frame repeats all before it", exchange
        )
    for text in texts if mode == "incremental" else texts[-1:]:
        if "\ufffd" in text:
            raise probe.violation("whole characters", "a character cut in two (U+FFFD)", exchange)


@builder("behaviour:stream_equals_whole")
def equal_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """The stream says what the plain answer says, and ends for the same reason."""
    yield one(clause, "stream_says_what_the_plain_answer_says", _equal, cost=8)


def _equal(probe: Probe, *, clause: c.BehaviourClause) -> None:
    steady = _repeatable(probe)
    for question in QUESTIONS:
        plain_exchange = probe.accepted(probe.send(probe.body(question, cap=CAP, **seeded(probe))))
        plain = reply_of(plain_exchange, probe.surface)
        exchange, flow = stream(probe, question, **seeded(probe))
        if not flow.text:
            raise probe.violation("a stream with text", "a stream without any text", exchange)
        if flow.finish_reason is None:
            raise probe.violation("a finish_reason at the end", "none in any frame", exchange)
        if steady and flow.text != plain.text:
            raise probe.violation(
                f"the text {written((plain.text or '')[:60])}",
                f"{written(flow.text[:60])} ({len(flow.text)} of {len(plain.text or '')} characters)",
                exchange,
            )
        if steady and flow.finish_reason != plain.finish_reason:
            raise probe.violation(
                f"finish_reason {written(plain.finish_reason)}",
                f"finish_reason {written(flow.finish_reason)}",
                exchange,
            )
        if "incremental_output" in probe.edition.parameters(probe.model):
            other: Mode = "cumulative" if default_mode(probe) == "incremental" else "incremental"
            second, turned = stream(probe, question, mode=other, **seeded(probe))
            if steady and turned.text != flow.text:
                raise probe.violation(
                    f"the same text in {other} frames", written(turned.text[:60]), second
                )


def _repeatable(probe: Probe) -> bool:
    """Whether the endpoint gives the same plain answer twice; only then can texts be compared."""
    texts = []
    for repeat in (0, 5):
        body = probe.body(LONG, cap=CAP, **seeded(probe))
        texts.append(reply_of(probe.accepted(probe.send(body, repeat=repeat)), probe.surface).text)
    if texts[0] != texts[1]:
        probe.observe("the same request is answered in other words each time")
    return texts[0] == texts[1]


# ------------------------------------------------------------------------------- fields


@builder("behaviour:stream_ids_constant")
def constant_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Ids, time and model stay the same in all frames."""
    yield one(clause, "stream_keeps_its_ids", _constant, cost=2)


def _constant(probe: Probe, *, clause: c.BehaviourClause) -> None:
    for question in QUESTIONS[:2]:
        exchange, flow = stream(probe, question)
        for field in clause.args["fields"]:
            values = list(dict.fromkeys(written(reply.body.get(field)) for reply in flow.replies))
            if len(values) > 1 or values == ["null"]:
                raise probe.violation(
                    f"one {field} in all frames", f"{len(values)}: {', '.join(values[:3])}", exchange
                )


@builder("behaviour:stream_role_first_only")
def role_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """The role stands in the first chunk and in no other."""
    yield one(clause, "role_stands_in_the_first_chunk_alone", _role)


def _role(probe: Probe, *, clause: c.BehaviourClause) -> None:
    exchange, flow = stream(probe)
    roles = [reply.role for reply in flow.speaking]
    if not roles or roles[0] != "assistant" or any(role for role in roles[1:]):
        raise probe.violation(
            "role assistant in the first chunk alone", f"roles {roles[:4]}", exchange
        )


@builder("behaviour:stream_first_chunk", "behaviour:stream_last_chunk")
def edge_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """The first and the last chunk with a choice carry what the documents show."""
    assert isinstance(clause, c.BehaviourClause)
    which = "first" if clause.behaviour == "stream_first_chunk" else "last"
    yield one(clause, f"{which}_chunk_is_as_documented", _edge)


def _edge(probe: Probe, *, clause: c.BehaviourClause) -> None:
    exchange, flow = stream(probe, "Say hello.", cap=200)
    if not flow.speaking:
        raise probe.violation("chunks with a choice", "none", exchange)
    first = clause.behaviour == "stream_first_chunk"
    reply = flow.speaking[0] if first else flow.speaking[-1]
    wanted = clause.args.get("content")
    if wanted is None or clause.level == "unspecified":
        probe.observe(f"the {'first' if first else 'last'} chunk says {written(reply.text)}")
        return
    if (reply.text or "") != wanted:
        raise probe.violation(f"content {written(wanted)}", f"content {written(reply.text)}", exchange)
    reason = clause.args.get("finish_reason")
    if not first and reason and flow.finish_reason != "length" and reply.finish_reason != reason:
        raise probe.violation(
            f"finish_reason {written(reason)}", written(reply.finish_reason), exchange
        )


@builder("behaviour:finish_reason_unfinished")
def unfinished_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """While an answer is being made its finish_reason is one of those documented."""
    yield one(clause, "unfinished_frames_say_so", _unfinished, cost=2)


def _unfinished(probe: Probe, *, clause: c.BehaviourClause) -> None:
    for question in QUESTIONS[:2]:
        exchange, flow = stream(probe, question)
        reasons = [reply.finish_reason for reply in flow.speaking]
        for number, reason in enumerate(reasons[:-1], 1):
            if reason in clause.args["values"]:
                continue
            if clause.level == "unspecified":
                probe.observe(f"finish_reason {written(reason)} while unfinished")
                break
            raise probe.violation(
                f"finish_reason {' or '.join(map(written, clause.args['values']))} until the end",
                f"{written(reason)} in frame {number} of {len(reasons)}",
                exchange,
            )


# ------------------------------------------------------------------------------- usage


@builder("behaviour:stream_usage_every_frame")
def usage_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Usage stands in every frame; its input is constant and its output never falls."""
    yield one(clause, "usage_stands_in_every_frame_and_never_falls", _usage_frames, cost=2)


def _usage_frames(probe: Probe, *, clause: c.BehaviourClause) -> None:
    for question in QUESTIONS[:2]:
        exchange, flow = stream(probe, question)
        told = [counts(reply.usage, probe.surface) for reply in flow.replies]
        fault = ""
        if any(None in pair for pair in told):
            number = next(i for i, pair in enumerate(told, 1) if None in pair)
            fault = f"no usage in frame {number}"
        elif len({pair[0] for pair in told}) > 1:
            fault = f"input tokens {sorted({pair[0] or 0 for pair in told})}"
        else:
            outputs = [pair[1] or 0 for pair in told]
            if outputs != sorted(outputs):
                fault = f"output tokens {outputs}"
        if fault and clause.level == "unspecified":
            probe.observe(fault)
        elif fault:
            raise probe.violation(
                "usage in every frame, its input constant, its output never falling",
                fault,
                exchange,
            )


@builder("behaviour:stream_usage_chunk")
def usage_chunk_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Usage comes in a last chunk when asked for, and otherwise not at all."""
    yield one(clause, "usage_comes_last_when_asked_for", _usage_chunk)
    yield one(clause, "usage_does_not_come_unasked", _no_usage_chunk)


def _usage_chunk(probe: Probe, *, clause: c.BehaviourClause) -> None:
    exchange, flow = stream(probe, stream_options={"include_usage": True})
    with_usage = [number for number, reply in enumerate(flow.replies, 1) if reply.usage is not None]
    if with_usage != [len(flow.replies)] or flow.replies[-1].body.get("choices") != []:
        raise probe.violation(
            "usage in one last chunk with choices []",
            f"usage in frames {with_usage} of {len(flow.replies)}",
            exchange,
        )


def _no_usage_chunk(probe: Probe, *, clause: c.BehaviourClause) -> None:
    exchange, flow = stream(probe)
    if any(reply.usage is not None or reply.body.get("choices") == [] for reply in flow.replies):
        raise probe.violation("no usage unless it is asked for", "usage in the stream", exchange)


# ------------------------------------------------------------------------------- errors


@builder("behaviour:stream_error_frame", "shape:stream_error")
def error_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """How an error comes when a stream was asked for."""
    which = "frame" if isinstance(clause, c.BehaviourClause) else "data"
    yield one(clause, f"error_{which}_of_a_stream_is_as_documented", _error_frame)


def _error_frame(probe: Probe, *, clause: c.Clause) -> None:
    body = {**probe.body(), "model": "no-such-model"}
    exchange = probe.send(body, stream=True)
    error = exchange.error
    if exchange.failure is not None or error is None:
        raise Inconclusive("the faulty request brought no error", exchange.id)
    if not exchange.is_stream:
        probe.observe(f"an error before the stream comes plain, with status {exchange.status}")
        return
    if isinstance(clause, c.ShapeClause):
        fault = first_fault(clause, error.body)
    else:
        event = next((e.event for e in exchange.events if e.json == error.body), None)
        wanted, status = clause.args.get("event"), clause.args["transport_status"]  # type: ignore[union-attr]
        fault = None
        if event != wanted or exchange.status != status:
            fault = f"event {event!r} with status {exchange.status}"
    if fault and clause.level == "unspecified":
        probe.observe(fault)
    elif fault:
        raise probe.violation(clause.text, fault, exchange)
