"""What lines cost in a batch and live, from least to most, on one scale a currency."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from tokenassay.reports.batches import AmountRow, CostRow
from tokenassay.reports.charts import marks as m
from tokenassay.reports.charts.scales import Scale, linear

_WIDTH: Final = 300
_BEGIN, _END, _EDGE = 4, 284, 296
_THICK: Final = 9
_LINE: Final = 14
"""Height of a bar with the room about it."""


def bill_scales(costs: Iterable[CostRow]) -> Mapping[str, Scale]:
    """From nothing to the dearest known end of any bar, for each currency."""
    most: dict[str, Decimal] = {}
    for cost in costs:
        for bill in (cost.batch, cost.live):
            for currency, amount in bill.amounts.items():
                end = Decimal(amount.total_max or amount.total_min)
                most[currency] = max(most.get(currency, Decimal(0)), end)
    return {currency: linear(0, float(end) or 1.0, _BEGIN, _END) for currency, end in most.items()}


def bill_picture(
    cost: CostRow, scales: Mapping[str, Scale], *, id: str, title: str, says: str
) -> m.Picture | None:
    """Two bars a currency, the batch above: full to the least, light to the most; None: no price.

    A bar ends in an arrow where more may come: no upper end is known, or not every line's price.
    """
    drawn: list[m.Mark] = []
    at = 0
    for currency, scale in scales.items():
        for bill in (cost.batch, cost.live):
            amount = bill.amounts.get(currency)
            if amount is not None:
                drawn += _bar(amount, scale, at * _LINE + 3, open=bill.most(currency) is None)
                at += 1
    if not drawn:
        return None
    return m.Picture(
        id=id,
        title=title,
        description=says,
        width=_WIDTH,
        height=_LINE * at + 3,
        marks=tuple(drawn),
    )


def _bar(amount: AmountRow, scale: Scale, top: float, *, open: bool) -> list[m.Mark]:
    high = _EDGE if open else scale(float(amount.total_max or amount.total_min))
    low = scale(float(amount.total_min))
    drawn = [
        m.bar(_BEGIN, top, high - _BEGIN, _THICK, "upto"),
        m.bar(_BEGIN, top, low - _BEGIN, _THICK, "sure"),
    ]
    if open:
        middle = top + _THICK / 2
        drawn += [m.line(_EDGE, middle, _EDGE - 6, middle + rise, "endless") for rise in (-4, 4)]
    return drawn
