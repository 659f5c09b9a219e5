"""Which dated row holds on a day."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenassay.contracts.catalog import Sizes
from tokenassay.estimators.dates import holds, parse_day, row_near, row_on

OLD = Sizes(source="a", since="2024-04", until="2024-06")
NEW = Sizes(source="a", since="2025")
ROWS = (NEW, OLD)


@given(st.dates())
def test_a_day_reads_back_from_its_text(day: dt.date) -> None:
    assert parse_day(day.isoformat()) == parse_day(day) == day


@pytest.mark.parametrize(
    ("day", "row"),
    [
        ("2024-03-31", None),
        ("2024-04-01", OLD),
        ("2024-05-31", OLD),
        ("2024-06-01", None),
        ("2024-12-31", None),
        ("2025-01-01", NEW),
        (None, NEW),
    ],
)
def test_a_row_holds_from_its_first_day_to_before_its_last(
    day: str | None, row: Sizes | None
) -> None:
    assert row_on(ROWS, parse_day(day)) is row


@pytest.mark.parametrize(
    ("day", "row", "in_force"),
    [
        ("2020", OLD, False),
        ("2024-05", OLD, True),
        ("2024-07", OLD, False),
        ("2026", NEW, True),
        (None, NEW, True),
    ],
)
def test_the_nearest_row_is_the_one_before_or_else_the_first(
    day: str | None, row: Sizes, in_force: bool
) -> None:
    assert row_near(ROWS, parse_day(day)) == (row, in_force)


def test_without_rows_there_is_none() -> None:
    assert row_near((), dt.date(2024, 1, 1)) == (None, True)


@given(st.dates(dt.date(2023, 1, 1), dt.date(2026, 1, 1)))
def test_the_row_on_a_day_holds_on_it(day: dt.date) -> None:
    row = row_on(ROWS, day)
    assert row is None or holds(row, day)
    assert (row is None) == (not any(holds(other, day) for other in ROWS))
