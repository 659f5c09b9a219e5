"""Input tokens: as counted, the same each time, and growing by what is added.

Where the local count is exact for a model, its date and the request, any surplus is a breach.
Where it is modelled, a template nobody knows may stand behind the bill: it adds the same to all
conversations of one shape, whatever their words. So a constant offset of a shape is observed and
named, and only what no template explains is a breach: a factor, an offset that comes and goes,
two answers for one request.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, NamedTuple

from hypothesis import strategies as st

from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.failures import NotRun
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.making import promise
from tokenassay.conformance.promises.registry import Promise, builder
from tokenassay.conformance.promises.requests import SAMPLE_TOOL, Prepared, broken, prepare
from tokenassay.conformance.promises.talking import (
    ask,
    billed,
    can_stream,
    counting,
    say,
    stream,
)
from tokenassay.conformance.promises.texts import BRIEF, HELLO, ROOM, SCRIPTS
from tokenassay.conformance.promises.tool_calls import TOOLS
from tokenassay.conformance.reading import counts
from tokenassay.contracts import clauses as c
from tokenassay.contracts.edition import Edition

SYSTEM = "You are a careful assistant."

_SEAM = 2
"""Tokens by which the words of a tool may count otherwise where they meet the JSON around them."""


class Point(NamedTuple):
    """One request on the meter: how it is shaped, what was counted, what was billed."""

    what: str
    shape: str
    """Roles in order, or prompt: what a template can see beside the words."""
    counted: int
    billed: int
    exact: bool
    exchange: Exchange

    @property
    def offset(self) -> int:
        return self.billed - self.counted


@builder("behaviour:usage_counts_template")
def count_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Input is billed as counted; it repeats, it grows by what was added, it streams alike."""
    yield promise(clause, "billed_input_equals_the_local_count", _equals_count, cost=44)
    yield promise(clause, "billed_input_repeats", _repeats, steady=False, cost=10)
    yield promise(clause, "billed_input_grows_by_what_is_added", _grows, cost=16)
    yield promise(clause, "billed_input_is_the_same_by_stream", _same_by_stream, cost=10)
    yield promise(clause, "billed_input_does_not_depend_on_parameters", _no_parameter, cost=10)
    yield promise(clause, "billed_input_does_not_depend_on_the_answer", _no_answer, cost=6)
    if "tools" in edition.parameters(model):
        yield promise(
            clause, "billed_input_grows_by_what_tools_say", _grows_with_tools, needs=TOOLS, cost=3
        )


# ------------------------------------------------------------------------------- the count


def _equals_count(probe: Probe, *, clause: c.BehaviourClause) -> None:
    points: list[Point] = []
    for what, body in _bodies(probe):
        if not broken(probe, Prepared(body)):
            points.append(measure(probe, what, body))
    if not points:
        raise NotRun("no conversation goes with this model")
    judge(probe, points)
    usual = {point.shape: point.offset for point in points}

    def check(drawn: tuple[bool, str]) -> None:
        with_system, text = drawn
        messages = [say("system", SYSTEM)] if with_system else []
        body = probe.body([*messages, say("user", text)])
        if broken(probe, Prepared(body)):
            return
        point = measure(probe, f"generated: {text[:20]!r}", body)
        allowed = 0 if point.exact else usual.get(point.shape, point.offset)
        if point.offset != allowed:
            raise probe.violation(
                f"{point.counted + allowed} input tokens billed",
                f"{point.billed} billed",
                point.exchange,
            )

    drawn = st.tuples(st.booleans(), _texts())
    probe.search(drawn, check, examples=min(probe.session.examples, 6))


def _texts() -> st.SearchStrategy[str]:
    """Texts that begin and end with a letter, so that no template joins its own to them."""
    inner = st.text(st.sampled_from("abcdefgh 0123456789,.\n你好世界桥梁🎉éж"), max_size=60)
    return inner.map(lambda text: f"a{text}b")


