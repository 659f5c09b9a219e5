"""What becomes of each parameter: its fate in each request, then what they come to together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from tokenassay.conformance.tap.findings import Case, Fate, Passage
from tokenassay.conformance.tap.trips import Passing, Reader
from tokenassay.contracts.edition import Edition, Parameter
from tokenassay.estimators.requests import Request

_NO_BODY: Final = "what arrived is no JSON object"


def passages(
    passings: Iterable[Passing], reader: Reader, front: Edition, upstream: Edition, model: str
) -> tuple[Passage, ...]:
    """Every parameter that was sent or that arrived, in the order of the front's edition."""
    known = front.parameters(model)
    documented = {*known, *upstream.parameters(model)}
    cases: dict[str, list[Case]] = {name: [] for name in known}
    usual: frozenset[str] = frozenset()
    for passing in passings:
        arrived = reader.request(passing.arrival) if passing.arrival else None
        given, came = fields(passing.sent), fields(arrived) if arrived else {}
        if not usual and not given and arrived is not None:
            usual = frozenset(came)
        found = (
            _compared(given, came, usual, documented, passing.ask.about)
            if arrived is not None
            else _stopped(passing, given)
        )
        for name, case in found:
            case = msgspec.structs.replace(case, requests=(passing.number,))
            cases.setdefault(name, []).append(case)
    return tuple(_passage(name, seen, known.get(name)) for name, seen in cases.items() if seen)


def fields(request: Request) -> dict[str, Any]:
    """Parameters by name, and whatever else the body holds beside the model and what is said."""
    found = {k: v for k, v in request.parameters.items() if k != "stream"}
    if request.surface == "native":
        body = request.body
        given = body.get("input")
        holder: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
        said = ("messages", "prompt", "history")
        found |= {f"input.{k}": v for k, v in holder.items() if k not in said}
        # Beside the objects that the dialect has; a name there is not the parameter's own.
        found |= {k: v for k, v in body.items() if k not in ("model", "input", "parameters")}
    return found


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are alike; 1 and 1.0 are, 1 and true are not."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def _compared(
    given: Mapping[str, Any],
    came: Mapping[str, Any],
    usual: frozenset[str],
    documented: set[str],
    about: str | None,
) -> list[tuple[str, Case]]:
    """The fates of all parameters of a request that arrived.

    ``usual`` are those that arrive though nothing was sent: none of them is another name.
    """
    found: list[tuple[str, Case]] = []
    new = {k: v for k, v in came.items() if k not in given}
    for name, value in given.items():
        if name in came:
            found.append((name, _pair(value, came[name])))
            continue
        alias = next((k for k, v in new.items() if k not in usual and same(v, value)), None)
        if alias is None:
            found.append((name, Case(fate="dropped", sent=value)))
            continue
        case = Case(fate="renamed", sent=value, arrived=new.pop(alias), under=alias)
        found.append((name, case))
    for name, value in new.items():
        fate: Fate = "defaulted" if name in documented else "invented"
        note = f"beside {about}" if about is not None and name not in usual else None
        found.append((name, Case(fate=fate, arrived=value, note=note)))
    return found


def _pair(sent: Any, arrived: Any) -> Case:
    fate: Fate = "forwarded" if same(sent, arrived) else "converted"
    return Case(fate=fate, sent=sent, arrived=arrived)


def _stopped(passing: Passing, given: Mapping[str, Any]) -> list[tuple[str, Case]]:
    """The fate of the one parameter that a request which never arrived is about."""
    about = passing.ask.about
    if about is None or about not in given:
        return []
    if passing.came:
        return [(about, Case(fate="lost", sent=given[about], note=_NO_BODY))]
    front = passing.front
    fate: Fate = "refused"
    if passing.answered:
        fate, note = "answered", "nothing arrived, yet the front answered"
    elif front.status is None:
        fate, note = "lost", front.failure.kind if front.failure else "no answer"
    else:
        error = front.error
        note = " ".join(str(part) for part in (front.status, error.code if error else None) if part)
    allowed = passing.legal if fate == "refused" else None
    return [(about, Case(fate=fate, sent=given[about], note=note, allowed=allowed))]


# ------------------------------------------------------------------------------- together


def _passage(name: str, seen: list[Case], parameter: Parameter | None) -> Passage:
    judged, low, high = settle(seen)
    return Passage(
        parameter=name,
        documented=_documented(parameter),
        cases=tuple(_merged(judged)),
        at_least=low,
        at_most=high,
    )


def settle(cases: Iterable[Case]) -> tuple[list[Case], float | None, float | None]:
    """The cases with clamps told from other conversions, and the bounds clamped to.

    All that lies beyond a bound arrives as the bound, and nothing beyond it arrives; whatever
    else changes a number is no clamp.
    """
    seen = list(cases)
    low, high = _bounds(seen)
    return [_clamped(case, low, high) for case in seen], low, high


def _numbers(case: Case) -> tuple[float, float] | None:
    pair = case.sent, case.arrived
    if all(isinstance(v, int | float) and not isinstance(v, bool) for v in pair):
        return pair
    return None


def _bounds(cases: Iterable[Case]) -> tuple[float | None, float | None]:
    pairs = [pair for case in cases if (pair := _numbers(case)) is not None]
    arrived = [a for _, a in pairs]
    raised = {a for s, a in pairs if a > s}
    cut = {a for s, a in pairs if a < s}
    low = next(iter(raised)) if len(raised) == 1 else None
    high = next(iter(cut)) if len(cut) == 1 else None
    return (
        low if low is not None and low <= min(arrived) else None,
        high if high is not None and high >= max(arrived) else None,
    )


def _clamped(case: Case, low: float | None, high: float | None) -> Case:
    pair = _numbers(case)
    if case.fate != "converted" or pair is None:
        return case
    sent, arrived = pair
    if (arrived == low and arrived > sent) or (arrived == high and arrived < sent):
        return msgspec.structs.replace(case, fate="clamped")
    return case


def _merged(cases: Iterable[Case]) -> Iterable[Case]:
    """Cases that are alike as one."""
    found: dict[str, Case] = {}
    for case in cases:
        alike = repr((case.fate, case.sent, case.arrived, case.under, case.note))
        if alike in found:
            requests = (*found[alike].requests, *case.requests)
            case = msgspec.structs.replace(case, requests=requests)
        found[alike] = case
    return found.values()


def _documented(parameter: Parameter | None) -> str | None:
    if parameter is None:
        return None
    if parameter.choice is not None:
        return ", ".join(str(value) for value in parameter.choice.values)
    return str(parameter.interval) if parameter.interval is not None else None
