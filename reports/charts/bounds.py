"""One parameter's interval as documented, and below it as seen, with open and closed ends."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from tokenassay.reports.charts import marks as m
from tokenassay.reports.charts.scales import Scale, linear
from tokenassay.reports.languages.speech import Language
from tokenassay.reports.tallies import Bound

_WIDTH, _HEIGHT = 300, 44
_BEGIN, _END = 30, 270
"""Where the documented interval ends; what lies beyond is drawn in the margins."""
_UPPER, _LOWER = 12, 31
_EDGE: Final = 10


def bound_picture(bound: Bound, speech: Language, *, id: str) -> m.Picture:
    """The picture of one bound; of the documented bar alone where nothing was seen."""
    return m.Picture(
        id=id,
        title=bound.row.parameter,
        description=speech.bounding(bound),
        width=_WIDTH,
        height=_HEIGHT,
        marks=tuple(_marks(bound)),
    )


def _marks(bound: Bound) -> Iterator[m.Mark]:
    documented = bound.documented
    if documented is None:
        return
    at = _scale(documented.low, documented.high)
    yield from _interval(
        at(documented.low),
        at(documented.high),
        _UPPER,
        "written",
        (documented.low_open, documented.high_open),
        (math.isinf(documented.low), math.isinf(documented.high)),
    )
    if bound.low is None or bound.high is None:
        return
    kind = "astray" if bound.is_breach else "seen"
    # What was seen next to an open end, one step inside it, shows as that open end.
    opened = (
        documented.low_open and bound.low > documented.low,
        documented.high_open and bound.high < documented.high,
    )
    low = _within(at(bound.low), bound.low - documented.low)
    high = _within(at(bound.high), bound.high - documented.high)
    beyond = (bound.low_beyond, bound.high_beyond)
    endless = (beyond[0] or math.isinf(documented.low), beyond[1] or math.isinf(documented.high))
    yield from _interval(low, high, _LOWER, kind, opened, endless)


def _scale(low: float, high: float) -> Scale:
    """Places of values: an end without bound stands at its edge of the picture."""
    if math.isinf(low) and math.isinf(high):
        return lambda value: (_BEGIN + _END) / 2
    if math.isinf(high):
        return lambda value: _BEGIN if value <= low else _END
    if math.isinf(low):
        return lambda value: _END if value >= high else _BEGIN
    return linear(low, high, _BEGIN, _END)


def _within(place: float, beside: float) -> float:
    """A place inside the picture, and visibly apart where the value is outside the interval."""
    if place >= _END and beside > 0:
        place = max(place, _END + _EDGE)
    if place <= _BEGIN and beside < 0:
        place = min(place, _BEGIN - _EDGE)
    return min(max(place, _EDGE), _WIDTH - _EDGE)


def _interval(
    low: float,
    high: float,
    y: float,
    kind: str,
    opened: tuple[bool, bool],
    endless: tuple[bool, bool],
) -> Iterator[m.Mark]:
    low = _EDGE / 2 if endless[0] else low
    high = _WIDTH - _EDGE / 2 if endless[1] else high
    yield m.line(low, y, high, y, kind)
    for place, is_open, no_end, way in (
        (low, opened[0], endless[0], 1),
        (high, opened[1], endless[1], -1),
    ):
        if no_end:
            for rise in (-6, 6):
                yield m.line(place, y, place + way * 7, y + rise, kind)
        else:
            yield m.dot(place, y, 4, f"{kind} {'open' if is_open else 'closed'}")
