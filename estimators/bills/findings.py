"""What the laws of one meter's figures mean: findings, each with its size and in words."""

from __future__ import annotations

from typing import Final, Literal

from tokenassay.contracts.records import Record
from tokenassay.estimators.bills.laws import Law

Verdict = Literal[
    "honest",
    "constant surplus",
    "inflated",
    "deflated",
    "other tokenizer",
    "recounted by stream",
    "swapped",
    "errors billed",
    "erratic",
    "inconclusive",
]
"""``deflated``: fewer tokens are billed than counted. ``inconclusive``: nothing can be told."""

Side = Literal["input", "output", "total", "errors"]

WORST_FIRST: Final[tuple[Verdict, ...]] = (
    "swapped",
    "erratic",
    "other tokenizer",
    "inflated",
    "recounted by stream",
    "constant surplus",
    "deflated",
    "errors billed",
)


class Finding(Record, frozen=True, kw_only=True):
    """One thing that a meter gets wrong. ``surplus`` in tokens a request."""

    side: Side
    verdict: Verdict
    said: str
    surplus: int | None = None
    factor: float | None = None
    uncertainty: float | None = None
    odd: tuple[int, ...] = ()
    """Exchanges that do not fit it."""


def finding_of(law: Law, side: Side, *, where: str = "") -> Finding | None:
    """What a law says of a meter; None where it is the honest one."""
    if law.kind == "equal":
        return None
    what = f"{where}{side}"
    if law.kind == "constant":
        return Finding(
            side=side,
            verdict="constant surplus",
            surplus=law.surplus,
            factor=1.0,
            uncertainty=0.0,
            said=f"{what}: exactly {_tokens(law.surplus)} in each request{_hint(side, law)}",
        )
    if law.kind == "multiple":
        said = f"{what}: rounded {law.rounding} to multiples of {law.multiple}"
        verdict: Verdict = "inflated" if law.factor >= 1 else "deflated"
        return Finding(
            side=side,
            verdict=verdict,
            said=f"{said}, {law.factor:g} times what was counted over all",
            factor=law.factor,
            uncertainty=0.0,
        )
    if law.factor == 0:
        said = f"{what}: billed as 0, whatever is sent"
        return Finding(side=side, verdict="deflated", said=said, factor=0.0, uncertainty=0.0)
    added = f" after {_tokens(law.hidden)} are put in" if law.hidden else ""
    added += f", and {_tokens(law.surplus)}" if law.surplus else ""
    rounding = f", rounded {law.rounding}" if law.rounding else ""
    return Finding(
        side=side,
        verdict="inflated" if law.factor > 1 else "deflated",
        surplus=law.hidden or law.surplus,
        factor=law.factor,
        uncertainty=law.uncertainty,
        said=f"{what}: {law.factor:g} times what was counted (give or take "
        f"{law.uncertainty:.2g}){rounding}{added}",
    )


_HINT: Final = ", as a hidden prompt of that length would bring about"


def hintless(said: str) -> str:
    """What a finding says, without what may have brought it about."""
    return said.removesuffix(_HINT)


def _tokens(number: int) -> str:
    plural = "token" if abs(number) == 1 else "tokens"
    return f"{abs(number):,} {plural} too {'many' if number > 0 else 'few'}"


def _hint(side: Side, law: Law) -> str:
    if side != "input" or law.surplus < 1:
        return ""
    return _HINT


def worst(findings: tuple[Finding, ...]) -> Finding | None:
    """The finding that names the verdict: input before output, then the gravest."""
    order: tuple[Side, ...] = ("input", "output", "total", "errors")
    return min(
        findings,
        key=lambda found: (order.index(found.side), WORST_FIRST.index(found.verdict)),
        default=None,
    )
