"""Parameters: their types, ranges, choices, forms and defaults, bound by bound."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from functools import partial
from typing import Any

from hypothesis import strategies as st

from tokenassay.conformance.failures import Inconclusive, Violation
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.registry import Promise, builder
from tokenassay.conformance.promises.requests import Prepared, control, prepare, without
from tokenassay.contracts import clauses as c
from tokenassay.contracts.edition import Edition, Parameter
from tokenassay.contracts.intervals import Interval

FAR = 1_000_000
"""How far beyond a bound "far outside" is tried."""

_WRONG: dict[str, Any] = {"string": "x", "array": [1], "object": {"a": 1}}
"""A value of each type that nothing takes for a number or a boolean."""


# ------------------------------------------------------------------------------- ranges


@builder("range")
def range_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """In range is accepted; below and above are refused; the observed bounds are noted."""
    assert isinstance(clause, c.RangeClause)
    parameter = edition.parameters(model).get(clause.parameter)
    if parameter is None or parameter.interval is None or parameter.range_clause is not clause:
        return
    name, interval = parameter.name, parameter.interval
    common = {"family": clause.family, "clause": clause.id, "level": clause.level}
    costly = name in ("max_tokens", "max_completion_tokens")
    yield Promise(
        id=f"{name}_in_its_range_is_accepted",
        title=f"{name} is accepted all over {interval}",
        check=partial(_accepted_inside, clause=clause),
        last=costly,
        cost=16,
        **common,  # type: ignore[arg-type]
    )
    sides = {"below": below(interval, parameter), "above": above(interval, parameter)}
    for side, beyond in sides.items():
        if beyond:
            yield Promise(
                id=f"{name}_{side}_its_range_is_refused",
                title=f"{name} {side} {interval} is refused",
                check=partial(_refused_outside, clause=clause, values=beyond),
                last=costly and side == "above",
                cost=4,
                **common,  # type: ignore[arg-type]
            )


def is_integer(parameter: Parameter) -> bool:
    """Whether only whole numbers are of the parameter's type."""
    return "number" not in parameter.declared.types


def inside(interval: Interval, parameter: Parameter) -> list[Any]:
    """Values at the very ends that an interval still holds, ends first."""
    whole = is_integer(parameter)
    values: list[Any] = []
    for bound, open_end, inward in (
        (interval.low, interval.low_open, 1),
        (interval.high, interval.high_open, -1),
    ):
        if math.isinf(bound):
            values.append(FAR)
            continue
        if whole:
            values += [int(bound) + inward] if open_end else [int(bound), int(bound) + inward]
        else:
            near = math.nextafter(bound, math.inf * inward)
            values += [near] if open_end else [bound, near]
    return [value for value in dict.fromkeys(values) if value in interval]


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
    return [*at, math.nextafter(bound, math.inf * outward), bound + outward, bound + outward * FAR]


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

    def check(value: Any) -> None:
        expected = f"{parameter.name} {written(value)} accepted, it lies in {interval}"
        probe.accepted(_request(probe, parameter.name, value).send(probe), expected)

    for value in inside(interval, parameter):
        check(value)
    probe.search(_interior(interval, parameter), check, examples=min(probe.session.examples, 8))


def _refused_outside(probe: Probe, *, clause: c.RangeClause, values: list[Any]) -> None:
    for value in values:
        request = _request(probe, clause.parameter, value)
        if probe.too_dear(request.body):
            continue
        base = control(probe, request.stream)
        exchange = request.send(probe)
        try:
            probe.refused(exchange, clause, control=base)
        except Violation as violation:
            raise Violation(
                f"{clause.parameter} {written(value)}: {violation.expected}",
                violation.observed,
                violation.exchange,
            ) from None


