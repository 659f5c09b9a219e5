"""Thinking: that it can be switched, that it stands apart, and what caps it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.failures import NotRun
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.making import promise
from tokenassay.conformance.promises.registry import Promise, builder
from tokenassay.conformance.promises.requests import broken, prepare
from tokenassay.conformance.promises.talking import ask, counting, read_stream
from tokenassay.conformance.promises.texts import (
    BRIEF,
    BRIEF_ZH,
    HELLO,
    LONG,
    LONG_ZH,
    ROOM,
    written,
)
from tokenassay.conformance.promises.values import default_promises, type_promises
from tokenassay.conformance.reading import counts
from tokenassay.contracts import clauses as c
from tokenassay.contracts import store
from tokenassay.contracts.edition import Edition

BUDGET = 64
"""Tokens of thinking that a check pays for at most."""

TIGHT = 8
"""Output tokens of an answer that max_tokens cuts while the thinking before it may go on."""


class Thought(NamedTuple):
    """A streamed answer that was thought over."""

    exchange: Exchange
    reasoning: str
    text: str
    reason: Any
    billed: int | None
    told_reasoning: int | None
    """Tokens of the thinking, by the usage."""


def may_think(edition: Edition, model: str) -> bool:
    """Whether the documents let this model think on request."""
    known = store.look_up(model)
    takes_it = "enable_thinking" in edition.parameters(model)
    return takes_it and known is not None and known[1].thinking in ("optional", "always")


def think(probe: Probe, question: str, **given: Any) -> Thought:
    """A thought-over answer; NotRun where the local rules know something against it."""
    known = probe.edition.parameters(probe.model)
    given = {"enable_thinking": True, **given}
    if "thinking_budget" in known:
        given.setdefault("thinking_budget", BUDGET)
    usual = prepare(probe, True, **given)
    if broken(probe, usual):
        raise NotRun(f"the model does not think on request ({broken(probe, usual)[0]})")
    beside = usual.body.get("parameters", usual.body)
    asked = {name: beside[name] for name in beside if name not in ("model", "messages")}
    body = probe.body(question, **{**asked, **given, **counting(probe)})
    exchange = probe.accepted(probe.send(body, stream=True))
    flow = read_stream(probe, exchange, "incremental")
    reasoning = "".join(reply.reasoning or "" for reply in flow.speaking)
    details = (flow.usage or {}).get(
        "output_tokens_details" if probe.surface == "native" else "completion_tokens_details"
    )
    told = details.get("reasoning_tokens") if isinstance(details, dict) else None
    return Thought(
        exchange,
        reasoning,
        flow.text,
        flow.finish_reason,
        counts(flow.usage, probe.surface)[1],
        told if isinstance(told, int) else None,
    )


@builder("parameter:enable_thinking")
def switch_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Switched on, the thinking comes, and apart from the answer; switched off, it does not."""
    yield from type_promises(edition, clause, model)
    if may_think(edition, model):
        yield promise(
            clause, "thinking_stands_apart_from_the_answer", _apart, family="responses", cost=2
        )
        yield promise(
            clause, "nothing_is_thought_when_switched_off", _off, family="responses", cost=2
        )


def _apart(probe: Probe, *, clause: c.ParameterClause) -> None:
    for question in (BRIEF, BRIEF_ZH):
        thought = think(probe, question, cap=ROOM)
        if not thought.reasoning:
            raise probe.violation(
                "reasoning_content with enable_thinking true", "none", thought.exchange
            )
        if not thought.text:
            raise probe.violation("an answer after the thinking", "none", thought.exchange)
        if thought.reasoning.strip() and thought.text.startswith(thought.reasoning.strip()[:40]):
            raise probe.violation(
                "the thinking in reasoning_content alone",
                f"an answer that begins with it: {written(thought.text[:60])}",
                thought.exchange,
            )


def _off(probe: Probe, *, clause: c.ParameterClause) -> None:
    if broken(probe, prepare(probe, enable_thinking=False)):
        raise NotRun("the model can't be told not to think")
    for question in (HELLO, BRIEF_ZH):
        exchange, reply = ask(probe, question, enable_thinking=False)
        if reply.reasoning:
            raise probe.violation(
                "no reasoning_content with enable_thinking false",
                written(reply.reasoning[:60]),
                exchange,
            )


