"""Parameters by value: their types, their choices, their forms and their defaults."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.failures import NotRun
from tokenassay.conformance.probe import Probe
from tokenassay.conformance.promises.making import promise
from tokenassay.conformance.promises.refusing import control, expect, laid, refuse_as
from tokenassay.conformance.promises.registry import Promise, builder
from tokenassay.conformance.promises.requests import (
    SAMPLE_TOOL,
    broken,
    is_dearer,
    prepare,
    without,
)
from tokenassay.conformance.promises.texts import written
from tokenassay.contracts import clauses as c
from tokenassay.contracts.edition import Edition

WRONG: dict[str, dict[str, list[Any]]] = {
    "number": {"string": ["1"], "boolean": [True], "array": [[1]]},
    "integer": {"number": [0.5], "string": ["1"], "boolean": [True]},
    "boolean": {"string": ["true"], "integer": [1], "object": [{"a": True}]},
    "string": {"integer": [3], "boolean": [True], "array": [["x"]]},
    "array": {"string": ["x"], "integer": [3], "object": [{"a": 1}]},
    "object": {"string": ["x"], "integer": [3], "array": [[1]]},
}
"""What is sent where a type is wanted: values of other types, the likeliest to pass first."""

FITTING: dict[str, tuple[str, ...]] = {"number": ("integer",)}
"""Types whose values are of another type too: 3 is a number."""


# ------------------------------------------------------------------------------- types


@builder("parameter")
def type_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A wrong type is refused; a required field is missed; null is taken where it may be."""
    assert isinstance(clause, c.ParameterClause)
    name = clause.parameter
    yield promise(
        clause,
        f"{name}_of_a_wrong_type_is_refused",
        _refused_type,
        title=f"{name} of another type than {' or '.join(clause.types)} is refused",
        cost=5,
    )
    if clause.required:
        yield promise(
            clause,
            f"missing_{name}_is_refused",
            _refused_missing,
            title=f"a request without {clause.at} is refused",
        )
    if "number" in clause.types:
        yield promise(
            clause,
            f"{name}_may_be_a_whole_number",
            _accepted_whole,
            title=f"{name}, a number, may be written without a decimal point",
        )
    if clause.nullable:
        yield promise(
            clause,
            f"{name}_null_is_accepted",
            _accepted_null,
            title=f"{name} null means the same as none",
        )


def wrong_values(types: tuple[str, ...]) -> list[Any]:
    """Values of JSON types that are none of these, nor pass for one of them."""
    taken = {*types, *(other for kind in types for other in FITTING.get(kind, ()))}
    wrong = WRONG.get(types[0], {})
    return [value for kind, values in wrong.items() if kind not in taken for value in values]


def _refused_type(probe: Probe, *, clause: c.ParameterClause) -> None:
    for value in wrong_values(clause.types):
        body = laid(probe.body(), clause.at, value)
        if clause.at == "input.prompt":
            body["input"].pop("messages", None)
        exchange = probe.send(body)
        expect(probe, exchange, clause, control(probe), f"{clause.at} {written(value)}")


def _refused_missing(probe: Probe, *, clause: c.ParameterClause) -> None:
    exchange = probe.send(without(probe.body(), clause.at))
    refuse_as(probe, exchange, clause, control(probe), f"a body without {clause.at}")


def _accepted_whole(probe: Probe, *, clause: c.ParameterClause) -> None:
    interval = probe.edition.parameters(probe.model)[clause.parameter].interval
    whole = next((n for n in (1, 0, 2) if interval is None or n in interval), None)
    if whole is None or (interval is None and clause.level != "must"):
        raise NotRun(f"no whole number lies in {interval}")
    accepted_value(probe, clause.parameter, whole)


def _accepted_null(probe: Probe, *, clause: c.ParameterClause) -> None:
    accepted_value(probe, clause.parameter, None)


def accepted_value(probe: Probe, name: str, value: Any) -> Exchange:
    """The answer to a request with one parameter, which has to be accepted.

    NotRun where the local rules know something against it.
    """
    request = prepare(probe, **{name: value})
    against = broken(probe, request)
    if against:
        raise NotRun(f"{name} {written(value)} goes against {against[0]} with this model")
    return probe.accepted(request.send(probe), f"{name} {written(value)} accepted")


# ------------------------------------------------------------------------------- defaults


@builder("default")
def default_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """The documented default, said out loud, is accepted like silence."""
    assert isinstance(clause, c.DefaultClause)
    value = clause.by_model.get(model, clause.value)
    parameter = edition.parameters(model).get(clause.parameter)
    if parameter is None or value is None or parameter.default_clause is not clause:
        return
    yield promise(
        clause,
        f"{clause.parameter}_default_is_accepted",
        _accepted_default,
        title=f"{clause.parameter} may be given as its default, {written(value)}",
        last=clause.parameter.startswith("max_"),
        value=value,
    )


def _accepted_default(probe: Probe, *, clause: c.DefaultClause, value: Any) -> None:
    if is_dearer(probe, prepare(probe, **{clause.parameter: value}).body):
        raise NotRun(f"{clause.parameter} {value} could cost more than a check is worth")
    accepted_value(probe, clause.parameter, value)


# ------------------------------------------------------------------------------- choices


