"""How long answers took: percentiles as dots on one scale, a row a family."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final, NamedTuple

from tokenassay.conformance.measures import Spread
from tokenassay.conformance.results import TimingRow
from tokenassay.reports.charts import marks as m
from tokenassay.reports.languages.speech import Language

_WIDTH, _HEIGHT = 300, 34
_AXIS: Final = 24
_MARGIN: Final = 8
_FIRST, _TOTAL = 10, 24
_SHORTEST: Final = 1e-4
"""Seconds: the step that times are rounded to, so the least that a logarithm meets."""


class TimeScale(NamedTuple):
    """A logarithmic scale from one power of ten to another, for all rows alike."""

    low: int
    high: int

    def __call__(self, seconds: float) -> float:
        share = (math.log10(max(seconds, 10.0**self.low)) - self.low) / (self.high - self.low)
        return _MARGIN + share * (_WIDTH - 2 * _MARGIN)


def times_scale(slowest: float, fastest: float) -> TimeScale:
    """The scale that holds these times."""
    low = math.floor(math.log10(max(fastest, _SHORTEST)))
    return TimeScale(low, max(math.ceil(math.log10(max(slowest, _SHORTEST))), low + 1))


def axis_picture(scale: TimeScale, speech: Language, *, id: str) -> m.Picture:
    """The scale itself, a mark at each power of ten."""
    powers = range(scale.low, scale.high + 1)
    drawn = []
    for power in powers:
        at = scale(10.0**power)
        anchor = {scale.low: "start", scale.high: "end"}.get(power, "middle")
        drawn.append(m.line(at, _AXIS - 5, at, _AXIS, "tick"))
        drawn.append(m.word(at, _AXIS - 9, speech.seconds(10.0**power), anchor))
    return m.Picture(
        id=id,
        title=speech.terms.time,
        description=", ".join(speech.seconds(10.0**power) for power in powers),
        width=_WIDTH,
        height=_AXIS,
        marks=tuple(drawn),
    )


def time_picture(row: TimingRow, scale: TimeScale, speech: Language, *, id: str) -> m.Picture:
    """The picture of one family's times."""
    return m.Picture(
        id=id,
        title=speech.terms.time,
        description=speech.timing(row),
        width=_WIDTH,
        height=_HEIGHT,
        marks=(
            *_spread(row.first_byte_s, _FIRST, "first", scale, speech),
            *_spread(row.total_s, _TOTAL, "whole", scale, speech),
        ),
    )


def _spread(
    spread: Spread | None, y: float, kind: str, scale: TimeScale, speech: Language
) -> Iterator[m.Mark]:
    if spread is None:
        return
    yield m.line(scale(spread.p50), y, scale(spread.most), y, kind)
    for name, value, radius in (
        ("p50", spread.p50, 4.5),
        ("p90", spread.p90, 3.5),
        ("p99", spread.p99, 2.5),
    ):
        yield m.dot(scale(value), y, radius, kind, f"{name} {speech.seconds(value)}")
    end = scale(spread.most)
    yield m.line(end, y - 4, end, y + 4, kind)
