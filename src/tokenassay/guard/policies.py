"""What a guard lets through: refusals by level, and budgets for money."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Final, Literal, NamedTuple

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
_STOPPING: Final = {"must": ("must",), "should": ("must", "should"), "never": ()}


class Price(NamedTuple):
    """The most that a call may cost; ``most`` None: its price is known, and no end of it is."""

    most: Decimal | None
    currency: str


class Policy(msgspec.Struct, frozen=True):
    """What stands against a call."""

    budgets: tuple[Budget, ...] = ()
    refuse_at: RefuseAt = "must"
    """Refusals that stop a call: those in plain words, also those that follow, or none."""
    on_unknown_price: OnUnknownPrice = "refuse"
    """What happens to a call that no budget can be held to; without budgets it is let through."""

    def refusals(self, estimate: Estimate) -> tuple[Refusal, ...]:
        """The documented refusals that stop the call."""
        if not estimate.refusals:
            return ()
        levels = _STOPPING[self.refuse_at]
        return tuple(refusal for refusal in estimate.refusals if refusal.level in levels)

    def unheld(self, price: Price | None, estimate: Estimate | None) -> OverBudget | None:
        """What is to be said of a call that no budget can be held to; None: let it go on."""
        if not self.budgets or self.on_unknown_price == "allow":
            return None
        budget = self.budgets[0]
        if price is None or price.most is None:
            why = "its highest cost is not known" if estimate else "nobody knows its model"
            return OverBudget(f"{why}, so it can't be held to {budget}", estimate, budget)
        if price.currency not in [one.currency for one in self.budgets]:
            message = f"it is priced in {price.currency}, and the budget is {budget}"
            return OverBudget(message, estimate, budget, most=price.most)
        return None

    def ceilings(self, call: Call) -> tuple[tuple[Budget, ...], tuple[Ceiling, ...]]:
        """The budgets in the currency of a call, and each as a counter of the ledger."""
        held = tuple([one for one in self.budgets if one.currency == call.currency])
        return held, tuple([_ceiling(budget, call) for budget in held])


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


@lru_cache(maxsize=256)
def _nano(amount: Decimal) -> int:
    return nano(amount)


def _ceiling(budget: Budget, call: Call) -> Ceiling:
    period = "" if budget.period is None else call.day[: _NAMED[budget.period]]
    scope = scope_of(call.tag) if budget.by_tag else ""
    return Ceiling(scope, period, budget.currency, _nano(budget.amount))
