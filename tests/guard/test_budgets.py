"""Budgets are read as they are written."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenassay.guard import Budget
from tokenassay.guard.budgets import Period, read_budgets

AMOUNTS = st.decimals(0, 10**6, allow_nan=False, allow_infinity=False, places=4)
PERIODS: st.SearchStrategy[Period | None] = st.sampled_from([None, "day", "month"])


@given(st.builds(Budget, AMOUNTS, st.sampled_from(["CNY", "USD"]), PERIODS, st.booleans()))
def test_what_is_written_is_read_back(budget: Budget) -> None:
    assert Budget.parse(str(budget)) == budget


@pytest.mark.parametrize(
    "written",
    ["", "5", "CNY", "5 CNY/week", "-5 CNY", "5 CNY/tag/day", "5e3 CNY", "٥ CNY", "1,000 CNY"],
)
def test_anything_else_is_told_in_one_line(written: str) -> None:
    with pytest.raises(ValueError, match="expected a budget such as '5 CNY/day'") as told:
        Budget.parse(written)
    assert "\n" not in str(told.value)


def test_one_or_several_or_none() -> None:
    five = Budget(Decimal(5), "CNY", "day")
    assert read_budgets(None) == ()
    assert read_budgets("5 CNY/day") == read_budgets(five) == (five,)
    assert read_budgets([five, "5 cny/day"]) == (five, five)
