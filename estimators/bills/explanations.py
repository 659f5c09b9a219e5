"""Explanations of billed input, and what all ways to find one share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tokenassay.contracts.records import Record
from tokenassay.estimators.bills.findings import Finding, finding_of
from tokenassay.estimators.bills.laws import Law
from tokenassay.estimators.bills.metered import OWN, Metered


class Explained(Record, frozen=True, kw_only=True):
    """How input is billed: by which template, and what is wrong with it."""

    template: str | None
    """``own``, or the known profile that fits; None where none does."""
    offset: int = 0
    """Tokens that a template of its own would add to it in each request."""
    finding: Finding | None
    odd: tuple[int, ...] = ()
    """Exchanges that fit nothing, few enough to leave aside."""


def explained_by(readings: Sequence[Metered], law: Law, template: str) -> Explained:
    """The explanation that one law gives, over the counts of a template."""
    offset = law.surplus if law.kind == "constant" else 0
    return Explained(
        template=template,
        offset=offset,
        finding=finding_of(law, "input"),
        odd=odd_of(readings, law),
    )


def billed_of(readings: Sequence[Metered]) -> list[int]:
    """Input tokens billed."""
    return [reading.billed_input or 0 for reading in readings]


def odd_of(readings: Sequence[Metered], law: Law) -> tuple[int, ...]:
    """Exchanges that a law of these readings leaves aside."""
    return tuple(readings[at].exchange for at in law.odd)


def templates_of(readings: Sequence[Metered]) -> Iterator[tuple[str, list[int]]]:
    """Counts by each template, the model's own first."""
    names = [name for name in readings[0].counts if name != OWN]
    for name in (OWN, *names):
        if all(name in reading.counts for reading in readings):
            yield name, [reading.counts[name] for reading in readings]
