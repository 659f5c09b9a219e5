"""What clauses ask of one value: its type, range, choice and form, each as a small test."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from tokenassay.contracts.clauses import (
    ChoiceClause,
    ClauseBase,
    Form,
    FormsClause,
    JsonType,
    ParameterClause,
)
from tokenassay.contracts.intervals import Interval
from tokenassay.estimators.refusals.values import (
    WORDS,
    either,
    fits,
    json_type,
    same,
    shown,
    written,
)


class Fault(NamedTuple):
    """What is wrong with a value, as the end of a sentence that begins with its place."""

    why: str
    values: Mapping[str, object]
    message: str | None = None
    """Message pattern in place of the clause's own."""


Test = Callable[[Any], Fault | None]
"""A value that is present and not null, to what is wrong with it."""


class ValueTest(NamedTuple):
    """A clause about one value, made executable."""

    clause: ClauseBase
    test: Test


def type_test(clause: ParameterClause) -> Test:
    """Whether the value has one of the documented JSON types."""
    types = clause.types
    wanted = either(WORDS[one] for one in types)
    classes = frozenset(
        kind for one in types for kind in _CLASSES[one]
    )  # the common answer in one look-up; subclasses and mappings take the long way

    def test(value: Any) -> Fault | None:
        if value.__class__ in classes or fits(value, types):
            return None
        found = json_type(value)
        kind = WORDS[found] if found else "no JSON value"
        told = "" if isinstance(value, list | tuple | Mapping) else f" ({kind})"
        return Fault(
            f"is {shown(value)}{told}, but is documented as {wanted}",
            {"value": written(value), "type": kind},
        )

    return test


_CLASSES: Final[dict[JsonType, tuple[type, ...]]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "array": (list, tuple),
    "object": (dict,),
    "null": (type(None),),
}


def range_test(interval: Interval, message_above: str | None = None) -> Test:
    """Whether a number lies in the interval; whatever is no number is the type test's."""
    low, high = interval.low, interval.high
    low_open, high_open = interval.low_open, interval.high_open
    bounds = {"min": low, "max": high, "interval": interval}
    finite = {name: bound for name, bound in bounds.items() if bound not in (-math.inf, math.inf)}

    def test(value: Any) -> Fault | None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        if (low < value or (value == low and not low_open)) and (
            value < high or (value == high and not high_open)
        ):
            return None
        return Fault(
            f"is {shown(value)}, outside {interval}",
            {**finite, "value": written(value)},
            message_above if value >= high else None,
        )

    return test


def choice_test(clause: ChoiceClause, declared: tuple[JsonType, ...]) -> Test:
    """Whether the value is one of those listed.

    A value of a declared type that no listed value has is not the list's matter: where
    ``tool_choice`` may be an object, a list of strings says nothing about objects.
    """
    listed = clause.values
    spoken_of = {json_type(value) for value in listed}
    words = either(shown(value) for value in listed)

    def test(value: Any) -> Fault | None:
        if any(same(value, one) for one in listed):
            return None
        if json_type(value) not in spoken_of and fits(value, declared):
            return None
        return Fault(
            f"is {shown(value)}, but the documents list {words}",
            {"value": written(value), "type": written(value), "values": words},
        )

    return test


def forms_test(clause: FormsClause) -> Test:
    """Whether the value takes one of the forms; a list of mixed elements takes none."""
    forms = clause.forms
    words = ", ".join(forms)

    def test(value: Any) -> Fault | None:
        if any(_takes(value, form) for form in forms):
            return None
        mixed = isinstance(value, list | tuple) and len({json_type(v) for v in value}) > 1
        what = "a list of mixed types" if mixed else shown(value)
        takes = "the forms" if len(forms) > 1 else "the form"
        return Fault(
            f"is {what}, but takes {takes} {words} only",
            {"value": written(value), "values": words},
        )

    return test


def _takes(value: Any, form: Form) -> bool:
    if form == "string":
        return isinstance(value, str)
    if not isinstance(value, list | tuple):
        return False
    if form == "integer[][]":
        return all(_takes(item, "integer[]") for item in value)
    wanted = form.removesuffix("[]")
    return all(json_type(item) == wanted for item in value)