@builder("parameter:thinking_budget")
def budget_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """The cap on the thinking is one."""
    yield from type_promises(edition, clause, model)
    if may_think(edition, model):
        yield promise(
            clause,
            "thinking_is_cut_at_its_budget",
            _budget,
            family="parameters",
            level="should",
            cost=2,
        )


def _budget(probe: Probe, *, clause: c.ParameterClause) -> None:
    markers = store.templates().thinking_marker_tokens or 0
    for question in (LONG, LONG_ZH):
        thought = think(probe, question, thinking_budget=TIGHT, cap=TIGHT)
        tokens = thought.told_reasoning or probe.count(thought.reasoning)
        if tokens > TIGHT + markers:
            raise probe.violation(
                f"at most {TIGHT} tokens of thinking", f"{tokens} tokens", thought.exchange
            )


@builder("default:enable_thinking")
def default_off_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Where thinking is off by default, none comes unasked."""
    assert isinstance(clause, c.DefaultClause)
    yield from default_promises(edition, clause, model)
    if clause.value is False and "enable_thinking" in edition.parameters(model):
        yield promise(clause, "nothing_is_thought_unasked", _unasked, family="responses", cost=2)


def _unasked(probe: Probe, *, clause: c.DefaultClause) -> None:
    for question in (HELLO, LONG):
        exchange, reply = ask(probe, question)
        if reply.reasoning:
            raise probe.violation(
                "no reasoning_content unasked", written(reply.reasoning[:60]), exchange
            )


@builder("behaviour:max_tokens_excludes_reasoning")
def room_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """max_tokens bounds the answer and leaves the thinking alone."""
    if may_think(edition, model) and "max_tokens" in edition.parameters(model):
        yield promise(clause, "max_tokens_leaves_the_thinking_alone", _room, cost=2)


def _room(probe: Probe, *, clause: c.BehaviourClause) -> None:
    for question in (LONG, LONG_ZH):
        thought = think(probe, question, max_tokens=TIGHT)
        tokens = probe.count(thought.text)
        if not thought.text:
            raise probe.violation(
                f"an answer of up to {TIGHT} tokens after the thinking",
                "no answer: the thinking used the room up",
                thought.exchange,
            )
        if tokens > TIGHT + 1:
            raise probe.violation(
                f"at most {TIGHT} tokens of answer", f"{tokens} tokens", thought.exchange
            )
        if thought.reason == "length" and tokens < TIGHT - 2:
            raise probe.violation(
                f"an answer cut at {TIGHT} tokens", f"one of {tokens} tokens", thought.exchange
            )
        if thought.told_reasoning is None and not thought.reasoning:
            raise NotRun("no thinking came, so max_tokens could not be told from it")


@builder("behaviour:output_counts_text")
def bill_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Thinking is billed as output: its tokens and the answer's, and a few for markers."""
    if may_think(edition, model):
        yield promise(
            clause, "thinking_is_billed_as_its_tokens", _billed, family="metering", cost=2
        )


def _billed(probe: Probe, *, clause: c.BehaviourClause) -> None:
    if probe.estimate(probe.body()).basis == "approximate":
        raise NotRun(f"there is no local vocabulary for {probe.model}")
    markers = store.templates().thinking_marker_tokens or 0
    for question in (BRIEF, BRIEF_ZH):
        thought = think(probe, question, cap=ROOM)
        if thought.billed is None:
            raise probe.violation("usage in the stream", "none", thought.exchange)
        inner, outer = probe.count(thought.reasoning), probe.count(thought.text)
        if not inner + outer <= thought.billed <= inner + outer + markers:
            raise probe.violation(
                f"{inner} tokens of thinking and {outer} of answer billed, "
                f"and up to {markers} more",
                f"{thought.billed} billed",
                thought.exchange,
            )
        if thought.told_reasoning is not None and not (
            inner <= thought.told_reasoning <= inner + markers
        ):
            raise probe.violation(
                f"{inner} tokens of thinking told",
                f"{thought.told_reasoning} told",
                thought.exchange,
            )
