"""Limits, to the token: exactly the documented maximum is accepted, one more is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from tokenassay.conformance.failures import NotRun
from tokenassay.conformance.probe import DEAREST, Probe
from tokenassay.conformance.promises.refusing import control, refuse_as
from tokenassay.conformance.promises.registry import Promise, builder
from tokenassay.conformance.promises.requests import Prepared, broken, prepare
from tokenassay.conformance.promises.talking import say
from tokenassay.contracts import clauses as c
from tokenassay.contracts.edition import Edition

_WORD, _NEXT = "hello", " hello"
"""One token each, alone and after one another."""


def words(tokens: int) -> str:
    """A text of so many tokens."""
    return _WORD + _NEXT * (tokens - 1)


_NAMES = {
    "input_tokens": "prompt",
    "message_tokens": "single_message",
    "context_tokens": "whole_context",
}


@builder(*(f"limit:{quantity}" for quantity in _NAMES))
def token_limit_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A prompt of the documented size is accepted, one token more is refused."""
    assert isinstance(clause, c.LimitClause)
    maximum = clause.by_model.get(model, clause.maximum)
    if maximum is None:
        return
    what = _NAMES[clause.quantity]
    common = {"family": clause.family, "clause": clause.id, "level": clause.level, "last": True}
    yield Promise(
        id=f"{what}_of_the_documented_size_is_accepted",
        title=f"a {what.replace('_', ' ')} of {maximum:,} tokens is accepted",
        check=partial(_sized, clause=clause, tokens=maximum, refused=False),
        **common,  # type: ignore[arg-type]
    )
    yield Promise(
        id=f"{what}_of_one_token_more_is_refused",
        title=f"a {what.replace('_', ' ')} of {maximum + 1:,} tokens is refused",
        check=partial(_sized, clause=clause, tokens=maximum + 1, refused=True),
        **common,  # type: ignore[arg-type]
    )


def _sized(probe: Probe, *, clause: c.LimitClause, tokens: int, refused: bool) -> None:
    if tokens > DEAREST:
        raise NotRun(f"a probe of {tokens:,} tokens would cost more than a check is worth")
    if clause.quantity == "message_tokens":
        body = _one_message(probe, clause, tokens)
    else:
        beside = clause.args.get("adds")
        added = int(probe.body()["parameters"].get(beside, 0)) if beside == "max_tokens" else 0
        body = fitted(probe, tokens - added)
    found = broken(probe, Prepared(body), input_tokens=_input(probe, body))
    wanted = (clause.id,) if refused else ()
    if found[:1] != wanted:
        raise NotRun(f"no such request stands or falls by this clause alone ({found or 'none'})")
    base = control(probe)
    exchange = probe.send(body)
    if refused:
        refuse_as(probe, exchange, clause, base, f"{tokens:,} tokens")
    else:
        probe.accepted(exchange, f"{tokens:,} tokens accepted, as many as the documents allow")


@builder("limit:output_tokens")
def output_limit_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """The parameter that caps the answer may be the documented limit, and no more."""
    assert isinstance(clause, c.LimitClause)
    maximum = clause.by_model.get(model, clause.maximum)
    name = clause.args.get("parameter")
    if maximum is None or name is None:
        return
    common = {"family": clause.family, "clause": clause.id, "level": clause.level, "last": True}
    for value, refused in ((maximum, False), (maximum + 1, True)):
        verb = "is_refused" if refused else "is_accepted"
        which = "above_the_output_limit" if refused else "at_the_output_limit"
        yield Promise(
            id=f"{name}_{which}_{verb}",
            title=f"{name} {value:,} {verb.replace('_', ' ')}",
            check=partial(_capped, clause=clause, name=name, value=value, refused=refused),
            **common,  # type: ignore[arg-type]
        )


def _capped(probe: Probe, *, clause: c.LimitClause, name: str, value: int, refused: bool) -> None:
    given: dict[str, Any] = {name: value}
    request = prepare(probe, **given)
    found = broken(probe, request)
    if found[:1] != ((clause.id,) if refused else ()):
        raise NotRun(f"no such request stands or falls by this clause alone ({found or 'none'})")
    exchange = request.send(probe)
    if refused:
        refuse_as(probe, exchange, clause, control(probe, request.stream), f"{name} {value:,}")
    else:
        probe.accepted(exchange, f"{name} {value:,} accepted, as many as the documents allow")


def fitted(
    probe: Probe, tokens: int, build: Callable[[str], dict[str, Any]] | None = None
) -> dict[str, Any]:
    """A body whose input is exactly so many tokens by the local count.

    NotRun where the local count is not exact for this model, so that no edge is known.
    """
    make = build or (lambda text: probe.body(text))
    overhead = _input(probe, make(_WORD)) - 1
    body = make(words(max(1, tokens - overhead)))
    counted = _input(probe, body)
    if counted != tokens:
        raise NotRun(f"no text was found that makes {tokens:,} tokens (nearest {counted:,})")
    return body


def _input(probe: Probe, body: dict[str, Any]) -> int:
    estimate = probe.estimate(body)
    if estimate.basis == "approximate" or estimate.input_tokens is None:
        raise NotRun(f"the local count is {estimate.basis} here, so the edge is not known")
    return int(estimate.input_tokens)


def _one_message(probe: Probe, clause: c.LimitClause, tokens: int) -> dict[str, Any]:
    """A conversation with one message of so many tokens, of a role that the limit is about."""
    text = words(tokens)
    if "user" not in clause.args.get("roles", ["user"]):
        return probe.body([say("system", text), say("user", "Say hello.")])
    before = [say("system", "You are brief.")]
    if clause.args.get("when") == "documents":
        before.append(say("system", "A document about nothing much."))
    return probe.body([*before, say("user", text)])