@builder("choice")
def choice_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Each value of a choice is accepted, anything else is refused."""
    assert isinstance(clause, c.ChoiceClause)
    name = clause.parameter
    declared = edition.parameters(model).get(name)
    if declared is not None and declared.choice is not clause:
        return
    if name != "model":
        yield promise(
            clause,
            f"{name}_choices_are_accepted",
            _accepted_choices,
            title=f"{name} is accepted as each of {', '.join(map(written, clause.values))}",
            cost=len(clause.values),
        )
    yield promise(
        clause,
        f"{name}_outside_its_choices_is_refused",
        _refused_choice,
        title=f"{name} is refused when it is none of its documented values",
        cost=2,
    )


def _accepted_choices(probe: Probe, *, clause: c.ChoiceClause) -> None:
    tried = 0
    for value in clause.values:
        request = prepare(probe, **{clause.parameter: value})
        if broken(probe, request):
            continue
        tried += 1
        accepted_value(probe, clause.parameter, value)
    if not tried:
        raise NotRun(f"no value of {clause.parameter} goes with the rest for this model")


def _refused_choice(probe: Probe, *, clause: c.ChoiceClause) -> None:
    others: list[Any] = ["no-such-value", ""]
    if all(isinstance(value, bool) for value in clause.values):
        others = [value for value in (True, False) if value not in clause.values]
    for other in others:
        request = prepare(probe, breaking=clause.id, **{clause.parameter: other})
        body = laid(probe.body(), "model", other) if clause.parameter == "model" else request.body
        if clause.id not in broken(probe, request)[:1]:
            continue
        exchange = probe.send(body, stream=request.stream)
        base = control(probe, request.stream)
        refuse_as(probe, exchange, clause, base, f"{clause.parameter} {written(other)}")


# ------------------------------------------------------------------------------- forms

FORM_VALUES: dict[str, list[Any]] = {
    "string": ["zebra"],
    "string[]": [["zebra"], ["zebra", "quartz"]],
    "integer[]": [[108386], [108386, 103924]],
    "integer[][]": [[[108386, 103924]], [[108386], [35946, 101243]]],
    "object[]": [[SAMPLE_TOOL]],
}
MIXED: list[Any] = [["zebra", 108386], [108386, "zebra"], [[108386], "zebra"], [108386, [35946]]]


@builder("forms")
def forms_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Each documented form is accepted; a list of mixed elements is refused."""
    assert isinstance(clause, c.FormsClause)
    name = clause.parameter
    yield promise(
        clause,
        f"{name}_forms_are_accepted",
        _accepted_forms,
        title=f"{name} is accepted as {', '.join(clause.forms)}",
        cost=7,
    )
    if len(clause.forms) > 1:
        yield promise(
            clause,
            f"{name}_of_mixed_elements_is_refused",
            _refused_mixed,
            title=f"a {name} list that mixes kinds of elements is refused",
            cost=4,
        )


def _accepted_forms(probe: Probe, *, clause: c.FormsClause) -> None:
    for form in clause.forms:
        for value in FORM_VALUES[form]:
            accepted_value(probe, clause.parameter, value)


def _refused_mixed(probe: Probe, *, clause: c.FormsClause) -> None:
    for value in MIXED:
        exchange = probe.send(probe.body(**{clause.parameter: value}))
        refuse_as(probe, exchange, clause, control(probe), f"{clause.parameter} {written(value)}")


# ------------------------------------------------------------------------------- switches


@builder("behaviour:disables")
def disabled_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Values that switch a parameter off are accepted."""
    assert isinstance(clause, c.BehaviourClause)
    if clause.args["parameter"] in edition.parameters(model):
        yield promise(clause, f"{clause.args['parameter']}_can_be_switched_off", _disabled, cost=3)


def _disabled(probe: Probe, *, clause: c.BehaviourClause) -> None:
    values = list(clause.args.get("values", []))
    if "above" in clause.args:
        above = clause.args["above"]
        values += [above, above + 1, above * 10]
    for value in values:
        accepted_value(probe, clause.args["parameter"], value)


@builder("behaviour:guidance")
def guidance_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """Values that the documents advise against, or name as possible, and that are allowed."""
    assert isinstance(clause, c.BehaviourClause)
    name, values = clause.args.get("parameter"), clause.args.get("values")
    if name in edition.parameters(model) and values and clause.level != "unspecified":
        yield promise(clause, f"{name}_named_in_passing_is_accepted", _advised, cost=len(values))


def _advised(probe: Probe, *, clause: c.BehaviourClause) -> None:
    for value in clause.args["values"]:
        accepted_value(probe, clause.args["parameter"], value)


@builder("behaviour:silently_raised")
def raised_promises(edition: Edition, clause: c.Clause, model: str) -> Iterator[Promise]:
    """A value below the one it is raised to is taken all the same."""
    assert isinstance(clause, c.BehaviourClause)
    name = clause.args["parameter"]
    if name in edition.parameters(model):
        yield promise(clause, f"{name}_that_is_raised_is_accepted", _raised, cost=2)


def _raised(probe: Probe, *, clause: c.BehaviourClause) -> None:
    lowest = clause.args["minimum"]
    for value in (lowest / 2, lowest):
        accepted_value(probe, clause.args["parameter"], value)
