"""Money of calls: what was billed for them, and what should have been."""

from __future__ import annotations

from collections import Counter
from decimal import Context, Decimal
from typing import Any, Final

import msgspec

from tokenassay.estimators.bills.weighing import Weighed
from tokenassay.estimators.money import Charged, plain

_EXACT: Final = Context(prec=100)
_MOST_REASONS: Final = 20


class Sums(msgspec.Struct):
    """Money in one currency; ``over`` is negative where too little was billed."""

    calls: int = 0
    billed: Decimal = Decimal(0)
    over: dict[str, Decimal] = {}
    """What was billed too much, by what is wrong."""


class Bill(msgspec.Struct):
    """Money of calls by currency; calls without a known price are in no sum."""

    sums: dict[str, Sums] = {}
    unpriced: Counter[str] = msgspec.field(default_factory=Counter)
    """Number of calls by why their price is not known."""
    recorded: dict[str, Decimal] = {}
    """What the log itself reckons, by currency."""

    def take(self, weighed: Weighed, rights: dict[str, tuple[int, int]]) -> None:
        """Take in a call; ``rights``: input and output it should be billed, by what is wrong."""
        recorded = weighed.call.recorded
        if recorded is not None:
            amount, currency = recorded
            self.recorded[currency] = _plus(self.recorded.get(currency, Decimal(0)), amount)
        given, made = weighed.billed_input, weighed.billed_output
        if given is None or made is None:
            return
        tariff = weighed.estimate.pricing.tariff
        if tariff is None:
            self._unpriced(weighed.estimate.pricing.why)
            return
        billed = weighed.call.answer.billed
        cached = (billed.cached or 0) if billed else 0
        if billed and billed.cache_created:
            self._unpriced("a cache was filled, at a price that is not known here")
            return
        thought = bool(weighed.call.answer.reasoning or (billed and billed.reasoning))
        charged = tariff.charge(Charged(given, made, cached, thought))
        if charged is None:
            why = "what a cache hit costs is not known" if cached else "beyond the last price tier"
            self._unpriced(why)
            return
        currency = tariff.row.currency
        sums = self.sums.setdefault(currency, Sums())
        sums.calls += 1
        sums.billed = _plus(sums.billed, charged)
        for name, (right, answered) in rights.items():
            due = tariff.charge(Charged(right, answered, min(cached, right), thought))
            if due is not None:
                over = _EXACT.subtract(charged, due)
                sums.over[name] = _plus(sums.over.get(name, Decimal(0)), over)

    def _unpriced(self, why: str) -> None:
        if why not in self.unpriced and len(self.unpriced) >= _MOST_REASONS:
            why = "other reasons"
        self.unpriced[why] += 1

    def to_dict(self, wrong: tuple[str, ...]) -> dict[str, Any]:
        """Amounts by currency; ``overpaid`` sums what is wrong by ``wrong``."""
        amounts = {}
        for currency, sums in self.sums.items():
            over = Decimal(0)
            for name in wrong:
                over = _plus(over, sums.over.get(name, Decimal(0)))
            due = _EXACT.subtract(sums.billed, over)
            amounts[currency] = {
                "calls": sums.calls,
                "billed": plain(sums.billed),
                "due": plain(due),
                "overpaid": plain(over),
            }
        return {
            "amounts": amounts,
            "unpriced_calls": sum(self.unpriced.values()),
            "unpriced": dict(self.unpriced),
            "recorded": {currency: plain(amount) for currency, amount in self.recorded.items()},
        }


def _plus(amount: Decimal, more: Decimal) -> Decimal:
    return _EXACT.add(amount, more)
