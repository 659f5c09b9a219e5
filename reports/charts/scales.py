"""From values to places on a picture."""

from __future__ import annotations

import math
from collections.abc import Callable

Scale = Callable[[float], float]


def linear(low: float, high: float, begin: float, end: float) -> Scale:
    """Maps ``low`` to ``begin`` and ``high`` to ``end``; of no width, all to the middle."""
    if high == low:
        return lambda value: (begin + end) / 2
    return lambda value: begin + (value - low) / (high - low) * (end - begin)


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round values within ``low`` and ``high``, not more than ``most``, in steps of 1, 2 or 5."""
    if high <= low:
        return [low]
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    for step in (power, 2 * power, 5 * power, 10 * power, 20 * power):
        first, last = math.ceil(low / step), math.floor(high / step)
        if last - first < most:
            return [count * step for count in range(first, last + 1)]
    return [low, high]


def whole_ticks(low: int, high: int, most: int = 5) -> list[int]:
    """Ticks for what is counted: whole numbers only."""
    return sorted({round(tick) for tick in ticks(low, high, most) if low <= round(tick) <= high})
