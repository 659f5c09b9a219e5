"""Counts and comparisons that a report speaks of, all drawn from the document."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Final, Literal

from tokenassay.conformance.measures import Fit
from tokenassay.conformance.results import BoundRow, PromiseRow, RunDocument, TargetRow
from tokenassay.contracts.intervals import Interval
from tokenassay.contracts.records import Record

Agreement = Literal["same", "wider", "narrower", "unknown"]
"""How an observed interval stands to the documented one, as far as it was tried."""

UNSELECTED: Final = "not selected"
"""Why a promise was not run that nobody asked for."""

_END: Final = re.compile(r"[\[(]?\s*(?P<value>\?|[-+]?[\d.]+(?:e[-+]?\d+)?)(?P<more> or beyond)?")


class Tally(Record, frozen=True, kw_only=True):
    """One target's promises, counted."""

    target: TargetRow
    kept: int
    non_strict: int
    violated: int
    observed: int
    inconclusive: int
    not_run: int
    """Though it was asked for."""
    unselected: int

    @property
    def decided(self) -> int:
        """Promises of which it could be told whether they hold."""
        return self.kept + self.non_strict + self.violated

    @property
    def asked(self) -> int:
        """Promises that were to be tried."""
        return self.decided + self.observed + self.inconclusive + self.not_run


def tallies(document: RunDocument) -> tuple[Tally, ...]:
    """The tally of each target, in the document's order."""
    return tuple(
        _tally(target, [p for p in document.promises if p.target == target.name])
        for target in document.targets
    )


def _tally(target: TargetRow, promises: Iterable[PromiseRow]) -> Tally:
    counts: dict[str, int] = {}
    for promise in promises:
        key = "unselected" if is_unselected(promise) else promise.outcome.replace("-", "_")
        counts[key] = counts.get(key, 0) + 1
    names = (*(f for f in Tally.__struct_fields__ if f != "target"),)
    return Tally(target=target, **{name: counts.get(name, 0) for name in names})


def is_unselected(promise: PromiseRow) -> bool:
    """Whether the run was told to leave a promise out."""
    return promise.outcome == "not-run" and promise.why == UNSELECTED


class Bound(Record, frozen=True, kw_only=True):
    """A parameter's documented and observed interval, and how they compare."""

    row: BoundRow
    documented: Interval | None
    """None where it is not written as an interval."""
    low: float | None
    """The least value that was seen accepted; None where it was not found."""
    high: float | None
    low_beyond: bool
    """Whether every value tried below the documented end was accepted too."""
    high_beyond: bool
    agreement: Agreement
    is_breach: bool
    """Whether a promise about the parameter is broken, so that the difference counts."""


def bound(row: BoundRow, broken: Iterable[str]) -> Bound:
    """A bound compared. ``broken`` are the ids of the promises that are not kept there.

    What was accepted outside is wider. Falling short counts only where a promise about the
    parameter is broken too: a value may just not have been tried for what it would cost.
    """
    try:
        documented: Interval | None = Interval.parse(row.documented)
    except ValueError:
        documented = None
    left, _, right = row.observed.partition(",")
    low, low_beyond = _end(left)
    high, high_beyond = _end(right)
    seen = [value for value in (low, high) if value is not None]
    is_breach = _ranges_broken(row.parameter, broken)
    agreement: Agreement = "same"
    if row.observed == row.documented:
        pass
    elif documented is None or not seen:
        agreement = "unknown"
    elif low_beyond or high_beyond or any(value not in documented for value in seen):
        agreement = "wider"
    elif is_breach and not _reaches(documented, seen):
        agreement = "narrower"
    return Bound(
        row=row,
        documented=documented,
        low=low,
        high=high,
        low_beyond=low_beyond,
        high_beyond=high_beyond,
        agreement=agreement,
        is_breach=is_breach and agreement in ("wider", "narrower"),
    )


def _ranges_broken(parameter: str, broken: Iterable[str]) -> bool:
    """Whether a promise about a parameter's range is broken."""
    about = tuple(f"{parameter}_{side}_its_range_" for side in ("in", "above", "below"))
    return any(id.startswith(about) for id in broken)


def _reaches(documented: Interval, seen: Iterable[float]) -> bool:
    """Whether the values at both ends were seen accepted; an end without bound is not tried."""
    near = set(seen)
    for end, is_open, inward in (
        (documented.low, documented.low_open, math.inf),
        (documented.high, documented.high_open, -math.inf),
    ):
        last = math.nextafter(end, inward) if is_open else end
        if not math.isinf(end) and last not in near:
            return False
    return True


def _end(written: str) -> tuple[float | None, bool]:
    found = _END.match(written.strip())
    if found is None or found["value"] == "?":
        return None, False
    value = found["value"]
    number = float(value)
    if value.lstrip("+-").isdigit():
        number = int(value)
    return number, found["more"] is not None


def bounds(document: RunDocument) -> tuple[Bound, ...]:
    """All bounds of a run, compared."""
    broken: dict[str, list[str]] = {}
    for promise in document.promises:
        if promise.outcome in ("violated", "non-strict"):
            broken.setdefault(promise.target, []).append(promise.id)
    return tuple(bound(row, broken.get(row.target, ())) for row in document.bounds)


def is_honest(fit: Fit) -> bool:
    """Whether everything was billed as it was counted."""
    return fit.least == fit.most == 0
