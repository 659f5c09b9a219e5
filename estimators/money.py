"""What tokens cost: one price row, its tiers, and the range where something is not known."""

from __future__ import annotations

import datetime as dt
from decimal import Context, Decimal
from typing import Final, NamedTuple

import msgspec

from tokenassay.contracts.catalog import Model, Price, Tier
from tokenassay.contracts.clauses import BehaviourClause
from tokenassay.contracts.edition import Edition
from tokenassay.estimators.dates import row_on

DEFAULT_REGION: Final = "beijing"
"""Region whose prices hold where none is named."""

EXACT: Final = Context(prec=60)
"""Of our own: a caller's decimal context must not round a price, nor a sum of them."""

_add: Final = EXACT.add
_money: Final = EXACT.multiply
"""Money for tokens at a rate per token."""


class Cost(msgspec.Struct, frozen=True):
    """Money for one call, in ``currency``; None is unknown, never free."""

    currency: str
    input: Decimal
    """The counted input, without a cache hit, at the dearest price that may hold."""
    output_max: Decimal | None
    total_min: Decimal
    """The least input and output that are possible, at the cheapest price that may hold."""
    total_max: Decimal | None


class Usage(NamedTuple):
    """Tokens to be priced, as far as they are known."""

    input: int
    input_min: int
    input_max: int | None
    output_min: int
    output_max: int | None


class Charged(msgspec.Struct, frozen=True):
    """Tokens as an answer bills them."""

    input: int
    output: int
    cached: int = 0
    """Of the input: read from a cache."""
    thought: bool = False
    """Whether the model thought before it answered."""


class Rates(NamedTuple):
    """Money per token, cheapest and dearest where both may hold."""

    input: Decimal
    input_min: Decimal
    output: Decimal
    output_min: Decimal


class Step(NamedTuple):
    """A tier with its rates, and the least and the most tokens that its end may mean."""

    tier: Tier
    rates: Rates
    low: int | None
    high: int | None
    """Both None: it has no end."""

    @classmethod
    def of(cls, tier: Tier, rates: Rates) -> Step:
        """The step of a tier."""
        return cls(tier, rates, *k_readings(tier))


class Tariff(msgspec.Struct, frozen=True):
    """The price of one model on one day in one region, for live or batch calls."""

    row: Price
    steps: tuple[Step, ...]

    def cost(self, usage: Usage) -> Cost | None:
        """Money for ``usage``; None where the input is beyond the last tier."""
        least = [step.rates for step in self._at(usage.input_min)]
        point = [step.rates for step in self._at(usage.input)]
        if not least or not point:
            return None
        input = max(_money(usage.input, rates.input) for rates in point)
        total_min = min(
            _add(_money(usage.input_min, r.input_min), _money(usage.output_min, r.output_min))
            for r in least
        )
        output_max = total_max = None
        if usage.output_max is not None:
            output_max = max(_money(usage.output_max, rates.output) for rates in point)
            total_max = self.most(usage.input_min, usage.input_max, usage.output_max)
        return Cost(self.row.currency, input, output_max, total_min, total_max)

    def charge(self, bill: Charged) -> Decimal | None:
        """Money for tokens that were billed, at the dearest of the tiers that may hold.

        None where the input is beyond the last tier, or a cache was read whose price is unknown.
        """
        dearest = None
        cached = min(bill.cached, bill.input)
        for tier, rates, *_ in self._at(bill.input):
            if bill.cached and tier.cache_hit_per_1k is None:
                return None
            total = _money(bill.output, rates.output if bill.thought else rates.output_min)
            total = _add(total, _money(bill.input - cached, rates.input))
            if cached:
                total = _add(total, _money(cached, rates.input_min))
            if dearest is None or total > dearest:
                dearest = total
        return dearest

    def boundary(self, least: int, most: int | None) -> str | None:
        """Why two tiers may hold for an input of so many tokens, in one sentence; None: one does.

        ``most`` None is an input without a known end, of which nothing is said.
        """
        for *_, low, high in self.steps[:-1]:  # beyond the last no price is known
            if low is None or high is None or most is None or not (least <= high and most > low):
                continue
            tokens = f"{least:,} tokens" if least == most else f"{least:,} to {most:,} tokens"
            ends = f"{low:,} tokens"
            if low != high:
                ends = (
                    f"{low:,} or {high:,} tokens, as K is 1,000 or 1,024 (the documents do not say)"
                )
            return f"the price tier ends at {ends}: {tokens} may be billed at either price"
        return None

    def most(self, least: int, most: int | None, output: int) -> Decimal | None:
        """The dearest total for an input from ``least`` to ``most``; None: without an end."""
        if most is None:
            return None
        dearest = self._most(most, output)
        if least < most:
            ends = (end for *_, low, high in self.steps for end in (low, high) if end is not None)
            for end in ends:
                total = self._most(end, output) if least <= end <= most else None
                if dearest is not None and total is not None:
                    dearest = max(dearest, total)
        return dearest

    def _most(self, input_tokens: int, output: int) -> Decimal | None:
        """The dearest total for an input; None beyond the last tier."""
        dearest = None
        for _, rates, *_ in self._at(input_tokens):
            total = _add(_money(input_tokens, rates.input), _money(output, rates.output))
            if dearest is None or total > dearest:
                dearest = total
        return dearest

    def _at(self, input_tokens: int) -> list[Step]:
        """The steps that may hold for an input: none beyond the last, two where K may be both."""
        found = []
        for step in self.steps:
            if step.low is None or step.high is None or input_tokens <= step.low:
                found.append(step)
                break
            if input_tokens <= step.high:
                found.append(step)
        return found


