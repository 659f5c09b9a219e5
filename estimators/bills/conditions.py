"""Bills that follow a law of their own where something holds, and the count elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from tokenassay.estimators.bills.explanations import (
    Explained,
    billed_of,
    odd_of,
    templates_of,
)
from tokenassay.estimators.bills.findings import Finding, Side, finding_of, hintless
from tokenassay.estimators.bills.laws import Law, Numbers, find_law, spare_of
from tokenassay.estimators.bills.metered import Metered

_FEWEST: Final = 4
"""Answers under a condition below which a constant there may be chance."""
_FEWEST_OF_FACTOR: Final = 8
"""The same for a law that has more to be fitted."""

_BY_STREAM: Final = frozenset({"stream", "stream_options"})
"""Settings that come with a stream, which is looked at for itself."""


def by_stream(readings: Sequence[Metered], exact: bool) -> Explained | None:
    """Plain answers by one law, streams by another."""
    plain = [reading for reading in readings if not reading.streamed]
    streamed = [reading for reading in readings if reading.streamed]
    if not plain or len(streamed) < 3:
        return None
    for name, _ in templates_of(readings):
        laws = []
        for part in (plain, streamed):
            counts = [reading.counts[name] for reading in part]
            laws.append(find_law(counts, billed_of(part), spare_of(len(part))))
        one, other = laws
        if one is not None and other is not None:
            return Explained(
                template=name,
                odd=odd_of(plain, one) + odd_of(streamed, other),
                finding=of_two(one, other, "input"),
            )
    return None


def of_two(plain: Law, streamed: Law, side: Side) -> Finding:
    """The finding of two laws, one without and one by stream."""
    parts = []
    for law, form in ((plain, "without a stream"), (streamed, "by stream")):
        found = finding_of(law, side)
        said = hintless(found.said.partition(": ")[2]) if found else "as counted"
        parts.append(f"{form} {said}")
    wrong = streamed if streamed.kind != "equal" else plain
    found = finding_of(wrong, side)
    return Finding(
        side=side,
        verdict="recounted by stream",
        surplus=found.surplus if found else None,
        factor=found.factor if found else None,
        uncertainty=found.uncertainty if found else None,
        said=f"{side}: {'; '.join(parts)}",
    )


def by_condition(readings: Sequence[Metered], exact: bool) -> Explained | None:
    """Input by a law of its own under some condition, and as counted elsewhere."""
    billed = billed_of(readings)
    for name, counts in templates_of(readings):
        finding = bounded(counts, billed, "input") or located(readings, counts, billed, "input")
        if finding is not None:
            return Explained(template=name, odd=finding.odd, finding=finding)
    return None


def bounded(counted: Numbers, billed: Numbers, side: Side) -> Finding | None:
    """All that is below some number, or above it, is billed as that number."""
    pairs = list(zip(counted, billed, strict=True))
    wrong = [(own, told) for own, told in pairs if own != told]
    bounds = {told for _, told in wrong}
    if len(bounds) != 1 or len({own for own, _ in wrong}) < _FEWEST - 1:
        return None
    (bound,) = bounds
    least = all(own < bound for own, _ in wrong) and all(told >= bound for _, told in pairs)
    most = all(own > bound for own, _ in wrong) and all(told <= bound for _, told in pairs)
    if not (least or most):
        return None
    ratio = sum(billed) / max(1, sum(counted))
    return Finding(
        side=side,
        verdict="inflated" if least else "deflated",
        factor=round(ratio, 4),
        said=f"{side}: {'fewer' if least else 'more'} than {bound:,} tokens are billed as "
        f"{bound:,}",
    )


def located(
    readings: Sequence[Metered], counted: Numbers, billed: Numbers, side: Side
) -> Finding | None:
    """The law that holds where a condition does, if all the rest is billed as counted."""
    wrong = [own != told for own, told in zip(counted, billed, strict=True)]
    spare = spare_of(len(readings))
    for where, inside in _conditions(readings, counted, wrong):
        part = [at for at, holds in enumerate(inside) if holds]
        outside = [at for at, holds in enumerate(inside) if not holds and wrong[at]]
        if not _FEWEST <= len(part) < len(readings) or len(outside) > spare:
            continue
        law = find_law(
            [counted[at] for at in part], [billed[at] for at in part], spare - len(outside)
        )
        if law is None or (law.kind != "constant" and len(part) < _FEWEST_OF_FACTOR):
            continue
        found = finding_of(law, side)
        if found is None:
            continue
        odd = (*outside, *(part[at] for at in law.odd))
        return Finding(
            side=side,
            verdict=found.verdict,
            surplus=found.surplus,
            factor=found.factor,
            uncertainty=found.uncertainty,
            said=f"{hintless(found.said)} where {where}, elsewhere as counted",
            odd=tuple(readings[at].exchange for at in odd),
        )
    return None


def _conditions(
    readings: Sequence[Metered], counted: Numbers, wrong: Sequence[bool]
) -> Iterator[tuple[str, list[bool]]]:
    """Conditions in words, and at which readings each holds."""
    yield from _both(
        "there is a system message",
        "there is no system message",
        [reading.has_system for reading in readings],
    )
    yield from _both(
        "there are earlier turns",
        "there are no earlier turns",
        [reading.message_count > 1 + reading.has_system for reading in readings],
    )
    yield from _both(
        "the text has Chinese",
        "the text has no Chinese",
        [reading.has_chinese for reading in readings],
    )
    for script in sorted({reading.script for reading in readings}):
        yield from _both(
            f"the text is mostly {script}",
            f"the text is not mostly {script}",
            [reading.script == script for reading in readings],
        )
    for name in sorted({name for reading in readings for name in reading.settings} - _BY_STREAM):
        yield from _both(
            f"{name} is set",
            f"{name} is not set",
            [name in reading.settings for reading in readings],
        )
    yield from _lengths(counted, wrong)


def _both(is_so: str, is_not: str, holds: list[bool]) -> Iterator[tuple[str, list[bool]]]:
    yield is_so, holds
    yield is_not, [not one for one in holds]


def _lengths(counted: Numbers, wrong: Sequence[bool]) -> Iterator[tuple[str, list[bool]]]:
    """Where only long ones, or only short ones, are wrong: a length that divides them."""
    odd = [own for own, is_wrong in zip(counted, wrong, strict=True) if is_wrong]
    right = [own for own, is_wrong in zip(counted, wrong, strict=True) if not is_wrong]
    if not odd or not right:
        return
    if min(odd) > max(right):
        yield f"there are {min(odd):,} tokens or more", [own >= min(odd) for own in counted]
    if max(odd) < min(right):
        yield f"there are {max(odd):,} tokens or fewer", [own <= max(odd) for own in counted]
