"""Combinations: what excludes or requires what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from tokenassay.conformance.failures import NotRun
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.making import promise, slug
from tokenassay.conformance.promises.refusing import control, expect, observe_either
from tokenassay.conformance.promises.registry import Promise, builder
from tokenassay.conformance.promises.requests import (
    FORCED,
    Prepared,
    broken,
    holds,
    prepare,
    sample,
    satisfying,
)
from tokenassay.conformance.promises.talking import can_stream
from tokenassay.contracts import clauses as c
from tokenassay.contracts.edition import Edition


@builder("combination")
def combination_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """What may stand together is accepted, what may not is refused."""
    assert isinstance(clause, c.CombinationClause)
    yield promise(
        clause,
        f"{slug(clause.id)}_kept_is_accepted",
        _kept,
        title=f"a request that keeps to this is accepted: {clause.text}",
    )
    yield promise(
        clause,
        f"{slug(clause.id)}_broken_is_refused",
        _broken,
        title=f"a request that breaks this is refused: {clause.text}",
        cost=2,
    )


def _kept(probe: Probe, *, clause: c.CombinationClause) -> None:
    parameters, stream = _when(probe, clause)
    for name, matcher in clause.then.items():
        if name in parameters and not holds(matcher, parameters[name]):
            parameters[name] = satisfying(probe, name, matcher)
    request = prepare(probe, stream or None, **parameters)
    found = broken(probe, request)
    if found:
        raise NotRun(f"{_words(request)} is refused here on other grounds ({', '.join(found)})")
    exchange = request.send(probe)
    if clause.level == "unspecified":
        observe_either(probe, exchange, _words(request))
    else:
        probe.accepted(exchange, f"{_words(request)} accepted")


def _broken(probe: Probe, *, clause: c.CombinationClause) -> None:
    parameters, stream = _when(probe, clause)
    for name, matcher in clause.then.items():
        if name in ("messages", "model"):
            raise NotRun("a request without messages is tried elsewhere")
        if name in parameters and not holds(matcher, parameters[name]):
            continue
        value = _against(probe, name, matcher)
        if name == "stream":
            stream = bool(value)
        elif value is not None:
            parameters[name] = value
    if "tool_choice" in parameters:
        parameters.setdefault("tools", sample(probe, "tools"))
    fixed = stream if "stream" in clause.then or stream else None
    request = prepare(probe, fixed, breaking=clause.id, **parameters)
    found = broken(probe, request)
    if clause.level != "unspecified" and clause.id not in found[:1]:
        raise NotRun(f"no request was found that breaks this clause first (but {found or 'none'})")
    base = control(probe, request.stream)
    expect(probe, request.send(probe), clause, base, _words(request))
    if not request.stream and can_stream(probe) and "stream" not in (*clause.when, *clause.then):
        streamed = prepare(probe, True, breaking=clause.id, **parameters)
        if broken(probe, streamed)[:1] == (clause.id,):
            words = _words(streamed)
            expect(probe, streamed.send(probe), clause, control(probe, True), words)


def _when(probe: Probe, clause: c.CombinationClause) -> tuple[dict[str, Any], bool]:
    parameters: dict[str, Any] = {}
    stream = False
    for name, matcher in clause.when.items():
        value = satisfying(probe, name, matcher)
        if name == "stream":
            stream = bool(value)
        elif name not in ("messages", "model"):
            parameters[name] = value
    return parameters, stream


def _against(probe: Probe, name: str, matcher: c.Matcher) -> Any:
    """A value that the matcher does not hold for; None where leaving it out does it."""
    if matcher.not_equals is not msgspec.UNSET:
        return matcher.not_equals
    if matcher.present is False:
        return sample(probe, name)
    if matcher.any_of is not None:
        choice = probe.edition.parameters(probe.model)[name].choice
        others = [v for v in (choice.values if choice else ()) if v not in matcher.any_of]
        return others[0] if others else FORCED if name == "tool_choice" else None
    if isinstance(matcher.equals, bool):
        return not matcher.equals
    if isinstance(matcher.equals, str):
        return {"message": "text", "text": "message"}.get(matcher.equals, "no-such-value")
    if isinstance(matcher.equals, int):
        return matcher.equals + 1
    return None


def _words(request: Prepared) -> str:
    known = request.body.get("parameters", request.body)
    names = [name for name in known if name not in ("model", "messages", "max_tokens")]
    return " with ".join(["stream"] * request.stream + names)
