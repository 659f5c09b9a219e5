"""Sums of many lines: tokens, their distribution, and money at batch and at live price."""

from __future__ import annotations

from collections import Counter
from decimal import Context, Decimal
from typing import Any, Final

import msgspec

from tokenassay.estimators.batches.judging import Judge, Kind
from tokenassay.estimators.batches.tallies import MOST_GROUPS, OTHERS, Size, Sizes
from tokenassay.estimators.money import Cost, Usage, plain
from tokenassay.estimators.records import Pricing

PERCENTILES: Final = (1, 25, 50, 75, 90, 95, 99)
_MOST_PENDING: Final = 50_000
"""Sizes, each with its number of lines, that are held before they are priced and summed."""
_MOST_REASONS: Final = 20
_EXACT: Final = Context(prec=100)


class Money(msgspec.Struct):
    """Sums of the costs of lines that have a price; None where one of them has no upper end."""

    lines: int = 0
    input: Decimal = Decimal(0)
    output_max: Decimal | None = Decimal(0)
    total_min: Decimal = Decimal(0)
    total_max: Decimal | None = Decimal(0)

    def add(self, cost: Cost, lines: int) -> None:
        """Take in as many lines of one cost."""
        self.lines += lines
        self.input = _plus(self.input, cost.input, lines)
        self.total_min = _plus(self.total_min, cost.total_min, lines)
        self.output_max = _plus_known(self.output_max, cost.output_max, lines)
        self.total_max = _plus_known(self.total_max, cost.total_max, lines)

    def to_dict(self) -> dict[str, Any]:
        """Money as decimal strings, unknown as null."""
        amounts = {
            "input": self.input,
            "output_max": self.output_max,
            "total_min": self.total_min,
            "total_max": self.total_max,
        }
        written = {k: None if v is None else plain(v) for k, v in amounts.items()}
        return {"lines": self.lines, **written}


class Bill(msgspec.Struct):
    """What lines cost, by currency; ``unpriced`` lines are in no amount."""

    amounts: dict[str, Money] = {}
    unpriced: Counter[str] = msgspec.field(default_factory=Counter)
    """Number of lines by why their price is not known."""

    def add(self, pricing: Pricing, size: Size, lines: int) -> None:
        """Take in as many lines of one size and price."""
        cost, why = cost_of(pricing, size)
        if cost is None:
            if why not in self.unpriced and len(self.unpriced) >= _MOST_REASONS:
                why = "other reasons"
            self.unpriced[why] += lines
            return
        self.amounts.setdefault(cost.currency, Money()).add(cost, lines)

    @property
    def unpriced_lines(self) -> int:
        """Number of lines without a known price."""
        return sum(self.unpriced.values())

    def to_dict(self) -> dict[str, Any]:
        """Amounts by currency, and how many lines are in none and why."""
        return {
            "amounts": {currency: money.to_dict() for currency, money in self.amounts.items()},
            "unpriced_lines": self.unpriced_lines,
            "unpriced": dict(self.unpriced),
        }


class Totals(msgspec.Struct):
    """Lines of one group, or of all."""

    lines: int = 0
    uncounted_lines: int = 0
    """Lines in which there is nothing to count."""
    input_tokens: int = 0
    low: int = 0
    high: int | None = 0
    output_min: int = 0
    output_max: int | None = 0
    basis: Counter[str] = msgspec.field(default_factory=Counter)
    sizes: Counter[int] = msgspec.field(default_factory=Counter)
    """Number of lines by their input tokens."""
    batch: Bill = msgspec.field(default_factory=Bill)
    live: Bill = msgspec.field(default_factory=Bill)

    def add(self, size: Size, lines: int) -> None:
        """Take in as many lines of one size, their cost aside."""
        self.lines += lines
        self.basis[size.basis] += lines
        if size.tokens is None:
            self.uncounted_lines += lines
        else:
            self.input_tokens += size.tokens * lines
            self.sizes[size.tokens] += lines
            self.low += (size.low or 0) * lines
            if self.high is not None:
                self.high = None if size.high is None else self.high + size.high * lines
        self.output_min += size.output_min * lines
        if self.output_max is not None:
            most = size.output_max
            self.output_max = None if most is None else self.output_max + most * lines

    def to_dict(self) -> dict[str, Any]:
        """The sums as plain JSON data; unknown as null."""
        return {
            "lines": self.lines,
            "input_tokens": self.input_tokens,
            "input_range": [self.low, self.high],
            "basis": dict(sorted(self.basis.items())),
            "uncounted_lines": self.uncounted_lines,
            "output_tokens": {"min": self.output_min, "max": self.output_max},
            "cost": {"batch": self.batch.to_dict(), "live": self.live.to_dict()},
            "distribution": distribution(self.sizes),
        }


