"""Lies made from an edition's own figures: each end of each range, and each limit.

Their names follow from the clause: ``accepts_temperature_at_high`` takes the open end,
``refuses_temperature_at_low`` refuses the closed one, ``accepts_temperature_above_high`` takes
what lies beyond, ``refuses_temperature_near_high`` refuses legal values close to the end, and
``clamps_temperature`` puts the nearest legal value in place of an illegal one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, Literal

from tokenassay.conformance.mock.call import Call
from tokenassay.conformance.mock.lies.registry import Lie, Probe
from tokenassay.conformance.mock.lies.tricks import refusal_by
from tokenassay.conformance.mock.stages import Hook, Hooks
from tokenassay.contracts.clauses import LimitClause, ParameterClause, RangeClause
from tokenassay.contracts.edition import Edition
from tokenassay.contracts.intervals import Bound, Interval
from tokenassay.estimators.refusals import Refusal

End = Literal["low", "high"]
Test = Callable[[Bound, Interval], bool]

_ENDS: tuple[End, ...] = ("low", "high")
_NEAR = 0.1
"""Part of the range that counts as near its end."""


def range_lies(edition: Edition) -> tuple[Lie, ...]:
    """The lies about an edition's ranges and limits that it holds an endpoint to."""
    ranges = {
        clause.parameter: clause
        for clause in edition.of_kind(RangeClause)
        if clause.level != "unspecified"
    }
    limits = {
        clause.quantity: clause
        for clause in edition.of_kind(LimitClause)
        if clause.level != "unspecified" and clause.quantity in _JUDGED
    }
    if "input_tokens" in limits:
        limits.pop("context_tokens", None)  # the input alone is held to less
    return (
        *(lie for clause in ranges.values() for lie in _of_range(edition, clause)),
        *(lie for clause in limits.values() for lie in _of_limit(edition, clause)),
    )


# --------------------------------------------------------------------------------- ranges


def _of_range(edition: Edition, clause: RangeClause) -> Iterator[Lie]:
    name = clause.parameter
    model, written = next(iter(clause.by_model.items()), (None, clause.interval))
    interval = Interval.parse(written) if written is not None else None
    if interval is None:
        return
    whole = _is_integer(edition, name)
    for end in _ENDS:
        bound = bound_of(interval, end)
        if isinstance(bound, float) and math.isinf(bound):
            continue
        outward = -1 if end == "low" else 1
        beyond = bound + outward
        side = "below" if end == "low" else "above"
        if getattr(interval, f"{end}_open"):
            yield _accepting(
                clause,
                f"accepts_{name}_at_{end}",
                f"{name} {bound} is taken.",
                _at(end),
                Probe({name: bound}, model=model),
            )
        else:
            yield _refusing(
                clause,
                f"refuses_{name}_at_{end}",
                f"{name} {bound} is refused.",
                _at(end),
                Probe({name: bound}, model=model),
            )
        yield _accepting(
            clause,
            f"accepts_{name}_{side}_{end}",
            f"{name} {side} {bound} is taken.",
            _below if end == "low" else _above,
            Probe({name: beyond}, model=model),
        )
        inner = _inner(interval, end, whole)
        if inner is not None:
            yield _refusing(
                clause,
                f"refuses_{name}_near_{end}",
                f"{name} close to {bound}, but within the range, is refused.",
                _near(end),
                Probe({name: inner}, model=model),
            )
    yield _clamping(clause, name, interval, model)


def _accepting(clause: RangeClause, lie: str, summary: str, test: Test, probe: Probe) -> Lie:
    def judge(call: Call, refusals: tuple[Refusal, ...]) -> tuple[Refusal, ...]:
        found = _placed(call, clause)
        if found is None or not test(*found):
            return refusals
        return tuple(refusal for refusal in refusals if refusal.clause != clause.id)

    return Lie(lie, clause.family, summary, (clause.id,), Hooks(judge=judge), probe=probe)


def _refusing(clause: RangeClause, lie: str, summary: str, test: Test, probe: Probe) -> Lie:
    def judge(call: Call, refusals: tuple[Refusal, ...]) -> tuple[Refusal, ...]:
        found = _placed(call, clause)
        if found is None or not test(*found):
            return refusals
        value, interval = found
        refusal = refusal_by(call, clause, f"{clause.parameter} is {value}", interval)
        return (refusal, *refusals)

    return Lie(lie, clause.family, summary, (clause.id,), Hooks(judge=judge), probe=probe)