def _bodies(probe: Probe) -> Iterator[tuple[str, dict[str, Any]]]:
    """Conversations of several shapes; of each shape several that differ in length and script."""
    known = probe.edition.parameters(probe.model)
    if probe.edition.rule("prompt_only", probe.model) is None:
        system = say("system", SYSTEM)
        for number, (what, text) in enumerate(SCRIPTS):
            yield what, probe.body(text)
            # Of several lengths: a bill without it would else pass for another template's.
            varied = say("system", SYSTEM + " You are brief." * (number % 3))
            yield f"{what}, with a system message", probe.body([varied, say("user", text)])
        if probe.edition.rule("later_system_is_document", probe.model) is not None:
            for what, text in (SCRIPTS[0], SCRIPTS[8], SCRIPTS[9]):
                document = [system, say("system", text), say("user", "What does it say?")]
                yield f"a document, {what}", probe.body(document)
        for what, text in (SCRIPTS[0], SCRIPTS[8], SCRIPTS[9]):
            turns = [say("user", text), say("assistant", text), say("user", "And 2 + 2?")]
            yield f"three turns, {what}", probe.body(turns)
            yield f"three turns and a system message, {what}", probe.body([system, *turns])
            longer = [system, *turns, say("assistant", "4"), say("user", text)]
            yield f"five turns, {what}", probe.body(longer)
    if "prompt" in known:
        for what, text in (SCRIPTS[0], SCRIPTS[1], SCRIPTS[8]):
            yield f"prompt, {what}", probe.body(prompt=text)


def measure(probe: Probe, what: str, body: dict[str, Any]) -> Point:
    """The meter's figure for a body beside ours; NotRun where ours is but a range."""
    estimate = probe.estimate(body)
    if estimate.input_tokens is None or estimate.basis == "approximate":
        raise NotRun(f"the local count is {estimate.basis} for {probe.model}")
    exchange = probe.accepted(probe.send(body))
    told, _ = billed(probe, exchange)
    counted = int(estimate.input_tokens)
    probe.meter_point(what, counted=counted, billed=told, basis=estimate.basis, what=what)
    return Point(what, shape_of(body), counted, told, estimate.basis == "exact", exchange)


def shape_of(body: dict[str, Any]) -> str:
    """What a template can see of a body beside its words."""
    holder = body.get("input") if isinstance(body.get("input"), dict) else body
    assert isinstance(holder, dict)
    messages = holder.get("messages")
    roles = [str(message.get("role")) for message in messages] if messages else []
    return ", ".join(roles + (["prompt"] if "prompt" in holder else [])) or "nothing"


def judge(probe: Probe, points: list[Point]) -> None:
    """Nothing billed beside an exact count; beside a modelled one, the same for each shape."""
    wrong = next((point for point in points if point.exact and point.offset), None)
    if wrong is not None:
        raise probe.violation(
            f"{wrong.counted} input tokens billed: the count is exact for this model and date",
            f"{wrong.billed} billed for {wrong.what} ({_told(points)})",
            wrong.exchange,
        )
    shapes: dict[str, list[Point]] = {}
    for point in points:
        if not point.exact:
            shapes.setdefault(point.shape, []).append(point)
    for shape, found in shapes.items():
        offsets = [point.offset for point in found]
        if len(set(offsets)) > 1:
            usual = max(set(offsets), key=offsets.count)
            odd = next(point for point in found if point.offset != usual)
            raise probe.violation(
                f"the same beside the count for all messages by {shape}, as a template adds it",
                f"{odd.offset:+d} for {odd.what} ({_told(found)})",
                odd.exchange,
            )
    named = {shape: found[0].offset for shape, found in shapes.items() if found[0].offset}
    for shape, offset in named.items():
        probe.observe(f"messages by {shape} are billed {offset:+d} beside the modelled count")


def _told(points: list[Point]) -> str:
    by_offset: dict[int, list[str]] = {}
    for point in points:
        by_offset.setdefault(point.offset, []).append(point.what)
    told = (f"{o:+d} for {', '.join(w[:2])}" for o, w in sorted(by_offset.items()))
    return "; ".join(list(told)[:5])


# ------------------------------------------------------------------------------- the rest


def _repeats(probe: Probe, *, clause: c.BehaviourClause) -> None:
    for text in (HELLO, SCRIPTS[1][1]):
        seen: dict[int, Exchange] = {}
        for repeat in (0, 21, 22, 23):
            exchange, _ = ask(probe, text, repeat=repeat)
            seen.setdefault(billed(probe, exchange)[0], exchange)
        if len(seen) > 1:
            raise probe.violation(
                "the same input tokens for the same request",
                f"{' and '.join(map(str, sorted(seen)))} input tokens",
                list(seen.values())[-1],
            )