class Sum:
    """Totals of all groups, priced now and then, so that little is held at any time."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._groups: dict[str, Totals] = {}
        self._pending: dict[str, Sizes] = {}
        self._held = 0
        self._pricings: dict[Kind, tuple[Pricing, Pricing]] = {}

    def add(self, groups: dict[str, Sizes]) -> None:
        """Take in the sizes of a part."""
        for name, sizes in groups.items():
            if name not in self._pending:
                if len(self._pending) >= MOST_GROUPS:
                    name = OTHERS
                self._pending.setdefault(name, {})
            for kind, counts in sizes.items():
                held = self._pending[name].setdefault(kind, {})
                before = len(held)
                for size, lines in counts.items():
                    held[size] = held.get(size, 0) + lines
                self._held += len(held) - before
        if self._held > _MOST_PENDING:
            self._settle()

    def groups(self) -> dict[str, Totals]:
        """Totals by group, in the order in which the groups were met."""
        self._settle()
        return self._groups

    def _settle(self) -> None:
        for name, sizes in self._pending.items():
            totals = self._groups.setdefault(name, Totals())
            for kind, counts in sizes.items():
                batch, live = self._priced(kind)
                for key, lines in counts.items():
                    size = Size._make(key)
                    totals.add(size, lines)
                    totals.batch.add(batch, size, lines)
                    totals.live.add(live, size, lines)
            sizes.clear()
        self._held = 0

    def _priced(self, kind: Kind) -> tuple[Pricing, Pricing]:
        known = self._pricings.get(kind)
        if known is None:
            judge = self._judge
            known = judge.pricing(kind, batch=True), judge.pricing(kind, batch=False)
            self._pricings[kind] = known
        return known


def combined(groups: dict[str, Totals]) -> Totals:
    """The totals of all groups together."""
    whole = Totals()
    for one in groups.values():
        whole.lines += one.lines
        whole.uncounted_lines += one.uncounted_lines
        whole.input_tokens += one.input_tokens
        whole.low += one.low
        whole.high = _sum(whole.high, one.high)
        whole.output_min += one.output_min
        whole.output_max = _sum(whole.output_max, one.output_max)
        whole.basis.update(one.basis)
        whole.sizes.update(one.sizes)
        for mine, theirs in ((whole.batch, one.batch), (whole.live, one.live)):
            mine.unpriced.update(theirs.unpriced)
            for currency, money in theirs.amounts.items():
                held = mine.amounts.setdefault(currency, Money())
                held.lines += money.lines
                held.input = _EXACT.add(held.input, money.input)
                held.total_min = _EXACT.add(held.total_min, money.total_min)
                held.output_max = _plus_known(held.output_max, money.output_max, 1)
                held.total_max = _plus_known(held.total_max, money.total_max, 1)
    return whole


def cost_of(pricing: Pricing, size: Size) -> tuple[Cost | None, str]:
    """The cost of one line, or None and why it is not known; as an estimate of it has it."""
    if size.tokens is None or size.low is None:
        return None, "there is no input to price"
    if pricing.tariff is None:
        return None, pricing.why
    usage = Usage(size.tokens, size.low, size.high, size.output_min, size.output_max)
    cost = pricing.tariff.cost(usage)
    return cost, "" if cost else "the input is beyond the last price tier"


def distribution(sizes: Counter[int]) -> dict[str, Any] | None:
    """Least, mean, most and percentiles of the tokens of lines; None where there are none.

    A percentile is the least size that as many lines or more of a hundred do not exceed.
    """
    lines = sum(sizes.values())
    if not lines:
        return None
    ordered = sorted(sizes.items())
    found: dict[str, Any] = {"min": ordered[0][0]}
    passed, at = 0, -1
    for percent in PERCENTILES:
        while passed * 100 < percent * lines:
            at += 1
            passed += ordered[at][1]
        found[f"p{percent}"] = ordered[at][0]
    found["max"] = ordered[-1][0]
    found["mean"] = round(sum(size * count for size, count in ordered) / lines, 1)
    return found


def _plus(amount: Decimal, each: Decimal, lines: int) -> Decimal:
    return _EXACT.add(amount, _EXACT.multiply(each, Decimal(lines)))


def _plus_known(amount: Decimal | None, each: Decimal | None, lines: int) -> Decimal | None:
    return None if amount is None or each is None else _plus(amount, each, lines)


def _sum(amount: int | None, more: int | None) -> int | None:
    return None if amount is None or more is None else amount + more
