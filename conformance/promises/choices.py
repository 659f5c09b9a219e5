"""Choices: as many as were asked for, each billed, and no more in them than was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tokenassay.conformance.failures import NotRun
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.making import promise
from tokenassay.conformance.promises.registry import Promise, builder
from tokenassay.conformance.promises.requests import broken, prepare
from tokenassay.conformance.promises.talking import ask, billed, can_stream, seeded, stream
from tokenassay.conformance.promises.texts import HELLO, LONG, QUESTIONS, written
from tokenassay.conformance.promises.values import default_promises
from tokenassay.contracts import clauses as c
from tokenassay.contracts.edition import Edition


@builder("default:n")
def single_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Without being asked for more, an endpoint gives one answer; asked, it gives as many."""
    yield from default_promises(edition, clause, model)
    assert isinstance(clause, c.DefaultClause)
    for id, wanted, title in (
        ("one_choice_comes_unless_more_are_asked_for", (None,), ""),
        ("as_many_choices_come_as_were_asked_for", (2, 3), "n choices come for n"),
    ):
        family: c.Family = "responses"
        yield promise(clause, id, _choices, title=title, family=family, cost=2, wanted=wanted)


def _choices(probe: Probe, *, clause: c.DefaultClause, wanted: tuple[int | None, ...]) -> None:
    for number in wanted:
        given: dict[str, Any] = {} if number is None else {"n": number}
        if broken(probe, prepare(probe, **given)):
            raise NotRun("the model takes no n here")
        for question in (HELLO, LONG):
            exchange, _ = ask(probe, question, **given)
            choices = choices_in(exchange.json, probe.surface)
            if len(choices) != (number or clause.value):
                raise probe.violation(
                    f"{number or clause.value} choices", f"{len(choices)} choices", exchange
                )
            indexes = [choice.get("index") for choice in choices]
            if number is not None and sorted(map(str, indexes)) != list(map(str, range(number))):
                raise probe.violation(
                    f"choices 0 to {number - 1}", f"indexes {written(indexes)}", exchange
                )
        if number is not None and can_stream(probe):
            _streamed(probe, number)


def _streamed(probe: Probe, number: int) -> None:
    """A stream has as many choices, told apart by their indexes."""
    exchange, flow = stream(probe, LONG, n=number)
    chosen = [choice for r in flow.replies for choice in choices_in(r.body, probe.surface)]
    told = {choice.get("index") for choice in chosen}
    if told != set(range(number)):
        raise probe.violation(
            f"choices 0 to {number - 1} in a stream",
            f"indexes {written(sorted(map(str, told)))}",
            exchange,
        )


def choices_in(body: Any, surface: str) -> list[dict[str, Any]]:
    """The choices of an answer."""
    holder = body.get("output") if isinstance(body, dict) and surface == "native" else body
    choices = holder.get("choices") if isinstance(holder, dict) else None
    return [choice for choice in choices if isinstance(choice, dict)] if choices else []


@builder("behaviour:output_counts_text")
def choice_bill_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Of several choices each is billed."""
    if "n" in edition.parameters(model):
        yield promise(clause, "each_choice_is_billed", _each_billed, family="metering", cost=2)


def _each_billed(probe: Probe, *, clause: c.BehaviourClause) -> None:
    if broken(probe, prepare(probe, n=2)):
        raise NotRun("the model takes no n here")
    if probe.estimate(probe.body()).basis == "approximate":
        raise NotRun(f"there is no local vocabulary for {probe.model}")
    for question, number in ((LONG, 2), (LONG, 3)):
        exchange, _ = ask(probe, question, n=number, cap=24, **seeded(probe))
        _, told = billed(probe, exchange)
        texts = [
            (choice.get("message") or {}).get("content") or ""
            for choice in choices_in(exchange.json, probe.surface)
        ]
        counted = sum(probe.count(text) for text in texts)
        if abs(told - counted) > len(texts):
            # Each may be cut between the bytes of a character, which counts one more.
            raise probe.violation(f"{counted} output tokens billed", f"{told} billed", exchange)


@builder("default:logprobs")
def logprobs_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Log probabilities do not come unasked."""
    yield from default_promises(edition, clause, model)
    yield promise(
        clause, "log_probabilities_do_not_come_unasked", _no_logprobs, family="responses", cost=2
    )


def _no_logprobs(probe: Probe, *, clause: c.DefaultClause) -> None:
    for question in QUESTIONS[:2]:
        exchange, _ = ask(probe, question)
        for choice in choices_in(exchange.json, probe.surface):
            if choice.get("logprobs"):
                raise probe.violation(
                    "no logprobs unless they are asked for", written(choice["logprobs"]), exchange
                )
