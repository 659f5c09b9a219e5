"""Dates as documents give them: a year, a month or a day."""

from __future__ import annotations

import datetime as dt


def day(partial: str) -> dt.date:
    """First day of a partial ISO date (2024, 2024-04, 2024-04-15); ValueError for others."""
    parts = partial.split("-")
    if len(parts) > 3 or not all(part.isascii() and part.isdecimal() for part in parts):
        raise ValueError(f"expected a date such as 2024, 2024-04 or 2024-04-15, got {partial!r}")
    year, month, number = (*parts, "1", "1")[:3]
    try:
        return dt.date(int(year), int(month), int(number))
    except (ValueError, OverflowError):
        raise ValueError(f"expected a day of the calendar, got {partial!r}") from None
