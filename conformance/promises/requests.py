"""Requests that break nothing, or exactly one clause: what promises are tried with.

The local rules are the judge of what a request breaks, the same that the estimators use; so a
request that is meant to break one clause is first made to break no other.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import msgspec

from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.probe import Probe
from tokenassay.contracts import clauses as c
from tokenassay.estimators.requests import read_request

SAMPLE_TOOL: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "get_current_weather",
        "description": "Tells the weather in a city.",
        "parameters": {
            "type": "object",
            "properties": {"location": {"type": "string", "description": "A city."}},
            "required": ["location"],
        },
    },
}


FORCED: dict[str, Any] = {
    "type": "function",
    "function": {"name": SAMPLE_TOOL["function"]["name"]},
}
"""The choice of one function outright."""


class Prepared(msgspec.Struct, frozen=True):
    """A request body and whether it is to be streamed."""

    body: dict[str, Any]
    stream: bool = False

    def send(self, probe: Probe, *, repeat: int = 0) -> Exchange:
        """The answer to it."""
        return probe.send(self.body, stream=self.stream, repeat=repeat)


def broken(probe: Probe, request: Prepared, *, input_tokens: int | None = None) -> tuple[str, ...]:
    """Ids of the clauses that a request breaks, by the local rules.

    Limits on tokens are looked at where ``input_tokens`` is given.
    """
    read = read_request(request.body, surface=probe.surface, streaming=request.stream)
    if input_tokens is None:
        found = probe.rules.check(read)
    else:
        found = probe.rules.check(
            read,
            input_tokens=input_tokens,
            message_tokens=lambda message: probe.count(message.text),
        )
    return tuple(refusal.clause for refusal in found if refusal.level != "unspecified")


def is_dearer(probe: Probe, body: Mapping[str, Any]) -> bool:
    """Whether a request could cost more than a proof is worth, and more than a plain one does."""
    price = probe.session.pricing.at_most
    return probe.too_dear(body) and price(body)[1] > 2 * price(probe.body())[1]


def sample(probe: Probe, name: str) -> Any:
    """A value that a parameter may have, by its own clauses."""
    if name == "tools":
        return [copy.deepcopy(SAMPLE_TOOL)]
    parameter = probe.edition.parameters(probe.model).get(name)
    if parameter is None:
        return True
    if parameter.choice is not None:
        return parameter.choice.values[0]
    if parameter.default is not None:
        return parameter.default
    interval = parameter.interval
    if interval is not None:
        return next(value for value in (1, 0.5, interval.low) if value in interval)
    by_type = {"boolean": True, "string": "x", "integer": 1, "number": 1, "array": [], "object": {}}
    return by_type.get(parameter.declared.types[0])


def holds(matcher: c.Matcher, value: Any) -> bool:
    """Whether a value that a request carries meets a matcher."""
    if matcher.present is False:
        return False
    if matcher.equals is not msgspec.UNSET and value != matcher.equals:
        return False
    if matcher.not_equals is not msgspec.UNSET and value == matcher.not_equals:
        return False
    return matcher.any_of is None or value in matcher.any_of


def satisfying(probe: Probe, name: str, matcher: c.Matcher) -> Any:
    """A value that a matcher holds for; None where leaving the parameter out does it."""
    if matcher.equals is not msgspec.UNSET:
        return matcher.equals
    if matcher.any_of:
        return matcher.any_of[0]
    if matcher.present:
        return sample(probe, name)
    if isinstance(matcher.not_equals, bool):
        return not matcher.not_equals
    return None


def prepare(
    probe: Probe, stream: bool | None = None, *, breaking: str = "", **parameters: Any
) -> Prepared:
    """A request with these parameters, and with whatever else they ask for.

    Combinations that would be broken are mended on their ``then`` side, as the documents say:
    a parameter that needs a stream is streamed, and so on. Only what was given stays, and the
    clause ``breaking`` is left to be broken. ``stream`` None leaves it to the clauses.
    """
    free, stream = stream is None, bool(stream)
    given = dict(parameters)
    for _ in range(4):
        mended = False
        for clause in probe.edition.of_kind(c.CombinationClause, probe.model):
            if clause.id == breaking or clause.level == "unspecified":
                continue
            if not all(_holds(probe, given, stream, n, m) for n, m in clause.when.items()):
                continue
            for name, matcher in clause.then.items():
                if name in parameters or _holds(probe, given, stream, name, matcher):
                    continue
                value = satisfying(probe, name, matcher)
                if name == "stream" and not free:
                    continue
                if name == "stream":
                    stream = bool(value)
                else:
                    given[name] = value
                mended = True
        if not mended:
            break
    return Prepared(probe.body(_words_for(probe, given), **given), stream)


def _words_for(probe: Probe, given: Mapping[str, Any]) -> str:
    """A question that fits the parameters: JSON mode asks for a word in it."""
    rule = probe.edition.rule("json_word_in_messages", probe.model)
    asked = rule is not None and any("format" in name and name != "result_format" for name in given)
    return f"Say hello in {rule.args.get('word', 'json')}." if asked and rule else "Say hello."


def _holds(
    probe: Probe, given: Mapping[str, Any], stream: bool, name: str, matcher: c.Matcher
) -> bool:
    parameter = probe.edition.parameters(probe.model).get(name)
    present = name in given and given[name] is not None
    value = given.get(name) if present else parameter.default if parameter else None
    if name == "stream":
        present, value = stream, stream
    if name == "result_format" and not present and probe.surface == "native" and parameter:
        present, value = True, "message"
    if name in ("messages", "model"):
        present = True
    if matcher.present is not None:
        return matcher.present == present and (not present or holds(matcher, value))
    return holds(matcher, value)


def without(body: dict[str, Any], path: str) -> dict[str, Any]:
    """A copy of ``body`` with the field at a dotted path taken out."""
    changed = copy.deepcopy(body)
    *steps, last = path.split(".")
    at: Any = changed
    for step in steps:
        at = at.get(step) if isinstance(at, dict) else None
    if isinstance(at, dict):
        at.pop(last, None)
    return changed
