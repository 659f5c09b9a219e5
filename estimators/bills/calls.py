"""Calls as logs tell them: what was asked, what came back, and where both stand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from tokenassay.contracts.records import Surface
from tokenassay.estimators.bills.answers import Answer

PlaceUnit = Literal["line", "entry", "exchange"]
"""What is numbered: lines, entries of one JSON document, or exchanges of a run."""


class Place(NamedTuple):
    """Where something stands: a file, and its line, entry or exchange in there, from 1."""

    file: str
    line: int
    unit: PlaceUnit = "line"


class Call(NamedTuple):
    """One request with its answer."""

    place: Place
    """Of the request."""
    answered: Place
    key: str | None
    """By which both were joined, or which the log names it by."""
    surface: Surface | None
    """None: to be recognised by the body."""
    body: Mapping[str, Any]
    streamed: bool | None
    batch: bool
    """Whether it is billed at batch prices."""
    day: dt.date | None
    answer: Answer
    recorded: tuple[Decimal, str] | None = None
    """What the log reckons that it cost, and the currency."""
    edition: str | None = None
    """That it was held to, where the log says so."""


class Fault(NamedTuple):
    """A line that can't be used: where, in which field, why."""

    place: Place
    field: str
    """Dotted; empty for the line as a whole."""
    why: str


class Skipped(NamedTuple):
    """An entry that is no call to be billed, such as a picture in a browser's log."""

    why: str


Read = Call | Fault | Skipped
"""What a log holds."""


class BadField(ValueError):
    """A field that is missing or of another kind than it must be."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(why)
        self.field, self.why = field, why


def day_of(value: Any) -> dt.date | None:
    """The UTC day of a time: seconds or milliseconds since 1970, or ISO text; None where none."""
    if isinstance(value, str):
        return _day_of_text(value.strip())
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    seconds = value / 1000 if value > 1e11 else value
    try:
        return dt.datetime.fromtimestamp(seconds, dt.timezone.utc).date()
    except (ValueError, OverflowError, OSError):
        return None


def _day_of_text(value: str) -> dt.date | None:
    try:
        moment = dt.datetime.fromisoformat(value.replace("Z", "+00:00"))
        return (moment.astimezone(dt.timezone.utc) if moment.tzinfo else moment).date()
    except (ValueError, OverflowError):
        pass
    try:  # with more digits of a second than some Pythons read
        return dt.date.fromisoformat(value[:10])
    except ValueError:
        return None
