"""The meter: billed against counted, one dot a request; below it, the differences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from tokenassay.conformance.measures import Fit
from tokenassay.conformance.results import MeterPoint
from tokenassay.reports.charts import marks as m
from tokenassay.reports.charts.scales import Scale, linear, whole_ticks
from tokenassay.reports.languages.speech import Language, Side
from tokenassay.reports.tallies import is_honest

_WIDTH: Final = 640
_LEFT, _RIGHT = 56, _WIDTH - 16
_TOP, _BOTTOM = 16, 276
"""Of the upper field, billed against counted."""
_LOW_TOP, _LOW_BOTTOM = 316, 396
"""Of the lower one, the differences."""
_FOOT: Final = 40


def meter_picture(
    points: Sequence[MeterPoint],
    fit: Fit,
    speech: Language,
    *,
    id: str,
    name: str | None,
    side: Side = "input",
) -> m.Picture:
    """The picture of one target's meter points, of which there is at least one."""
    t = speech.terms
    most = max(max(point.counted, point.billed) for point in points)
    x = linear(0, most, _LEFT, _RIGHT)
    return m.Picture(
        id=id,
        title=f"{t.meter}{f': {name}' if name else ''}",
        description=speech.metering(fit, side),
        width=_WIDTH,
        height=_LOW_BOTTOM + _FOOT,
        marks=(*_above(points, fit, x, most, speech), *_below(points, fit, x, most, speech)),
        table=m.Table(
            headings=(t.what, t.basis, t.counted, t.billed, t.difference),
            rows=tuple(
                (
                    point.what,
                    t.bases.get(point.basis, point.basis),
                    speech.number(point.counted),
                    speech.number(point.billed),
                    speech.signed(point.billed - point.counted),
                )
                for point in points
            ),
        ),
    )


def _above(
    points: Sequence[MeterPoint], fit: Fit, x: Scale, most: int, speech: Language
) -> Iterator[m.Mark]:
    y = linear(0, most, _BOTTOM, _TOP)
    for tick in whole_ticks(0, most):
        yield m.line(_LEFT, y(tick), _RIGHT, y(tick), "grid")
        yield m.word(_LEFT - 8, y(tick) + 4, speech.number(tick), "end")
    yield m.word(_LEFT + 6, _TOP + 8, speech.terms.billed, "axis")
    yield m.line(x(0), y(0), x(most), y(most), "honest")
    if fit.slope is not None and fit.offset is not None and not is_honest(fit):
        begin, end = 0.0, float(most)
        if fit.slope > 0:  # as far as the line runs inside the field
            begin = max(begin, -fit.offset / fit.slope)
            end = min(end, (most - fit.offset) / fit.slope)
        feet = y(fit.slope * begin + fit.offset), y(fit.slope * end + fit.offset)
        yield m.line(x(begin), feet[0], x(end), feet[1], "fitted")
    for point in points:
        yield m.dot(x(point.counted), y(point.billed), 4.5, _kind(point), _tip(point, speech))


def _below(
    points: Sequence[MeterPoint], fit: Fit, x: Scale, most: int, speech: Language
) -> Iterator[m.Mark]:
    low, high = min(fit.least, 0), max(fit.most, 0)
    y = linear(low, high, _LOW_BOTTOM - 6, _LOW_TOP + 6)
    yield m.line(_LEFT, y(0), _RIGHT, y(0), "honest")
    yield m.word(_LEFT + 6, _LOW_TOP - 8, speech.terms.difference, "axis")
    for value in sorted({low, 0, high}):
        yield m.word(_LEFT - 8, y(value) + 4, speech.signed(value), "end")
    for point in points:
        at = x(point.counted), y(point.billed - point.counted)
        yield m.dot(*at, 3.5, _kind(point), _tip(point, speech))
    for tick in whole_ticks(0, most):
        yield m.word(x(tick), _LOW_BOTTOM + 18, speech.number(tick), "middle")
    yield m.word(_RIGHT, _LOW_BOTTOM + 36, speech.terms.counted, "axis end")


def _kind(point: MeterPoint) -> str:
    return "true" if point.billed == point.counted else "off"


def _tip(point: MeterPoint, speech: Language) -> str:
    t = speech.terms
    counted, billed = speech.number(point.counted), speech.number(point.billed)
    return f"{point.what}: {t.counted} {counted}, {t.billed} {billed}"
