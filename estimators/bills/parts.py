"""What no law of whole plain requests shows: several choices, short answers, tools, documents."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import reduce
from typing import Final, Literal

from tokenassay.estimators.bills.conditions import bounded
from tokenassay.estimators.bills.findings import Finding
from tokenassay.estimators.bills.tallies import Tally
from tokenassay.estimators.bills.weighing import Observation

_FEWEST_CHOICES: Final = 3
_FEWEST_DOCUMENTS: Final = 12
"""Different documents below which a common divisor of their tokens may be chance: of so many,
all are even once in 4,096 honest logs."""


def choice_finding(sample: Sequence[Observation]) -> Finding | None:
    """Of several answers to one request, the output of some alone is billed."""
    told = [one for one in sample if one.choices and one.billed_output is not None]
    wrong = [one for one in told if one.billed_output != one.output]
    if len(wrong) < _FEWEST_CHOICES or len(wrong) * 2 < len(told):
        return None
    single = sum(one.billed_output in one.choices for one in wrong)
    made = sum(one.output or 0 for one in told)
    ratio = sum(one.billed_output or 0 for one in told) / max(1, made)
    how = "as one of them counts" if single * 2 > len(wrong) else "otherwise than they count"
    return Finding(
        side="output",
        verdict="inflated" if ratio > 1 else "deflated",
        factor=round(ratio, 4),
        said=f"output: {len(wrong)} of {len(told)} requests with several answers are billed {how}",
    )


def bound_finding(sample: Sequence[Observation]) -> Finding | None:
    """Short answers, or long ones, are all billed as one and the same number."""
    told = [
        (one.output, one.billed_output)
        for one in sample
        if one.output is not None and one.billed_output is not None
    ]
    return bounded([made for made, _ in told], [billed for _, billed in told], "output")


def feature_finding(tally: Tally) -> Finding | None:
    """Requests with more than plain text, billed far from all that they may count."""
    calls = tally.featured
    ways: tuple[tuple[int, Literal["inflated", "deflated"], str], ...] = (
        (tally.beyond, "inflated", "far more than they may count at the most"),
        (tally.beneath, "deflated", "far less than they must count at the least"),
    )
    for many, verdict, said in ways:
        if many >= _FEWEST_CHOICES and many * 3 >= calls:
            whole = f"input: {many} of {calls} requests with tools or other features are billed"
            return Finding(side="input", verdict=verdict, said=f"{whole} {said}")
    return None


def document_finding(tally: Tally) -> Finding | None:
    """Documents that are billed as nothing, or several times."""
    calls, free = tally.document_calls, tally.wrong_counts["documents"]
    if free and free * 2 > calls:
        said = f"input: {free} of {calls} requests with documents are billed as without them"
        return Finding(side="input", verdict="deflated", said=said)
    tokens = list(tally.documents.values())
    times = reduce(math.gcd, tokens, 0)
    if len(tokens) < _FEWEST_DOCUMENTS or times < 2:
        return None
    return Finding(
        side="input",
        verdict="inflated",
        factor=float(times),
        said=f"input: what {len(tokens)} different documents are billed are all multiples of "
        f"{times}, as if each were counted {times} times",
    )


def thinking_finding(tally: Tally) -> Finding | None:
    """Thinking tokens that are stated otherwise than the thoughts count, in most answers."""
    answers, wrong = tally.thoughts, tally.misstated_thoughts
    if wrong < _FEWEST_CHOICES or wrong * 2 < answers:
        return None
    counted, told = tally.counted_thoughts, tally.told_thoughts
    return Finding(
        side="output",
        verdict="inflated" if told > counted else "deflated",
        factor=round(told / max(1, counted), 4),
        said=f"output: of {answers} answers that show their thoughts {wrong} state other thinking "
        f"tokens than these count, {told:,} for {counted:,} over all",
    )
