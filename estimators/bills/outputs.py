"""Billed output, totals and errors: the rest of what a meter shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from tokenassay.estimators.bills.conditions import bounded, located, of_two
from tokenassay.estimators.bills.findings import Finding, finding_of
from tokenassay.estimators.bills.laws import Law, find_law, spare_of
from tokenassay.estimators.bills.metered import Metered

_FEWEST: Final = 6
"""Answers below which a figure proves nothing."""


def output_findings(readings: Sequence[Metered]) -> Iterator[Finding]:
    """Output billed as something else than the tokens of the answer."""
    told = [r for r in readings if r.output is not None and r.billed_output is not None]
    if len(told) < _FEWEST:
        return
    law = _law(told)
    if law is not None:
        found = finding_of(law, "output")
        if found is not None:
            yield found
        return
    counted, billed = [r.output or 0 for r in told], [r.billed_output or 0 for r in told]
    bound = bounded(counted, billed, "output")
    for known in (_room(told), bound, _streams(told), located(told, counted, billed, "output")):
        if known is not None:
            yield known
            return
    wrong = [r for r in told if r.output != r.billed_output]
    # A model may write tokens that its text does not show: a few such answers prove nothing.
    if len(wrong) > max(2, len(told) // 4):
        first = wrong[0]
        yield Finding(
            side="output",
            verdict="erratic",
            said=f"output: {len(wrong)} of {len(told)} answers are not billed as their text "
            f"counts, for instance {first.billed_output:,} for {first.output:,} tokens",
        )


def _law(readings: Sequence[Metered]) -> Law | None:
    counted = [r.output or 0 for r in readings]
    billed = [r.billed_output or 0 for r in readings]
    return find_law(counted, billed, spare_of(len(readings)))


def _room(told: Sequence[Metered]) -> Finding | None:
    """The room that was asked for is billed, however short the answer is."""
    told = [r for r in told if r.cap is not None]  # others have the model's own, not told here
    unlike = [r for r in told if r.billed_output != r.cap]
    if len(told) < _FEWEST or len(unlike) > spare_of(len(told)):
        return None
    ratio = sum(r.billed_output or 0 for r in told) / max(1, sum(r.output or 0 for r in told))
    return Finding(
        side="output",
        verdict="inflated",
        factor=round(ratio, 4),
        said="output: max_tokens is billed, however short the answer is",
    )


def _streams(told: Sequence[Metered]) -> Finding | None:
    plain = [r for r in told if not r.streamed]
    streamed = [r for r in told if r.streamed]
    if not plain or len(streamed) < 3:
        return None
    one, other = _law(plain), _law(streamed)
    if one is None or other is None:
        return None
    return of_two(one, other, "output")


def total_finding(readings: Sequence[Metered]) -> Finding | None:
    """A total that is not the sum of input and output."""
    told = [
        (reading.billed_input + reading.billed_output, reading.billed_total)
        for reading in readings
        if reading.billed_input is not None
        and reading.billed_output is not None
        and reading.billed_total is not None
    ]
    if len(told) < _FEWEST:
        return None
    sums, totals = [own for own, _ in told], [total for _, total in told]
    law = find_law(sums, totals, spare_of(len(told)))
    if law is not None:
        return finding_of(law, "total")
    outputs = [r.billed_output for r in readings if r.billed_total is not None]
    leaves_out = outputs == [r.billed_total for r in readings if r.billed_total is not None]
    own, total = next((own, total) for own, total in told if own != total)
    if leaves_out:
        return Finding(side="total", verdict="deflated", said="total: it leaves out the input")
    said = f"total: it is {total:,} where input and output make {own:,}"
    return Finding(side="total", verdict="erratic", said=said)


def error_finding(refused: Sequence[Metered]) -> Finding | None:
    """Tokens billed for requests that were refused."""
    billed = [r for r in refused if (r.billed_input or 0) + (r.billed_output or 0) > 0]
    if not billed:
        return None
    tokens = (billed[0].billed_input or 0) + (billed[0].billed_output or 0)
    return Finding(
        side="errors",
        verdict="errors billed",
        surplus=tokens,
        said=f"errors: {len(billed)} of {len(refused)} refused requests are billed, "
        f"for instance at {tokens:,} tokens",
    )
