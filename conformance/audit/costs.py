"""What a dishonest meter costs: money by the million tokens."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tokenassay.conformance.audit.auditing import Audit
from tokenassay.conformance.audit.readings import Reading
from tokenassay.conformance.targets import Target
from tokenassay.contracts.records import Record
from tokenassay.contracts.store import Contract
from tokenassay.estimators.bills.metered import OWN
from tokenassay.estimators.estimating import estimate
from tokenassay.estimators.money import Usage

Money = Callable[[int, int], Decimal | None]
"""Money for so many input and output tokens; None where it is not known."""

_MILLION = 1_000_000


class Overcharge(Record, frozen=True, kw_only=True):
    """What is charged beyond what was used, over the requests of an audit."""

    per_million: Decimal | None
    """Money per million tokens used, in requests as long as the audit's are on average; negative
    where too little is charged; None where no price is known."""
    per_million_requests: Decimal | None
    """Money per million requests, where a constant surplus makes that the better measure."""
    tokens_per_request: int
    """How long the audit's requests are on average."""


def price_of(target: Target, contract: Contract) -> Money:
    """The target's own price, else the one of its contract or of the catalog as of today."""
    price = target.price
    if price is not None:
        return lambda given, made: (given * price.input_per_1k + made * price.output_per_1k) / 1000
    message = [{"role": "user", "content": "hello"}]
    native = contract.edition.surface == "native"
    body: dict[str, Any] = {"model": target.model}
    body |= {"input": {"messages": message}} if native else {"messages": message}
    tariff = estimate(body, contract=contract).pricing.tariff

    def money(given: int, made: int) -> Decimal | None:
        cost = tariff.cost(Usage(given, given, given, made, made)) if tariff else None
        return cost.total_max if cost else None

    return money


def overcharge(audit: Audit, money: Money) -> Overcharge | None:
    """What the meter charges too much, or None where nothing can be told of it."""
    used = charged = Decimal(0)
    tokens = requests = 0
    for reading in audit.readings:
        counted = reading.counts.get(audit.template or OWN, reading.counted)
        if not _whole(reading) or counted is None:
            continue
        output = reading.output if reading.output is not None else reading.billed_output or 0
        right = money(counted, output)
        told = money(reading.billed_input or 0, reading.billed_output or 0)
        if right is None or told is None:
            return Overcharge(per_million=None, per_million_requests=None, tokens_per_request=0)
        used, charged = used + right, charged + told
        tokens, requests = tokens + counted + output, requests + 1
    if not tokens:
        return None
    excess = charged - used
    return Overcharge(
        per_million=excess * _MILLION / tokens,
        per_million_requests=excess * _MILLION / requests,
        tokens_per_request=tokens // requests,
    )


def _whole(reading: Reading) -> bool:
    return reading.answered and reading.billed_input is not None
