"""What no law of whole plain requests shows: several choices, short answers, tools, documents."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import reduce
from typing import Final

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


def least_finding(sample: Sequence[Observation]) -> Finding | None:
    """Short answers are all billed as one and the same number."""
    told = [
        (one.output, one.billed_output)
        for one in sample
        if one.output is not None and one.billed_output is not None
    ]
    wrong = [(made, billed) for made, billed in told if made != billed]
    least = {billed for _, billed in wrong}
    if len(least) != 1 or len({made for made, _ in wrong}) < _FEWEST_CHOICES:
        return None
    (most,) = least
    if any(made >= most for made, _ in wrong) or any(billed < most for _, billed in told):
        return None
    ratio = sum(billed for _, billed in told) / max(1, sum(made for made, _ in told))
    said = f"output: an answer of fewer than {most} tokens is billed as {most}"
    return Finding(side="output", verdict="inflated", factor=round(ratio, 4), said=said)


def beyond_finding(tally: Tally) -> Finding | None:
    """Requests with more than plain text, billed far beyond the most that they may count."""
    calls, beyond = tally.featured, tally.beyond
    if beyond < _FEWEST_CHOICES or beyond * 3 < calls:
        return None
    said = f"input: {beyond} of {calls} requests with tools or other features are billed far more"
    return Finding(side="input", verdict="inflated", said=f"{said} than they may count at the most")


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