def k_readings(tier: Tier) -> tuple[int, int] | tuple[None, None]:
    """The least and the most tokens that a tier's end may mean; (None, None) where it has none."""
    end = tier.up_to_input_tokens
    if end is None:
        return None, None
    if tier.boundary == "exact":
        return end, end
    if end % 1000 == 0:
        thousands = end // 1000
        millions, rest = divmod(thousands, 1000)
        return end, millions * 1024**2 if millions and not rest else thousands * 1024
    return end // 1024 * 1000, end


def find_tariff(
    model: Model,
    edition: Edition,
    day: dt.date | None,
    *,
    region: str | None,
    batch: bool,
    thinking: bool | None,
) -> tuple[Tariff | None, str | None]:
    """The tariff in force, or None and why the price is not known.

    ``thinking`` None: it is not known whether the model will think, so both prices may hold.
    """
    on = f" on {day}" if day else ""
    if not model.prices:
        return None, f"no price of {model.id} is known"
    row = row_on((p for p in model.prices if p.region == _region(model, region)), day)
    if row is None:
        return None, f"no price of {model.id} is known for {_region(model, region)}{on}"
    factor = _batch_factor(edition, model.id) if batch else None
    steps = []
    for tier in row.tiers:
        rates = _batch_rates(tier, factor, thinking) if batch else _rates(tier, thinking)
        if rates is None:
            return None, f"no batch price of {model.id} is known{on}"
        steps.append(Step.of(tier, rates))
    return Tariff(row, tuple(steps)), None


def _region(model: Model, region: str | None) -> str:
    if region is not None:
        return region
    regions = {price.region for price in model.prices}
    return DEFAULT_REGION if len(regions) > 1 else next(iter(regions), DEFAULT_REGION)


def _rates(tier: Tier, thinking: bool | None) -> Rates:
    outputs = {
        True: (tier.thinking_output_per_1k or tier.output_per_1k,),
        False: (tier.output_per_1k,),
        None: (tier.output_per_1k, tier.thinking_output_per_1k or tier.output_per_1k),
    }[thinking]
    hit = tier.cache_hit_per_1k
    cheapest = tier.input_per_1k if hit is None else min(hit, tier.input_per_1k)
    return _per_token(tier.input_per_1k, cheapest, max(outputs), min(outputs))


def _batch_rates(tier: Tier, factor: Decimal | None, thinking: bool | None) -> Rates | None:
    """Batch prices: the row's own, else the live ones times the edition's factor; no cache."""
    input, output = tier.batch_input_per_1k, tier.batch_output_per_1k
    thought = thinking is not False and tier.thinking_output_per_1k is not None
    if input is not None and output is not None and not thought:
        return _per_token(input, input, output, output)
    if factor is None:
        return None
    live = _rates(tier, thinking)
    halved = [EXACT.multiply(rate, factor) for rate in (live.input, live.output, live.output_min)]
    return Rates(halved[0], halved[0], halved[1], halved[2])


def _per_token(*per_1k: Decimal) -> Rates:
    return Rates(*(EXACT.scaleb(rate, -3) for rate in per_1k))


def _batch_factor(edition: Edition, model: str) -> Decimal | None:
    clause: BehaviourClause | None = edition.behaviour("batch_discount", model)
    factor = clause.args.get("factor") if clause else None
    return Decimal(str(factor)) if isinstance(factor, int | float | str) else None


def plain(money: Decimal) -> str:
    """A decimal without exponent and without trailing zeros: ``0.8251``."""
    text = format(money, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
