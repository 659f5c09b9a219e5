"""What a guard lets through: refusals by level, and budgets for money."""

from __future__ import annotations

from decimal import Decimal
from typing import Final, Literal

import msgspec

from tokenassay.estimators.money import plain
from tokenassay.estimators.records import Estimate
from tokenassay.estimators.refusals import Refusal
from tokenassay.guard.budgets import Budget
from tokenassay.guard.denials import OverBudget
from tokenassay.guard.ledger.records import Call, Ceiling, Exceeded, nano, scope_of

RefuseAt = Literal["must", "should", "never"]
OnUnknownPrice = Literal["refuse", "allow"]

_NAMED: Final = {"month": 7, "day": 10}
"""Characters of a day that name its period."""
_MOST_HELD: Final = 64
_MOST_NANO: Final = 2**63 - 1
"""What a ledger's sum can come to; a budget above that is held to it."""
_STOPPING: Final = {"must": ("must",), "should": ("must", "should"), "never": ()}


class Price(msgspec.Struct, frozen=True):
    """The most that a call may cost; ``most`` None: its price is known, and no end of it is."""

    most: Decimal | None
    currency: str


Held = tuple[tuple[Budget, ...], tuple[Ceiling, ...]]
"""Budgets, and each as a counter of the ledger."""


class Policy:
    """What stands against a call. Immutable but for what it remembers.

    ``refuse_at``: the refusals that stop a call, those in plain words, also those that follow, or
    none. ``on_unknown_price``: what happens to a call that no budget can be held to; without
    budgets it is let through.
    """

    def __init__(
        self, budgets: tuple[Budget, ...], refuse_at: RefuseAt, on_unknown_price: OnUnknownPrice
    ) -> None:
        self.budgets = budgets
        self._levels = _STOPPING[refuse_at]
        self._currencies = {one.currency for one in budgets}
        self._allows_unheld = not budgets or on_unknown_price == "allow"
        self._held: dict[tuple[str | None, str, str], Held] = {}

    def refusals(self, estimate: Estimate) -> tuple[Refusal, ...]:
        """The documented refusals that stop the call."""
        if not estimate.refusals:
            return ()
        return tuple(one for one in estimate.refusals if one.level in self._levels)

    def unheld(self, price: Price | None, estimate: Estimate | None) -> OverBudget | None:
        """What is to be said of a call that no budget can be held to; None: let it go on."""
        if self._allows_unheld:
            return None
        budget = self.budgets[0]
        if price is None or price.most is None:
            why = "its highest cost is not known" if estimate else "nobody knows its model"
            return OverBudget(f"{why}, so it can't be held to {budget}", estimate, budget)
        if price.currency not in self._currencies:
            message = f"it is priced in {price.currency}, and the budget is {budget}"
            return OverBudget(message, estimate, budget, most=price.most)
        return None

    def ceilings(self, call: Call) -> Held:
        """The budgets in the currency of a call, and each as a counter of the ledger."""
        key = call.currency, call.day, call.tag
        held = self._held.get(key)
        if held is None:
            budgets = tuple(one for one in self.budgets if one.currency == call.currency)
            if len(self._held) >= _MOST_HELD:
                self._held.clear()
            held = budgets, tuple(_ceiling(budget, call) for budget in budgets)
            self._held[key] = held
        return held


def over(
    budget: Budget, exceeded: Exceeded, price: Price | None, estimate: Estimate | None
) -> OverBudget:
    """What is to be said of a call that would pass a budget."""
    most = price.most if price else None
    message = (
        f"{plain(exceeded.spent)} of {budget} are spent or reserved, "
        f"and the call may cost up to {plain(most or Decimal(0))} {budget.currency}"
    )
    return OverBudget(message, estimate, budget, most=most, spent=exceeded.spent)


def _ceiling(budget: Budget, call: Call) -> Ceiling:
    period = "" if budget.period is None else call.day[: _NAMED[budget.period]]
    scope = scope_of(call.tag) if budget.by_tag else ""
    return Ceiling(scope, period, budget.currency, min(nano(budget.amount), _MOST_NANO))
