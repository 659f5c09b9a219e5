"""Requests whose usage was published, against what we say of them: case by case, misses included.

    python benchmarks/published.py

Exit code 1 where a count whose basis is exact is wrong, where fewer than 21 of the inputs are
predicted, or where the tokens of a complete output text are not those published.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tokenassay.estimators.estimating import estimate
from tokenassay.estimators.tokens import count_tokens

CASES = Path(__file__).parents[1] / "tests" / "data" / "published-usage.json"
TARGET = 21


class Row(NamedTuple):
    """One case: what was billed, and what we count."""

    case: str
    as_of: str
    billed: int
    counted: int | None
    basis: str
    billed_output: int
    counted_output: int | None
    """None where the answer was not published whole, or the model thought."""

    @property
    def hit(self) -> bool:
        return self.counted == self.billed


def measure(case: dict[str, Any]) -> Row:
    """One case, estimated as of its day."""
    found = estimate(case["request"], as_of=case["as_of"], batch=case["batch"])
    whole = case.get("output_complete") and "reasoning_text" not in case
    return Row(
        case["case"],
        case["as_of"] or "newest",
        case["input_tokens"],
        found.input_tokens,
        found.basis,
        case["output_tokens"],
        count_tokens(case["output_text"]) if whole else None,
    )


def main(argv: Sequence[str] = ()) -> int:
    """Measure, print the table; the exit code."""
    rows = [measure(case) for case in json.loads(CASES.read_text(encoding="utf-8"))]
    print(
        f"{'case':<28}{'as of':<11}{'billed':>7}{'counted':>8}  {'basis':<12}{'output':>7}"
        f"{'text':>6}"
    )
    for row in rows:
        text = "-" if row.counted_output is None else row.counted_output
        missed = "" if row.hit else f"  off by {(row.counted or 0) - row.billed:+}"
        print(
            f"{row.case:<28}{row.as_of:<11}{row.billed:>7}{row.counted or '-':>8}  {row.basis:<12}"
            f"{row.billed_output:>7}{text:>6}{missed}"
        )
    hits = sum(row.hit for row in rows)
    exact = [row for row in rows if row.basis == "exact"]
    wrong = [row.case for row in exact if not row.hit]
    outputs = [row for row in rows if row.counted_output is not None]
    differing = [row.case for row in outputs if row.counted_output != row.billed_output]
    print(f"\ninputs predicted: {hits} of {len(rows)} (target {TARGET})")
    print(f"basis exact: {len(exact)}, wrong: {len(wrong)} {' '.join(wrong)}".rstrip())
    print(
        f"output texts: {len(outputs)}, differing: {len(differing)} {' '.join(differing)}".rstrip()
    )
    return 1 if wrong or differing or hits < TARGET else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