def _grows(probe: Probe, *, clause: c.BehaviourClause) -> None:
    for base, more in (("List these words: so", " hello"), ("列出这些词：桥", "，桥梁")):
        start = probe.body(base)
        first = probe.estimate(start).input_tokens
        if probe.estimate(start).basis == "approximate" or first is None:
            raise NotRun(f"there is no local vocabulary for {probe.model}")
        small, _ = billed(probe, probe.accepted(probe.send(start)))
        for added in (1, 10, 100, 900):
            body = probe.body(base + more * added)
            counted = probe.estimate(body).input_tokens
            if counted is None or broken(probe, Prepared(body), input_tokens=counted):
                continue
            exchange = probe.accepted(probe.send(body))
            told, _ = billed(probe, exchange)
            if told - small != counted - first:
                raise probe.violation(
                    f"{counted - first} input tokens more for {added} words more",
                    f"{told - small} more",
                    exchange,
                )


def _grows_with_tools(probe: Probe, *, clause: c.BehaviourClause) -> None:
    """How tools are laid out for the model is its template's matter; their words are not."""
    if probe.estimate(probe.body()).basis == "approximate":
        raise NotRun(f"there is no local vocabulary for {probe.model}")
    small = 0
    for added in (0, 40, 200):
        tool = copy.deepcopy(SAMPLE_TOOL)
        words = " It counts bridges." * added
        tool["function"]["description"] += words
        request = prepare(probe, tools=[tool], **counting(probe))
        if broken(probe, request):
            raise NotRun("this model takes no tools in a plain request")
        exchange = probe.accepted(request.send(probe))
        told, _ = billed(probe, exchange)
        small = small or told
        wanted = probe.count(words)
        if abs(told - small - wanted) > _SEAM:
            raise probe.violation(
                f"{wanted} input tokens more for {wanted} tokens more in a tool's description",
                f"{told - small} more",
                exchange,
            )


def _same_by_stream(probe: Probe, *, clause: c.BehaviourClause) -> None:
    if not can_stream(probe):
        raise NotRun(f"{probe.edition.id} documents no streams")
    for _, text in (*SCRIPTS[:3], SCRIPTS[8]):
        plain, _ = billed(probe, ask(probe, text)[0])
        exchange, flow = stream(probe, text, cap=16, **counting(probe))
        told, _ = counts(flow.usage, probe.surface)
        if told != plain:
            raise probe.violation(
                f"{plain} input tokens by stream as without", f"{told} by stream", exchange
            )


def _no_parameter(probe: Probe, *, clause: c.BehaviourClause) -> None:
    known = probe.edition.parameters(probe.model)
    settings: dict[str, list[Any]] = {
        "temperature": [0.5, 1.5],
        "top_p": [0.5],
        "top_k": [50],
        "seed": [7],
        "stop": [["zebra"]],
        "max_tokens": [1, 64, 400],
        "repetition_penalty": [1.2],
        "presence_penalty": [0.5],
        "n": [3],
        "result_format": ["text", "message"],
    }
    texts = (HELLO, SCRIPTS[1][1])
    bases = [billed(probe, ask(probe, text)[0])[0] for text in texts]
    for number, (name, values) in enumerate(settings.items()):
        for place, value in enumerate(values if name in known else ()):
            text, base = texts[(number + place) % 2], bases[(number + place) % 2]
            body = probe.body(text, **{name: value})
            if broken(probe, Prepared(body)):
                continue
            exchange = probe.accepted(probe.send(body))
            told, _ = billed(probe, exchange)
            if told != base:
                raise probe.violation(
                    f"{base} input tokens with {name} {value} as without", f"{told}", exchange
                )


def _no_answer(probe: Probe, *, clause: c.BehaviourClause) -> None:
    if "max_tokens" not in probe.edition.parameters(probe.model):
        raise NotRun("the edition has no cap on an answer")
    for text in (BRIEF, SCRIPTS[9][1]):
        seen: dict[int, Exchange] = {}
        for cap in (1, 40, ROOM):
            exchange, _ = ask(probe, text, cap=cap)
            seen.setdefault(billed(probe, exchange)[0], exchange)
        if len(seen) > 1:
            raise probe.violation(
                "the same input tokens however long the answer is",
                f"{' and '.join(map(str, sorted(seen)))} input tokens",
                list(seen.values())[-1],
            )
