"""Budgets: so much money in a day, in a month or in all, for everybody or for each tag."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Final, Literal

import msgspec

from tokenassay.estimators.money import plain

Period = Literal["day", "month"]

_WRITTEN: Final = re.compile(
    r"(?P<amount>[0-9]+(?:\.[0-9]+)?)\s*(?P<currency>[A-Za-z]{3})"
    r"(?:/(?P<period>day|month))?(?P<tag>/tag)?",
    re.ASCII,
)


class Budget(msgspec.Struct, frozen=True):
    """Money that may be spent, in ``currency``; calls under way count at their highest price."""

    amount: Decimal
    currency: str
    period: Period | None = None
    """None: in all, since the ledger began."""
    by_tag: bool = False
    """True: each tag may spend so much; else everything in the ledger together."""

    @classmethod
    def parse(cls, written: str) -> Budget:
        """``5 CNY/day``, ``80 CNY/month``, ``500 CNY``, each with ``/tag`` for each tag alone.

        ValueError, in one line, where it is none.
        """
        found = _WRITTEN.fullmatch(written.strip())
        if found is None:
            raise ValueError(
                "expected a budget such as '5 CNY/day', '80 CNY/month', '500 CNY' or "
                f"'5 CNY/day/tag', got {written!r}"
            )
        period: Period | None = None
        if found["period"] is not None:
            period = "day" if found["period"] == "day" else "month"
        amount = Decimal(found["amount"])
        return cls(amount, found["currency"].upper(), period, found["tag"] is not None)

    def __str__(self) -> str:
        parts = [f"{plain(self.amount)} {self.currency}", self.period, self.by_tag and "tag"]
        return "/".join(part for part in parts if part)


def read_budgets(given: str | Budget | Iterable[str | Budget] | None) -> tuple[Budget, ...]:
    """Budgets from what a caller gives; ValueError where one is none."""
    if given is None:
        return ()
    if isinstance(given, str | Budget):
        given = (given,)
    return tuple(one if isinstance(one, Budget) else Budget.parse(one) for one in given)
