"""What a request's author may want to know although no endpoint is held to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeGuard

from tokenassay.contracts import clauses as c
from tokenassay.contracts.edition import Edition
from tokenassay.estimators.refusals.ground import Ground
from tokenassay.estimators.refusals.limits import undecided_notes
from tokenassay.estimators.refusals.parameters import ValueRules
from tokenassay.estimators.refusals.places import CONTAINERS, MISSING, find, read_place
from tokenassay.estimators.refusals.refusal import Case, Finding
from tokenassay.estimators.refusals.values import same, shown

_ADVICE = ("guidance", "disables", "silently_raised")
"""Behaviours whose ``args`` name a parameter and the values that they speak of."""

_MOST_NAMES = 5
"""Names that one note lists."""


class Notes:
    """The notes of one edition for one model."""

    def __init__(
        self,
        edition: Edition,
        model: str | None,
        values: list[ValueRules],
        limits: list[c.LimitClause],
        ground: Ground,
    ) -> None:
        self._edition, self._values, self._limits, self._ground = edition, values, limits, ground
        self._advice = [
            clause
            for clause in edition.of_kind(c.BehaviourClause, model)
            if clause.behaviour in _ADVICE and clause.level != "unspecified"
        ]
        self._model_is_judged = bool(edition.behaviour("models_served", model)) or any(
            clause.parameter == "model" for clause in edition.of_kind(c.ChoiceClause, model)
        )
        self._known = frozenset(_documented_heads(edition, model))

    def of(self, case: Case, findings: Iterable[Finding]) -> Iterator[str]:
        """Open questions among the findings first, then the rest; each is one line."""
        for clause, breach in findings:
            if clause.level == "unspecified":
                readings = "; ".join(reading.rstrip(".") for reading in clause.readings)
                reason = f" ({readings})" if readings else ""
                yield f"{breach.why}: the documents leave this open{reason}"
        yield from undecided_notes(self._limits, self._ground, case)
        for clause in self._advice:
            if _speaks_of(clause, case):
                yield clause.text
        yield from self._on_nulls(case)
        yield from self._on_the_unknown(case)

    def _on_nulls(self, case: Case) -> Iterator[str]:
        for rules in self._values:
            if rules.null_is_open:
                for at, value in find(case.request, rules.place):
                    if value is None:
                        yield f"{at} is null: no document says whether that is the same as absent"

    def _on_the_unknown(self, case: Case) -> Iterator[str]:
        edition, request = self._edition, case.request
        unknown = [name for name in request.parameters if name not in self._known]
        if request.surface == "native" and edition.surface == "native":
            frame = ("model", *CONTAINERS)
            unknown += [name for name in request.body if name not in frame]
        if unknown:
            names = ", ".join(shown(name) for name in unknown[:_MOST_NAMES])
            more = len(unknown) - _MOST_NAMES
            rest = f" and {more} more" if more > 0 else ""
            yield f"{edition.id} does not document {names}{rest}"
        judged = self._model_is_judged or not edition.models
        if not judged and case.model and not edition.serves(case.model):
            yield f"{edition.id} does not name the model {shown(case.model)}"


def _documented_heads(edition: Edition, model: str | None) -> Iterator[str]:
    for declared in edition.of_kind(c.ParameterClause, model):
        yield read_place(declared.at).head
    for text in edition.of_kind(c.TextClause, model):
        yield read_place(text.at).head
    abouts: tuple[c.RangeClause | c.ChoiceClause | c.FormsClause | c.DefaultClause, ...] = (
        *edition.of_kind(c.RangeClause, model),
        *edition.of_kind(c.ChoiceClause, model),
        *edition.of_kind(c.FormsClause, model),
        *edition.of_kind(c.DefaultClause, model),
    )
    for about in abouts:
        yield read_place(about.parameter).head
    for combined in edition.of_kind(c.CombinationClause, model):
        for name in (*combined.when, *combined.then):
            yield read_place(name).head


def _speaks_of(clause: c.BehaviourClause, case: Case) -> bool:
    """Whether the request carries a value that the advice is about; null is never one."""
    parameter = clause.args.get("parameter")
    if not isinstance(parameter, str):
        return False
    for _, value in find(case.request, read_place(parameter)):
        if value is not MISSING and value is not None and _is_meant(clause.args, value):
            return True
    return False


def _is_meant(args: dict[str, Any], value: object) -> bool:
    values = args.get("values")
    if isinstance(values, list) and any(same(value, one) for one in values):
        return True
    above, below = args.get("above"), args.get("minimum")
    return _is_number(value) and (
        (_is_number(above) and value > above) or (_is_number(below) and value < below)
    )


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
