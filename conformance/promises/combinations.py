"""Combinations: what excludes or requires what."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import msgspec

from tokenassay.conformance.failures import NotRun
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.messages import observe_either, refuse_as
from tokenassay.conformance.promises.registry import Promise, builder
from tokenassay.conformance.promises.requests import (
    SAMPLE_TOOL,
    Prepared,
    broken,
    control,
    holds,
    prepare,
    sample,
    satisfying,
)
from tokenassay.contracts import clauses as c
from tokenassay.contracts.edition import Edition

_FORCED = {"type": "function", "function": {"name": SAMPLE_TOOL["function"]["name"]}}


@builder("combination")
def combination_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """What may stand together is accepted, what may not is refused."""
    assert isinstance(clause, c.CombinationClause)
    slug = clause.id.replace(".", "_").replace("-", "_")
    common = {"family": clause.family, "clause": clause.id, "level": clause.level}
    yield Promise(
        id=f"{slug}_kept_is_accepted",
        title=f"a request that keeps to this is accepted: {clause.text}",
        check=partial(_kept, clause=clause),
        **common,  # type: ignore[arg-type]
    )
    yield Promise(
        id=f"{slug}_broken_is_refused",
        title=f"a request that breaks this is refused: {clause.text}",
        check=partial(_broken, clause=clause),
        **common,  # type: ignore[arg-type]
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
    exchange = request.send(probe)
    if clause.level == "unspecified":
        observe_either(probe, exchange, _words(request))
    else:
        refuse_as(probe, exchange, clause, control(probe, request.stream), _words(request))


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
        return others[0] if others else _FORCED if name == "tool_choice" else None
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
