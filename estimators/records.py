"""The estimate: what a request will use and cost, how sure that is, what stands against it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from tokenassay.estimators.money import Cost, Tariff, Usage, plain
from tokenassay.estimators.refusals import Refusal, Rules
from tokenassay.estimators.templates import Part

if TYPE_CHECKING:
    from tokenassay.estimators.requests import Request
    from tokenassay.estimators.templates import Meter

Basis = Literal["exact", "calibrated", "modelled", "approximate"]
"""How sure a count is. ``calibrated``: by a template that was fitted to bills of one's own."""


class OutputTokens(msgspec.Struct, frozen=True):
    """Tokens of the answer, thinking included; ``max`` None: no ceiling is known."""

    min: int
    max: int | None


class Pricing(msgspec.Struct, frozen=True):
    """What a cost is computed from: a tariff, or why there is none."""

    tariff: Tariff | None
    why: str
    """Where the price was read, or why it is not known."""


class Estimate(msgspec.Struct, frozen=True, eq=False):
    """What one request will use and cost. Token counts in tokens, money in ``cost.currency``.

    ``cost``, ``breakdown`` and ``notes`` are worked out when they are read, so that an estimate
    in a loop costs little: read them before the request's own lists are changed.
    """

    model: str | None
    edition: str
    input_tokens: int | None
    """The count, or the lower bound where there is no upper one but a limit; None: unknown."""
    input_range: tuple[int | None, int | None]
    """Least and most; the most is None where neither a count nor a limit gives it."""
    basis: Basis
    basis_why: str
    output_tokens: OutputTokens
    refusals: tuple[Refusal, ...]
    pricing: Pricing
    _request: Request
    _rules: Rules
    _notes: tuple[str, ...]
    _parts: tuple[Part, ...] | None
    _meter: Meter | None
    """What counted plain messages: their parts are told apart when asked for."""

    @property
    def cost(self) -> Cost | None:
        """Money for the call; None where the price or the input is not known."""
        tariff = self.pricing.tariff
        low, high = self.input_range
        if tariff is None or self.input_tokens is None or low is None:
            return None
        output = self.output_tokens
        return tariff.cost(Usage(self.input_tokens, low, high, output.min, output.max))

    @property
    def cost_why(self) -> str:
        """Where the price was read, or why the cost or a part of it is not known."""
        if self.pricing.tariff is None:
            return self.pricing.why
        if self.input_tokens is None:
            return "there is no input to price"
        cost = self.cost
        if cost is None:
            return f"the input is beyond the last price tier; {self.pricing.why}"
        if cost.output_max is None:
            return f"no ceiling of the output is known; {self.pricing.why}"
        if cost.total_max is None:
            return f"no ceiling of the input is known or priced; {self.pricing.why}"
        return self.pricing.why

    @property
    def breakdown(self) -> tuple[Part, ...]:
        """Tokens of each message, of the tools and of the template; they add up to the input."""
        if self._parts is not None:
            return self._parts
        return tuple(self._meter.parts(self._request)) if self._meter is not None else ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What is worth knowing and no refusal: open questions of the documents among it."""
        boundary = None
        low, high = self.input_range
        if self.pricing.tariff is not None and low is not None:
            boundary = self.pricing.tariff.boundary(low, high)
        own = (*self._notes, boundary) if boundary else self._notes
        return own + self._rules.notes(self._request)

    @property
    def refused(self) -> bool:
        """Whether a refusal of level ``must`` stands against the call."""
        return any(refusal.level == "must" for refusal in self.refusals)

    def __repr__(self) -> str:
        tokens, basis = self.input_tokens, self.basis
        return f"Estimate({self.model!r}, {self.edition!r}, input_tokens={tokens}, basis={basis!r})"

    def to_dict(self) -> dict[str, Any]:
        """The estimate as plain JSON data; money as decimal strings, unknown as null."""
        return {
            "model": self.model,
            "edition": self.edition,
            "input_tokens": self.input_tokens,
            "input_range": list(self.input_range),
            "basis": self.basis,
            "basis_why": self.basis_why,
            "output_tokens": {"min": self.output_tokens.min, "max": self.output_tokens.max},
            "cost": _cost_dict(self.cost),
            "cost_why": self.cost_why,
            "refusals": [_refusal_dict(refusal) for refusal in self.refusals],
            "notes": list(self.notes),
            "breakdown": [{"part": p.part, "tokens": p.tokens} for p in self.breakdown],
        }


def _cost_dict(cost: Cost | None) -> Mapping[str, str | None] | None:
    if cost is None:
        return None
    return {
        "currency": cost.currency,
        "input": plain(cost.input),
        "output_max": None if cost.output_max is None else plain(cost.output_max),
        "total_min": plain(cost.total_min),
        "total_max": None if cost.total_max is None else plain(cost.total_max),
    }


def _refusal_dict(refusal: Refusal) -> dict[str, Any]:
    return {
        "clause": refusal.clause,
        "level": refusal.level,
        "status": refusal.status,
        "code": refusal.code,
        "message": refusal.message,
        "why": refusal.why,
    }