def _clamping(clause: RangeClause, name: str, interval: Interval, model: str | None) -> Lie:
    def judge(call: Call, refusals: tuple[Refusal, ...]) -> tuple[Refusal, ...]:
        return tuple(refusal for refusal in refusals if refusal.clause != clause.id)

    def adjust(call: Call, given: dict[str, Any]) -> dict[str, Any]:
        found = _placed(call, clause)
        if found is None:
            return given
        value, allowed = found
        return {**given, name: min(max(value, allowed.low), allowed.high)}

    far = interval.high if math.isfinite(interval.high) else interval.low
    step = 1 if math.isfinite(interval.high) else -1
    return Lie(
        f"clamps_{name}",
        clause.family,
        f"A {name} outside of its range is moved to the nearest end without a word.",
        (clause.id,),
        Hooks(judge=judge, adjust=adjust),
        probe=Probe({name: far + step}, model=model),
    )


def _placed(call: Call, clause: RangeClause) -> tuple[Bound, Interval] | None:
    """The number that was sent, and the interval for the model; None where there isn't both."""
    value = call.request.parameters.get(clause.parameter) if call.request else None
    written = clause.by_model.get(call.model, clause.interval)
    if isinstance(value, bool) or not isinstance(value, int | float) or written is None:
        return None
    return value, Interval.parse(written)


def bound_of(interval: Interval, end: End) -> Bound:
    """The bound at one end."""
    return interval.low if end == "low" else interval.high


def _at(end: End) -> Test:
    return lambda value, interval: value == bound_of(interval, end)


def _below(value: Bound, interval: Interval) -> bool:
    return value < interval.low


def _above(value: Bound, interval: Interval) -> bool:
    return value > interval.high


def _near(end: End) -> Test:
    def test(value: Bound, interval: Interval) -> bool:
        if value not in interval or value in (interval.low, interval.high):
            return False
        width = interval.high - interval.low
        reach = width * _NEAR if math.isfinite(width) else 1
        return abs(bound_of(interval, end) - value) <= reach

    return test


def _inner(interval: Interval, end: End, whole: bool) -> Bound | None:
    """A legal value near one end, but not on it; None where the range has none."""
    bound = bound_of(interval, end)
    inward = 1 if end == "low" else -1
    width = interval.high - interval.low
    value: Bound = bound + inward if whole else bound + inward * min(width, 1) * _NEAR / 2
    return value if _near(end)(value, interval) else None


def _is_integer(edition: Edition, name: str) -> bool:
    return any(
        clause.parameter == name and "integer" in clause.types and "number" not in clause.types
        for clause in edition.clauses
        if isinstance(clause, ParameterClause)
    )


# --------------------------------------------------------------------------------- limits

_JUDGED = ("input_tokens", "context_tokens", "message_tokens", "files_per_request", "tools")
"""Quantities that a request alone can pass; files and batches have lies of their own."""
_WRITABLE = 100_000
"""Tokens of the longest message that a probe writes out."""


def _of_limit(edition: Edition, clause: LimitClause) -> Iterator[Lie]:
    def judge(call: Call, refusals: tuple[Refusal, ...]) -> tuple[Refusal, ...]:
        return tuple(refusal for refusal in refusals if refusal.clause != clause.id)

    yield Lie(
        f"ignores_limit_of_{clause.quantity}",
        clause.family,
        f"The limit on {clause.quantity.replace('_', ' ')} is not held.",
        (clause.id,),
        Hooks(judge=judge),
        probe=_long(clause, lambda most: most + 1),
    )
    if clause.quantity == "input_tokens":
        yield Lie(
            "refuses_long_inputs_early",
            clause.family,
            "An input of nine tenths of the limit is refused.",
            (clause.id,),
            Hooks(judge=_early(clause)),
            probe=_long(clause, lambda most: most * 19 // 20),
        )


def _long(clause: LimitClause, tokens: Callable[[int], int]) -> Probe | None:
    """A user message of that many tokens; None where it would be huge, or is not the point."""
    model, most = next(iter(clause.by_model.items()), (None, clause.maximum))
    if most is None or most > _WRITABLE or "tokens" not in clause.quantity:
        return None
    said = "so" + " so" * (tokens(most) - 1)
    return Probe(messages=({"role": "user", "content": said},), model=model)


def _early(clause: LimitClause) -> Hook[tuple[Refusal, ...]]:
    def judge(call: Call, refusals: tuple[Refusal, ...]) -> tuple[Refusal, ...]:
        most = clause.by_model.get(call.model, clause.maximum)
        if refusals or most is None or (call.input_tokens or 0) * 10 < most * 9:
            return refusals
        return (refusal_by(call, clause, "the input is long"),)

    return judge
