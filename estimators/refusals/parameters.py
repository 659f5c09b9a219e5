"""Clauses on single values, parameters above all: presence, type, range, choice and form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from tokenassay.contracts import clauses as c
from tokenassay.contracts.edition import Edition
from tokenassay.contracts.intervals import Interval
from tokenassay.estimators.refusals.faults import (
    ValueTest,
    choice_test,
    forms_test,
    range_test,
    type_test,
)
from tokenassay.estimators.refusals.places import MISSING, Place, find, path_to, read_place, walk
from tokenassay.estimators.refusals.refusal import Breach, Case, Check, Finding, special_first

_NOTHING: Final[tuple[Any, ...]] = ()


class ValueRules:
    """All that an edition holds one place to; ``judge`` says which clauses a value breaks."""

    def __init__(self, place: Place, declared: Sequence[c.ParameterClause]) -> None:
        self.place = place
        self.required = tuple(one for one in declared if one.required and not one.nullable)
        self.doubted = tuple(one for one in declared if one.level == "unspecified")
        self.types = tuple(
            ValueTest(one, type_test(one)) for one in declared if one.level != "unspecified"
        )
        self.tests: tuple[ValueTest, ...] = ()
        said = any(one.nullable or "null" in one.types for one in declared)
        self.null_is_open = bool(self.types) and not said and not self.required
        """Whether no document says what an explicit null means here."""

    def accepts(self, value: Any) -> bool:
        """Whether ``value`` breaks no clause that an endpoint is held to."""
        return all(clause.level == "unspecified" for clause, _ in self.judge("", value))

    def judge(self, at: str, value: Any) -> Iterable[Finding]:
        """What ``value`` at the path ``at`` breaks. Null counts as absent, as far as it may."""
        if value is None or value is MISSING:
            return self._judge_absence(at, value) if self.required else _NOTHING
        for one in self.types:
            if one.test(value) is not None:
                return self._faults(self.types, at, value)
        for one in self.tests:
            if one.test(value) is not None:
                return [*self._faults(self.tests, at, value), *self._doubts(at)]
        return self._doubts(at) if self.doubted else _NOTHING

    def _judge_absence(self, at: str, value: Any) -> Iterator[Finding]:
        why = f"{at} is required and {'missing' if value is MISSING else 'null'}"
        for clause in self.required:
            yield clause, Breach(at, why)

    def _doubts(self, at: str) -> Iterator[Finding]:
        for clause in self.doubted:
            yield clause, Breach(at, f"{at} is given")

    def _faults(self, tests: tuple[ValueTest, ...], at: str, value: Any) -> Iterator[Finding]:
        for clause, test in tests:
            fault = test(value)
            if fault is not None:
                yield clause, Breach(at, f"{at} {fault.why}", fault.values, fault.message)


def compile_values(edition: Edition, model: str | None) -> list[ValueRules]:
    """Rules for every place that the edition's clauses on single values name, in their order."""
    declared: dict[str, list[c.ParameterClause]] = {}
    for clause in edition.of_kind(c.ParameterClause, model):
        declared.setdefault(clause.parameter, []).append(clause)
    tests: dict[str, list[ValueTest]] = {}
    for kind in (c.RangeClause, c.ChoiceClause, c.FormsClause):
        for clause in special_first(edition.of_kind(kind, model), lambda x: x.parameter):
            types = declared.get(clause.parameter, [])
            for test in _tests(clause, types, model):
                tests.setdefault(clause.parameter, []).append(test)
    found = []
    for name in [*declared, *(name for name in tests if name not in declared)]:
        clauses = _in_force(declared.get(name, []))
        rules = ValueRules(read_place(clauses[0].at if clauses else name), clauses)
        rules.tests = tuple(tests.get(name, ()))
        found.append(rules)
    return found


def _in_force(declared: list[c.ParameterClause]) -> list[c.ParameterClause]:
    """Declarations for certain models displace the general one; an open question does not."""
    firm = special_first((d for d in declared if d.level != "unspecified"), lambda x: x.parameter)
    return [*firm, *(d for d in declared if d.level == "unspecified")]


def _tests(
    clause: c.RangeClause | c.ChoiceClause | c.FormsClause,
    declared: list[c.ParameterClause],
    model: str | None,
) -> Iterator[ValueTest]:
    if isinstance(clause, c.RangeClause):
        interval = clause.by_model.get(model or "", clause.interval)
        if interval is not None:
            test = range_test(Interval.parse(interval), clause.message_above)
            yield ValueTest(clause, test)
    elif isinstance(clause, c.ChoiceClause):
        types = tuple(one for d in declared for one in d.types)
        yield ValueTest(clause, choice_test(clause, types))
    else:
        yield ValueTest(clause, forms_test(clause))


def check_places(values: Iterable[ValueRules]) -> Check:
    """The rules of any places, looked up in the request one after the other."""
    listed = list(values)

    def check(case: Case) -> Iterator[Finding]:
        for rules in listed:
            for at, value in find(case.request, rules.place):
                yield from rules.judge(at, value)

    return check


def check_parameters(values: Iterable[ValueRules]) -> Check:
    """The rules of parameters: those present, and the required ones that are not."""
    listed = list(values)
    whole: dict[str, list[ValueRules]] = {}
    parts: dict[str, list[ValueRules]] = {}
    for rules in listed:
        (parts if rules.place.steps else whole).setdefault(rules.place.head, []).append(rules)
    required = [v for v in listed if v.required and not v.place.steps]

    def check(case: Case) -> Iterable[Finding]:
        request = case.request
        found: list[Finding] = []
        for name, value in request.parameters.items():
            for rules in whole.get(name, ()):
                found += rules.judge(path_to(request.surface, name), value)
            for rules in parts.get(name, ()):
                for at, part in walk(value, rules.place.steps, path_to(request.surface, name)):
                    found += rules.judge(at, part)
        for rules in required:
            name = rules.place.head
            if name not in request.parameters:
                found += rules.judge(path_to(request.surface, name), MISSING)
        return found

    return check
