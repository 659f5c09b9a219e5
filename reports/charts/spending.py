"""What was spent by day, model or tag, on one scale a currency."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from tokenassay.reports.charts import marks as m
from tokenassay.reports.charts.scales import Scale, linear
from tokenassay.reports.ledgers import FigureRow, whole

_WIDTH: Final = 300
_LINE: Final = 24
"""Height of a bar with the room about it."""


def spending_scales(rows: Iterable[FigureRow]) -> Mapping[str, Scale]:
    """From nothing to the most of any row, for each currency."""
    most: dict[str, Decimal] = {}
    for row in rows:
        for money in row.money:
            most[money.currency] = max(most.get(money.currency, Decimal(0)), whole(money))
    return {
        currency: linear(0, float(amount) or 1.0, 4, _WIDTH - 4)
        for currency, amount in most.items()
    }


def spending_picture(
    row: FigureRow, scales: Mapping[str, Scale], *, id: str, title: str, says: str
) -> m.Picture | None:
    """A bar a currency: full to what is settled, light to what it may come to; None: no money."""
    if not row.money:
        return None
    drawn: list[m.Mark] = []
    for at, money in enumerate(row.money):
        scale = scales[money.currency]
        top = at * _LINE + 7
        drawn.append(m.bar(4, top, scale(float(whole(money))) - 4, 10, "upto exact"))
        drawn.append(m.bar(4, top, scale(float(money.settled)) - 4, 10, "sure exact"))
    return m.Picture(
        id=id,
        title=title,
        description=says,
        width=_WIDTH,
        height=_LINE * len(row.money),
        marks=tuple(drawn),
    )