def _note_bounds(probe: Probe, parameter: Parameter, interval: Interval) -> None:
    """State the documented interval beside the one seen at the values around its ends."""
    low = _end(probe, parameter, inside(interval, parameter), below(interval, parameter), "low")
    high = _end(probe, parameter, inside(interval, parameter), above(interval, parameter), "high")
    probe.bound(parameter.name, str(interval), f"{low}, {high}")


def _end(
    probe: Probe, parameter: Parameter, within: list[Any], beyond: list[Any], side: str
) -> str:
    """One end of the observed interval, with its bracket; ``?`` where it was not found."""
    taken: list[float] = []
    middle = len(within) // 2
    near = within[:middle] if side == "low" else within[middle:]
    for value in [*near, *beyond]:
        request = _request(probe, parameter.name, value)
        if probe.too_dear(request.body):
            continue
        try:
            probe.accepted(request.send(probe))
        except Violation:
            continue
        except Inconclusive:
            return "?"
        taken.append(value)
    left, right = ("[", "") if side == "low" else ("", "]")
    if not taken:
        return f"{left}?{right}"
    found = min(taken) if side == "low" else max(taken)
    refused_any = any(value not in taken for value in beyond)
    if beyond and not refused_any:
        return f"{left}{written(found)} or beyond{right}"
    return f"{left}{written(found)}{right}"


def _request(probe: Probe, name: str, value: Any) -> Prepared:
    return prepare(probe, **{name: value})


def written(value: Any) -> str:
    """A value as JSON writes it, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."


# ------------------------------------------------------------------------------- types


@builder("parameter")
def type_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A wrong type is refused; a required field is missed; null is taken where it may be."""
    assert isinstance(clause, c.ParameterClause)
    name = clause.parameter
    common = {"family": clause.family, "clause": clause.id, "level": clause.level}
    yield Promise(
        id=f"{name}_of_a_wrong_type_is_refused",
        title=f"{name} of another type than {' or '.join(clause.types)} is refused",
        check=partial(_refused_type, clause=clause),
        cost=3,
        **common,  # type: ignore[arg-type]
    )
    if clause.required:
        yield Promise(
            id=f"missing_{name}_is_refused",
            title=f"a request without {clause.at} is refused",
            check=partial(_refused_missing, clause=clause),
            **common,  # type: ignore[arg-type]
        )
    if clause.nullable:
        yield Promise(
            id=f"{name}_null_is_accepted",
            title=f"{name} null means the same as none",
            check=partial(_accepted_value, clause=clause, value=None),
            **common,  # type: ignore[arg-type]
        )


def _refused_type(probe: Probe, *, clause: c.ParameterClause) -> None:
    wrong = [
        value
        for kind, value in _WRONG.items()
        if kind not in clause.types and not (kind == "array" and "array" in clause.types)
    ]
    for value in wrong:
        body = probe.body()
        base = control(probe)
        *path, last = clause.at.split(".")
        at: Any = body
        for step in path:
            at = at.setdefault(step, {})
        at[last] = value
        if clause.at == "input.prompt":
            body["input"].pop("messages", None)
        exchange = probe.send(body)
        try:
            probe.refused(exchange, clause, control=base)
        except Violation as violation:
            raise Violation(
                f"{clause.at} {written(value)}: {violation.expected}",
                violation.observed,
                violation.exchange,
            ) from None


def _refused_missing(probe: Probe, *, clause: c.ParameterClause) -> None:
    exchange = probe.send(without(probe.body(), clause.at))
    probe.refused(exchange, clause, control=control(probe))


def _accepted_value(probe: Probe, *, clause: c.ClauseBase, value: Any) -> None:
    name = getattr(clause, "parameter")  # noqa: B009 - any clause about one parameter
    exchange = _request(probe, name, value).send(probe)
    probe.accepted(exchange, f"{name} {written(value)} accepted")


# ------------------------------------------------------------------------------- defaults


