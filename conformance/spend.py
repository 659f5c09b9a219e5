"""What a request may cost before it is sent, and what its answer says it cost."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.targets import Target
from tokenassay.contracts.edition import Edition
from tokenassay.contracts.records import Record, Surface
from tokenassay.contracts.store import Contract
from tokenassay.estimators.estimating import estimate
from tokenassay.estimators.records import Estimate

_FALLBACK_OUTPUT = 2_000
"""Output tokens to reserve where no document states a ceiling: our caution, not a bound."""


class Billed(Record, frozen=True, kw_only=True):
    """Money and tokens of one exchange; None where the answer does not tell."""

    money: Decimal | None
    tokens: int | None


class Pricing:
    """Prices one target's requests, by its edition and by its own price where it has one."""

    def __init__(self, target: Target, edition: Edition, contract: Contract | None = None) -> None:
        self._target = target
        self._contract = contract or Contract(edition)

    def estimate(self, body: Mapping[str, Any]) -> Estimate:
        """The estimate of a request under the target's edition."""
        return estimate(body, contract=self._contract)

    @property
    def known(self) -> bool:
        """Whether a price is known, so that a budget means something."""
        return self._rates() is not None

    @property
    def currency(self) -> str:
        """Currency of all money here; ``?`` where no price is known."""
        tariff = self._sample().pricing.tariff
        return self._target.currency or (tariff.row.currency if tariff else "?")

    def at_most(self, body: Mapping[str, Any]) -> tuple[Decimal, int]:
        """The most money and tokens that a request can cost."""
        try:
            judged = self.estimate(body)
        except (ValueError, LookupError):
            # Not a request at all: it can be billed for its bytes at most.
            tokens = len(str(body)) + _FALLBACK_OUTPUT
            return self._money(tokens, 0), tokens
        high = judged.input_range[1] or judged.input_tokens or 0
        output = judged.output_tokens.max or _FALLBACK_OUTPUT
        return self._money(high, output), high + output

    def billed(self, exchange: Exchange, surface: Surface) -> Billed:
        """What the answer's usage comes to; nothing for an error that carries no usage."""
        usage = last_usage(exchange)
        if usage is None:
            refused = exchange.error is not None and exchange.whole
            return Billed(money=Decimal(0), tokens=0) if refused else Billed(money=None, tokens=None)
        names = (
            ("input_tokens", "output_tokens")
            if surface == "native"
            else ("prompt_tokens", "completion_tokens")
        )
        counts = [usage.get(name) for name in names]
        if not all(isinstance(count, int) and 0 <= count < 1 << 40 for count in counts):
            return Billed(money=None, tokens=None)
        input_tokens, output_tokens = counts
        return Billed(
            money=self._money(input_tokens, output_tokens), tokens=input_tokens + output_tokens
        )

    def _money(self, input_tokens: int, output_tokens: int) -> Decimal:
        rates = self._rates()
        if rates is None:
            return Decimal(0)
        return (input_tokens * rates[0] + output_tokens * rates[1]) / 1000

    def _rates(self) -> tuple[Decimal, Decimal] | None:
        target = self._target
        if target.input_per_1k is not None and target.output_per_1k is not None:
            return target.input_per_1k, target.output_per_1k
        tariff = self._sample().pricing.tariff
        if tariff is None:
            return None
        dearest = max(tariff.row.tiers, key=lambda tier: tier.input_per_1k)
        output = dearest.thinking_output_per_1k or dearest.output_per_1k
        return dearest.input_per_1k, output

    def _sample(self) -> Estimate:
        message = [{"role": "user", "content": "hello"}]
        native = self._contract.edition.surface == "native"
        body: dict[str, Any] = {"model": self._target.model}
        body.update({"input": {"messages": message}} if native else {"messages": message})
        return self.estimate(body)


def last_usage(exchange: Exchange) -> Mapping[str, Any] | None:
    """The usage that an answer ends with; None where it has none."""
    bodies = [event.json for event in exchange.events] if exchange.is_stream else [exchange.json]
    for body in reversed(bodies):
        if isinstance(body, Mapping) and isinstance(body.get("usage"), Mapping):
            found: Mapping[str, Any] = body["usage"]
            return found
    return None
