"""Intervals as documents write them: ``[0, 2)``, ``(0, 1.0)``, ``[1, inf)``."""

from __future__ import annotations

import math
import re
from typing import Final

from tokenassay.contracts.records import Record

Bound = int | float
"""An integer where the document writes one (exact at any size), else a float."""

_WRITTEN: Final = re.compile(
    r"\s*([\[(])\s*([-+]?(?:inf|[\d.]+(?:e[-+]?\d+)?))\s*,"
    r"\s*([-+]?(?:inf|[\d.]+(?:e[-+]?\d+)?))\s*([\])])\s*",
    re.IGNORECASE,
)


class Interval(Record, frozen=True, kw_only=True):
    """A set of numbers between two bounds; a square bracket includes its bound."""

    low: Bound
    high: Bound
    low_open: bool
    high_open: bool

    @classmethod
    def parse(cls, written: str) -> Interval:
        """Read ``written``; ValueError says what was expected."""
        match = _WRITTEN.fullmatch(written)
        if match is None:
            raise ValueError(f"expected an interval such as '[0, 2)', got {written!r}")
        left, low_text, high_text, right = match.groups()
        low, high = _bound(low_text), _bound(high_text)
        interval = cls(low=low, high=high, low_open=left == "(", high_open=right == ")")
        empty_point = low == high and (interval.low_open or interval.high_open)
        if low > high or empty_point:
            raise ValueError(f"expected an interval that holds something, got {written!r}")
        return interval

    def __contains__(self, value: object) -> bool:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        above = self.low < value if self.low_open else self.low <= value
        below = value < self.high if self.high_open else value <= self.high
        return above and below

    def __str__(self) -> str:
        left, right = "(" if self.low_open else "[", ")" if self.high_open else "]"
        return f"{left}{_written(self.low)}, {_written(self.high)}{right}"


def _bound(text: str) -> Bound:
    try:
        return int(text)
    except ValueError:
        return float(text)


def _written(bound: Bound) -> str:
    if isinstance(bound, float) and math.isinf(bound):
        return "inf" if bound > 0 else "-inf"
    return repr(bound)
