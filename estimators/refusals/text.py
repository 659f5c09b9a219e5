"""Clauses on strings inside a body, such as the names of tools: pattern, length, exceptions."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from tokenassay.contracts.clauses import TextClause
from tokenassay.estimators.refusals.faults import Fault
from tokenassay.estimators.refusals.places import MISSING, Place, find, read_place
from tokenassay.estimators.refusals.refusal import Breach, Case, Check, Finding
from tokenassay.estimators.refusals.values import shown, written


def compile_text(clause: TextClause, declared: Collection[Place]) -> Check:
    """The strings of a request that break one text clause; absent and null ones don't.

    Of a value that is no string the clause on its type speaks, if its place is ``declared``.
    """
    place = read_place(clause.at)
    typed_elsewhere = place in declared
    test = text_test(clause)
    head = place.head if place.is_parameter else None

    def check(case: Case) -> Iterable[Finding]:
        if head is not None and head not in case.request.parameters:
            return ()
        return judge(case)

    def judge(case: Case) -> Iterator[Finding]:
        for at, value in find(case.request, place):
            if value is MISSING or value is None:
                continue
            if typed_elsewhere and not isinstance(value, str):
                continue
            fault = test(value)
            if fault is not None:
                yield clause, Breach(at, f"{at} {fault.why}", fault.values)

    return check


def text_test(clause: TextClause) -> Callable[[Any], Fault | None]:
    """What is wrong with one value, which has to be a string."""
    pattern = re.compile(clause.pattern) if clause.pattern is not None else None
    low, high, unit = clause.min_length, clause.max_length, clause.unit
    measure = _MEASURES[unit]

    def complain(value: Any, why: str) -> Fault:
        values: dict[str, object] = {"value": written(value), "type": written(value)}
        return Fault(why, values if high is None else {**values, "max": high})

    def test(value: Any) -> Fault | None:
        if not isinstance(value, str):
            return complain(value, f"is {shown(value)}, not a string")
        if value in clause.forbidden:
            return complain(value, f"is {shown(value)}, which is not allowed")
        if pattern is not None and pattern.fullmatch(value) is None:
            return complain(value, f"is {shown(value)}, which does not fit {clause.pattern}")
        if low is None and high is None:
            return None
        length = measure(value)
        if low is not None and length < low:
            return complain(value, f"has {length} {unit}, fewer than {low}")
        if high is not None and length > high:
            return complain(value, f"has {length} {unit}, more than {high}")
        return None

    return test


def _count_bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _count_tokens(text: str) -> int:
    from tokenassay.estimators.tokens import count_tokens  # loads the vocabulary, if needed at all

    return count_tokens(text)


_MEASURES: dict[str, Callable[[str], int]] = {
    "characters": len,
    "bytes": _count_bytes,
    "tokens": _count_tokens,
}
