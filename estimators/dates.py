"""Days, and which of a model's dated rows holds on one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from functools import lru_cache
from typing import TypeVar

from tokenassay.contracts import store
from tokenassay.contracts.catalog import Sized

Row = TypeVar("Row", bound=Sized)


@lru_cache(maxsize=1024)
def first_day(partial: str) -> dt.date:
    """First day of a partial ISO date; ValueError where it is none."""
    return store.day(partial)


def parse_day(as_of: dt.date | str | None) -> dt.date | None:
    """The day meant: a date, or ISO text that may be partial (2024, 2024-04, 2024-04-15).

    None is None: the newest that is known. ValueError says what was expected.
    """
    if as_of is None:
        return None
    if isinstance(as_of, dt.datetime):
        return as_of.date()
    if isinstance(as_of, dt.date):
        return as_of
    try:
        return first_day(as_of)
    except (ValueError, TypeError, AttributeError):
        raise ValueError(f"expected a date such as 2024-04-15, got {as_of!r}") from None


def holds(row: Sized, day: dt.date) -> bool:
    """Whether a row is in force on ``day``."""
    return first_day(row.since) <= day and (row.until is None or day < first_day(row.until))


def row_on(rows: Iterable[Row], day: dt.date | None) -> Row | None:
    """The row in force on ``day``, the newest where several are; None where there is none.

    Without a day: the newest row of all.
    """
    held = [row for row in rows if day is None or holds(row, day)]
    return max(held, key=_since, default=None)


def row_near(rows: Iterable[Row], day: dt.date | None) -> tuple[Row | None, bool]:
    """The row in force on ``day`` and True; else the nearest before it, or the first, and False."""
    rows = tuple(rows)
    held = row_on(rows, day)
    if held is not None or not rows or day is None:
        return held, True
    before = [row for row in rows if first_day(row.since) <= day]
    return (max(before, key=_since) if before else min(rows, key=_since)), False


def _since(row: Sized) -> dt.date:
    return first_day(row.since)
