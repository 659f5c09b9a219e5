"""What an estimate's models would charge, from least to most, on one scale a currency."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from tokenassay.reports.charts import marks as m
from tokenassay.reports.charts.scales import Scale, linear
from tokenassay.reports.estimates import CostRow, EstimateRow
from tokenassay.reports.languages.speech import Language

_WIDTH, _HEIGHT = 300, 24
_BEGIN, _END = 4, 284
_EDGE: Final = 296


def cost_scale(costs: Sequence[CostRow]) -> Scale:
    """From nothing to the dearest known end."""
    ends = [Decimal(cost.total_max or cost.total_min) for cost in costs]
    return linear(0, float(max(ends, default=Decimal(0))) or 1.0, _BEGIN, _END)


def cost_picture(row: EstimateRow, scale: Scale, speech: Language, *, id: str) -> m.Picture:
    """The bar of one model with a known price: full to the least, light to the most."""
    drawn: list[m.Mark] = []
    cost = row.cost
    if cost is not None:
        low = scale(float(cost.total_min))
        high = _EDGE if cost.total_max is None else scale(float(cost.total_max))
        drawn.append(m.bar(_BEGIN, 7, high - _BEGIN, 10, f"upto {row.basis}"))
        drawn.append(m.bar(_BEGIN, 7, low - _BEGIN, 10, f"sure {row.basis}"))
        if cost.total_max is None:
            for rise in (-5, 5):
                drawn.append(m.line(_EDGE, 12, _EDGE - 6, 12 + rise, "endless"))
    return m.Picture(
        id=id,
        title=f"{row.model or speech.terms.model}: {speech.cost_of(row)}",
        description=f"{speech.terms.basis}: {speech.terms.bases[row.basis]}",
        width=_WIDTH,
        height=_HEIGHT,
        marks=tuple(drawn),
    )


def part_picture(tokens: int, of: int, *, id: str, title: str) -> m.Picture:
    """The bar of one part of the input, as its share of the whole."""
    scale = linear(0, of or 1, _BEGIN, _END)
    drawn = (m.bar(_BEGIN, 7, scale(tokens) - _BEGIN, 10, "sure exact"),) if tokens else ()
    return m.Picture(
        id=id, title=title, description=title, width=_WIDTH, height=_HEIGHT, marks=drawn
    )
