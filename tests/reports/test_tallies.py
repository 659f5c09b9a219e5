"""Counts and comparisons that reports speak of."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reports import making
from tokenassay.conformance.results import BoundRow
from tokenassay.reports.tallies import bound, tallies


def test_a_tally_counts_each_promise_once() -> None:
    made = [
        making.promise("a"),
        making.promise("b", "violated"),
        making.promise("c", "non-strict"),
        making.promise("d", "observed"),
        making.promise("e", "inconclusive"),
        making.promise("f", "not-run", why="the budget"),
        making.promise("g", "not-run", why="not selected"),
        making.promise("h", target="other"),
    ]
    first, second = tallies(making.document(made))
    assert (first.kept, first.violated, first.non_strict) == (1, 1, 1)
    assert (first.observed, first.inconclusive, first.not_run, first.unselected) == (1, 1, 1, 1)
    assert first.decided == 3
    assert first.asked == 6
    assert (second.kept, second.decided, second.asked) == (1, 1, 1)


IN = ("temperature_in_its_range_is_accepted",)
ABOVE = ("temperature_above_its_range_is_refused",)


@pytest.mark.parametrize(
    ("documented", "observed", "broken", "agreement", "breach"),
    [
        ("[0, 2)", "[0, 1.9999999999999998]", (), "same", False),
        ("[0, 2)", "[0, 2)", (), "same", False),
        ("(0, 1.0)", "(0, 1.0)", (), "same", False),
        ("[0, 2)", "[0, 2]", ABOVE, "wider", True),
        ("[0, 2)", "[0, 2]", (), "wider", False),
        ("[0, 2)", "[0, 1000000 or beyond]", ABOVE, "wider", True),
        ("[0, inf)", "[-1000000 or beyond, 1000000]", (), "wider", False),
        ("[1, 1500]", "[1, 1500]", IN, "same", False),
        ("[0, 2)", "[0, 1]", IN, "narrower", True),
        ("[0, 2)", "[0.5, 1.9999999999999998]", IN, "narrower", True),
        # Nobody said that the rest was refused: it may not have been tried for its cost.
        ("[1, 1500]", "[1, 16]", (), "same", False),
        ("[0, 2)", "[?, ?]", IN, "unknown", False),
        ("any", "[0, 1]", (), "unknown", False),
        # Broken for another reason than its range.
        ("[0, 2)", "[0, 2]", ("temperature_of_a_wrong_type_is_refused",), "wider", False),
    ],
)
def test_bounds_compare(
    documented: str, observed: str, broken: tuple[str, ...], agreement: str, breach: bool
) -> None:
    row = BoundRow(target="t", parameter="temperature", documented=documented, observed=observed)
    compared = bound(row, broken)
    assert (compared.agreement, compared.is_breach) == (agreement, breach)


@given(
    st.integers(-1000, 1000),
    st.integers(1, 1000),
    st.booleans(),
    st.booleans(),
)
def test_values_next_to_the_ends_agree(low: int, width: int, left: bool, right: bool) -> None:
    high = low + width
    documented = f"{'(' if left else '['}{low}, {high}{')' if right else ']'}"
    least = math.nextafter(low, math.inf) if left else low
    most = math.nextafter(high, -math.inf) if right else high
    row = BoundRow(
        target="t", parameter="temperature", documented=documented, observed=f"[{least}, {most}]"
    )
    for broken in ((), IN):
        assert bound(row, broken).agreement == "same"
