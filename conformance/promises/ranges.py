"""Ranges, bound by bound: what lies inside is accepted, what lies beyond is refused."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.failures import Inconclusive, NotRun, Violation
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.making import promise
from tokenassay.conformance.promises.refusing import control, refuse_as
from tokenassay.conformance.promises.registry import Promise, builder
from tokenassay.conformance.promises.requests import Prepared, broken, is_dearer, prepare
from tokenassay.conformance.promises.talking import can_stream
from tokenassay.conformance.promises.texts import written
from tokenassay.contracts import clauses as c
from tokenassay.contracts.edition import Edition, Parameter
from tokenassay.contracts.intervals import Interval

FAR = 1_000_000
"""How far beyond a bound "far outside" is tried."""

CAPS = ("max_tokens", "max_completion_tokens", "thinking_budget")
"""Parameters that cap what an answer may cost: trying them comes last."""


@builder("range")
def range_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """In range is accepted; below and above are refused; the observed bounds are noted."""
    assert isinstance(clause, c.RangeClause)
    parameter = edition.parameters(model).get(clause.parameter)
    if parameter is None or parameter.interval is None or parameter.range_clause is not clause:
        return
    name, interval = parameter.name, parameter.interval
    yield promise(
        clause,
        f"{name}_in_its_range_is_accepted",
        _accepted_inside,
        title=f"{name} is accepted all over {interval}",
        last=name in CAPS,
        cost=16,
    )
    sides = {"below": below(interval, parameter), "above": above(interval, parameter)}
    for side, beyond in sides.items():
        if beyond:
            yield promise(
                clause,
                f"{name}_{side}_its_range_is_refused",
                _refused_outside,
                title=f"{name} {side} {interval} is refused",
                last=name in CAPS and side == "above",
                cost=5,
                values=beyond,
            )


def is_integer(parameter: Parameter) -> bool:
    """Whether only whole numbers are of the parameter's type."""
    return "number" not in parameter.declared.types


def inside(interval: Interval, parameter: Parameter) -> list[Any]:
    """Values at the very ends that an interval still holds, those of the low end first."""
    values = [*_within(interval, parameter, "low"), *_within(interval, parameter, "high")]
    return list(dict.fromkeys(values))


def _within(interval: Interval, parameter: Parameter, side: str) -> list[Any]:
    """Values at one end, the bound itself among them where it is included."""
    low = side == "low"
    bound, open_end, inward = (
        (interval.low, interval.low_open, 1) if low else (interval.high, interval.high_open, -1)
    )
    if math.isinf(bound):
        values: list[Any] = [-FAR if low else FAR]
    elif is_integer(parameter):
        values = [int(bound) + inward] if open_end else [int(bound), int(bound) + inward]
    else:
        near = math.nextafter(bound, math.inf * inward)
        values = [near] if open_end else [bound, near]
    return [value for value in values if value in interval]


def below(interval: Interval, parameter: Parameter) -> list[Any]:
    """Values just below an interval and far below; empty where there is no lower end."""
    return _beyond(interval.low, interval.low_open, -1, is_integer(parameter))


def above(interval: Interval, parameter: Parameter) -> list[Any]:
    """Values just above an interval and far above; empty where there is no upper end."""
    return _beyond(interval.high, interval.high_open, 1, is_integer(parameter))


def _beyond(bound: float, open_end: bool, outward: int, whole: bool) -> list[Any]:
    if math.isinf(bound):
        return []
    at = [bound] if open_end else []
    if whole:
        return [*at, int(bound) + outward, int(bound) + outward * FAR]
    return [*at, math.nextafter(bound, math.inf * outward), bound + outward * FAR]


def _interior(interval: Interval, parameter: Parameter) -> st.SearchStrategy[Any]:
    low = -FAR if math.isinf(interval.low) else interval.low
    high = FAR if math.isinf(interval.high) else interval.high
    if is_integer(parameter):
        return st.integers(int(low), int(high)).filter(lambda value: value in interval)
    return (
        st.floats(
            low, high, exclude_min=interval.low_open, exclude_max=interval.high_open, width=64
        )
        .map(lambda value: round(value, 6))
        .filter(lambda value: value in interval)
    )


def _accepted_inside(probe: Probe, *, clause: c.RangeClause) -> None:
    parameter = probe.edition.parameters(probe.model)[clause.parameter]
    interval = parameter.interval
    assert interval is not None
    _note_bounds(probe, parameter, interval)
    tried = 0

    def check(value: Any) -> None:
        nonlocal tried
        request = prepare(probe, **{parameter.name: value})
        if is_dearer(probe, request.body) or broken(probe, request):
            return
        tried += 1
        expected = f"{parameter.name} {written(value)} accepted, it lies in {interval}"
        probe.accepted(request.send(probe), expected)

    for value in inside(interval, parameter):
        check(value)
    probe.search(_interior(interval, parameter), check, examples=min(probe.session.examples, 4))
    if not tried:
        raise NotRun(f"no {parameter.name} could be tried: other clauses, or its cost, forbid it")


def _refused_outside(probe: Probe, *, clause: c.RangeClause, values: list[Any]) -> None:
    tried = 0
    for value in values:
        request = prepare(probe, **{clause.parameter: value})
        if is_dearer(probe, request.body):
            continue
        tried += 1
        what = f"{clause.parameter} {written(value)}"
        refuse_as(probe, request.send(probe), clause, control(probe, request.stream), what)
        if tried == 1 and can_stream(probe) and not request.stream:
            streamed = Prepared(request.body, stream=True)
            base = control(probe, stream=True)
            refuse_as(probe, streamed.send(probe), clause, base, f"{what} in a stream")
    if not tried:
        raise NotRun(f"a {clause.parameter} beyond its range could cost too much, if it was taken")


# ------------------------------------------------------------------------------- bounds


def _note_bounds(probe: Probe, parameter: Parameter, interval: Interval) -> None:
    """State the documented interval beside the one seen at the values around its ends."""
    low = _end(probe, parameter, interval, "low")
    high = _end(probe, parameter, interval, "high")
    probe.bound(parameter.name, str(interval), f"{low}, {high}")


def _end(probe: Probe, parameter: Parameter, interval: Interval, side: str) -> str:
    """One end of the observed interval, with its bracket; ``?`` where it was not found."""
    left, right = ("[", "") if side == "low" else ("", "]")
    beyond = (below if side == "low" else above)(interval, parameter)
    taken: list[float] = []
    for value in [*_within(interval, parameter, side), *beyond]:
        request = prepare(probe, **{parameter.name: value})
        if is_dearer(probe, request.body):
            return f"{left}?{right}"
        accepted = _is_accepted(probe, request.send(probe))
        if accepted is None:
            return f"{left}?{right}"
        if accepted:
            taken.append(value)
    if not taken:
        return f"{left}?{right}"
    found = min(taken) if side == "low" else max(taken)
    if beyond and all(value in taken for value in beyond):
        return f"{left}{written(found)} or beyond{right}"
    return f"{left}{written(found)}{right}"


def _is_accepted(probe: Probe, exchange: Exchange) -> bool | None:
    """Whether a request was accepted; None where that could not be told."""
    try:
        probe.accepted(exchange)
    except Violation:
        return False
    except Inconclusive:
        return None
    return True