@builder("default")
def default_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """The documented default, said out loud, is accepted like silence."""
    assert isinstance(clause, c.DefaultClause)
    value = clause.by_model.get(model, clause.value)
    parameter = edition.parameters(model).get(clause.parameter)
    if parameter is None or value is None or not parameter.declared.at.startswith(_places(edition)):
        return
    yield Promise(
        id=f"{clause.parameter}_default_is_accepted",
        title=f"{clause.parameter} may be given as its default, {written(value)}",
        family=clause.family,
        clause=clause.id,
        level=clause.level,
        check=partial(_accepted_value, clause=clause, value=value),
        last=clause.parameter in ("max_tokens", "max_completion_tokens"),
    )


def _places(edition: Edition) -> str:
    return "parameters." if edition.surface == "native" else ""


# ------------------------------------------------------------------------------- choices


@builder("choice")
def choice_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Each value of a choice is accepted, anything else is refused."""
    assert isinstance(clause, c.ChoiceClause)
    name = clause.parameter
    common = {"family": clause.family, "clause": clause.id, "level": clause.level}
    if name != "model":
        yield Promise(
            id=f"{name}_choices_are_accepted",
            title=f"{name} is accepted as each of {', '.join(map(written, clause.values))}",
            check=partial(_accepted_choices, clause=clause),
            cost=len(clause.values),
            **common,  # type: ignore[arg-type]
        )
    yield Promise(
        id=f"{name}_outside_its_choices_is_refused",
        title=f"{name} is refused when it is none of its documented values",
        check=partial(_refused_choice, clause=clause),
        **common,  # type: ignore[arg-type]
    )


def _accepted_choices(probe: Probe, *, clause: c.ChoiceClause) -> None:
    for value in clause.values:
        _accepted_value(probe, clause=clause, value=value)


def _refused_choice(probe: Probe, *, clause: c.ChoiceClause) -> None:
    other = "no-such-value"
    if clause.parameter == "model":
        body = {**probe.body(), "model": other}
        exchange = probe.send(body)
    else:
        wrong: dict[str, Any] = {clause.parameter: other}
        exchange = probe.send(probe.body(**wrong))
    probe.refused(exchange, clause, control=control(probe))


# ------------------------------------------------------------------------------- forms

_FORM_VALUES: dict[str, list[Any]] = {
    "string": ["zebra"],
    "string[]": [["zebra"], ["zebra", "quartz"]],
    "integer[]": [[108386]],
    "integer[][]": [[[108386, 103924]], [[108386], [35946, 101243]]],
}
_MIXED: list[Any] = [["zebra", 108386], [[108386], "zebra"], [108386, [35946]]]


@builder("forms")
def forms_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Each documented form is accepted; a list of mixed elements is refused."""
    assert isinstance(clause, c.FormsClause)
    name = clause.parameter
    common = {"family": clause.family, "clause": clause.id, "level": clause.level}
    yield Promise(
        id=f"{name}_forms_are_accepted",
        title=f"{name} is accepted as {', '.join(clause.forms)}",
        check=partial(_accepted_forms, clause=clause),
        cost=6,
        **common,  # type: ignore[arg-type]
    )
    if len(clause.forms) > 1:
        yield Promise(
            id=f"{name}_of_mixed_elements_is_refused",
            title=f"a {name} list that mixes kinds of elements is refused",
            check=partial(_refused_mixed, clause=clause),
            cost=3,
            **common,  # type: ignore[arg-type]
        )


def _accepted_forms(probe: Probe, *, clause: c.FormsClause) -> None:
    for form in clause.forms:
        for value in _FORM_VALUES[form]:
            _accepted_value(probe, clause=clause, value=value)


def _refused_mixed(probe: Probe, *, clause: c.FormsClause) -> None:
    for value in _MIXED:
        exchange = probe.send(probe.body(**{clause.parameter: value}))
        try:
            probe.refused(exchange, clause, control=control(probe))
        except Violation as violation:
            raise Violation(
                f"{clause.parameter} {written(value)}: {violation.expected}",
                violation.observed,
                violation.exchange,
            ) from None
