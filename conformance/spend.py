"""What a request may cost before it is sent, and what its answer says it cost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

from tokenassay.conformance.exchanges import Exchange, FailureKind
from tokenassay.conformance.targets import Target
from tokenassay.contracts.edition import Edition
from tokenassay.contracts.records import Record, Surface
from tokenassay.contracts.store import Contract
from tokenassay.estimators.estimating import estimate
from tokenassay.estimators.money import Tariff, Usage
from tokenassay.estimators.records import Estimate

_FALLBACK_OUTPUT: Final = 2_000
"""Output tokens to reserve where no document states a ceiling: our caution, not a bound."""

_MARGIN: Final = 64
"""Input tokens, beside a quarter of the count, by which a bill may pass our count."""

_MOST_UNSEEN: Final = 50_000
"""Input tokens that a search or a document may add: our caution again, where the documents
know no end but the model's own."""

_MOST_TOKENS: Final = 1 << 40
"""A count above this is no count."""


_USAGE: Final[dict[Surface, tuple[str, str]]] = {
    "native": ("input_tokens", "output_tokens"),
    "openai": ("prompt_tokens", "completion_tokens"),
}

_UNSENT: Final[frozenset[FailureKind]] = frozenset({"connect", "tls", "proxy", "timeout-connect"})
"""Failures before the request left."""


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
        """The estimate of a request, by the token template in force at the edition's date."""
        return estimate(body, contract=self._contract, as_of=self._contract.edition.date)

    @property
    def known(self) -> bool:
        """Whether a price is known, so that a budget means something."""
        return self._target.price is not None or self._tariff is not None

    @property
    def currency(self) -> str | None:
        """Currency of all money here; None where no price is known."""
        if self._target.price is not None:
            return self._target.price.currency
        return self._tariff.row.currency if self._tariff else None

    def at_most(self, body: Mapping[str, Any]) -> tuple[Decimal, int]:
        """The most money and tokens that a request can cost."""
        try:
            judged = self._today(body)
        except (ValueError, LookupError):
            # Not a request at all: it can be billed for its bytes at most.
            tokens = len(str(body)) + _FALLBACK_OUTPUT
            return self._money(tokens, 0), tokens
        low, most = judged.input_range
        high = min(most or 0, (judged.input_tokens or low or 0) + _MOST_UNSEEN)
        high += high // 4 + _MARGIN
        output = judged.output_tokens.max or _FALLBACK_OUTPUT
        return self._money(high, output), high + output

    def billed(self, exchange: Exchange, surface: Surface) -> Billed:
        """What the answer's usage comes to; nothing for an error that carries no usage."""
        usage = last_usage(exchange)
        if usage is None:
            refused = exchange.error is not None and exchange.whole
            unsent = exchange.failure is not None and exchange.failure.kind in _UNSENT
            free = refused or unsent
            return Billed(money=Decimal(0), tokens=0) if free else Billed(money=None, tokens=None)
        names = _USAGE[surface]
        counts = [value for name in names if type(value := usage.get(name)) is int]
        if len(counts) < len(names) or not all(0 <= count < _MOST_TOKENS for count in counts):
            return Billed(money=None, tokens=None)
        return Billed(money=self._money(*counts), tokens=sum(counts))

    def _money(self, input_tokens: int, output_tokens: int) -> Decimal:
        """At today's prices, for the dearest way in which the tokens may have been used."""
        price = self._target.price
        if price is not None:
            return (input_tokens * price.input_per_1k + output_tokens * price.output_per_1k) / 1000
        if self._tariff is None:
            return Decimal(0)
        used = Usage(input_tokens, input_tokens, input_tokens, output_tokens, output_tokens)
        cost = self._tariff.cost(used)
        if cost is not None and cost.total_max is not None:
            return cost.total_max
        # Beyond the last tier: as its tokens would cost, for they are not free.
        last = self._tariff.row.tiers[-1]
        output_per_1k = last.thinking_output_per_1k or last.output_per_1k
        return (input_tokens * last.input_per_1k + output_tokens * output_per_1k) / 1000

    def _today(self, body: Mapping[str, Any]) -> Estimate:
        # Today's price, also where an edition of former years is held to: that is what is paid.
        return estimate(body, contract=self._contract, as_of=dt.date.today())

    @cached_property
    def _tariff(self) -> Tariff | None:
        message = [{"role": "user", "content": "hello"}]
        native = self._contract.edition.surface == "native"
        body: dict[str, Any] = {"model": self._target.model}
        body.update({"input": {"messages": message}} if native else {"messages": message})
        return self._today(body).pricing.tariff


def last_usage(exchange: Exchange) -> Mapping[str, Any] | None:
    """The usage that an answer ends with; None where it has none."""
    if exchange.is_stream:
        for event in reversed(exchange.events):
            found = _usage_of(event.json)
            if found is not None:
                return found
        return None
    return _usage_of(exchange.json)


def _usage_of(body: Any) -> Mapping[str, Any] | None:
    usage = body.get("usage") if isinstance(body, Mapping) else None
    return usage if isinstance(usage, Mapping) else None
