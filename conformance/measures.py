"""Figures drawn from what was measured: how times spread, and what line the meter follows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Final

from tokenassay.contracts.records import Record

_PLACES: Final = 4
"""Of seconds: tenths of a millisecond; a clock tells no more."""


class Spread(Record, frozen=True, kw_only=True):
    """How values spread: percentiles by nearest rank, so each is a value that was seen."""

    p50: float
    p90: float
    p99: float
    most: float


class Fit(Record, frozen=True, kw_only=True):
    """Billed against counted tokens: the line of least squares, and the differences."""

    points: int
    slope: float | None
    """Tokens billed for each token counted; None with fewer than two different counts."""
    offset: float | None
    """Tokens billed for a request of none, by the line."""
    least: int
    """The smallest difference, billed less counted; a constant surcharge has ``least == most``."""
    most: int


def spread(seconds: Iterable[float]) -> Spread | None:
    """The percentiles of times in seconds; None of no times."""
    values = sorted(seconds)
    if not values:
        return None

    def rank(percent: int) -> float:
        return round(values[max(math.ceil(len(values) * percent / 100), 1) - 1], _PLACES)

    return Spread(p50=rank(50), p90=rank(90), p99=rank(99), most=rank(100))


def fit(points: Sequence[tuple[int, int]]) -> Fit | None:
    """The line through pairs of counted and billed tokens; None of no points.

    Computed in fractions, so that a constant surcharge comes out as one.
    """
    if not points:
        return None
    differences = [billed - counted for counted, billed in points]
    slope = offset = None
    mean_x = Fraction(sum(x for x, _ in points), len(points))
    mean_y = Fraction(sum(y for _, y in points), len(points))
    width = sum((x - mean_x) ** 2 for x, _ in points)
    if width:
        exact = sum((x - mean_x) * (y - mean_y) for x, y in points) / width
        slope, offset = round(float(exact), 6), round(float(mean_y - exact * mean_x), 6)
    return Fit(
        points=len(points),
        slope=slope,
        offset=offset,
        least=min(differences),
        most=max(differences),
    )
