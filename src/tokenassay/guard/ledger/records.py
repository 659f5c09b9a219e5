"""What the ledger keeps of a call."""

from __future__ import annotations

import datetime as dt
import math
import os
import time
from decimal import Decimal
from typing import Final, Literal, NamedTuple

import msgspec

from tokenassay.estimators.money import EXACT

State = Literal["open", "settled", "unmetered", "released", "refused"]
"""open: under way, or its end was never heard of; unmetered: ended, and its usage is not known
(both count at their highest price); settled: usage known; released: nothing is owed; refused:
the guard did not send it."""

_NANO: Final = Decimal(10) ** 9


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One call as it is written before it is sent. Money in 1e-9 of ``currency``."""

    id: str
    started_ms: int
    """Milliseconds since 1970, UTC."""
    day: str
    """``2026-11-21``, in the zone of the guard's budgets."""
    tag: str
    surface: str
    model: str | None
    edition: str | None
    streaming: int
    basis: str | None
    input_estimated: int | None
    output_most: int | None
    currency: str | None
    reserved_nano: int | None
    """The most that it may cost; None: unknown."""
    state: State = "open"
    why: str = ""


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """How a call ended. Unknown is None."""

    state: State
    why: str = ""
    status: int | None = None
    request_id: str | None = None
    input_billed: int | None = None
    output_billed: int | None = None
    cost_nano: int | None = None
    output_counted: int | None = None
    """Tokens that were heard of an answer without a final usage (modelled)."""
    counted_nano: int | None = None
    """What the call comes to by that count; no budget is held to it."""


class Ceiling(NamedTuple):
    """A budget as a counter of the ledger that must not pass ``nano``."""

    scope: str
    period: str
    currency: str
    nano: int


class Exceeded(NamedTuple):
    """A ceiling that a call would pass, and what is spent of it without the call."""

    at: int
    """Place of the ceiling among those that were asked for."""
    spent: Decimal


def new_id() -> str:
    """An id that no two calls share, and that sorts by time (32 hexadecimal digits)."""
    return f"{time.time_ns():016x}{os.urandom(8).hex()}"


def nano(money: Decimal) -> int:
    """Money in 1e-9 of its currency, rounded up."""
    return math.ceil(EXACT.scaleb(money, 9))


def money(nano: int) -> Decimal:
    """The inverse of :func:`nano`."""
    return EXACT.divide(Decimal(nano), _NANO)


def writable(text: str) -> str:
    """A text of somebody else's, with escapes for what no database takes: half characters, NUL."""
    if text.isprintable():
        return text
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def scope_of(tag: str) -> str:
    """The counter of one tag; that of everything is empty."""
    return f"={tag}"


def day_of(moment_s: float, zone: dt.tzinfo) -> str:
    """The day of a moment in a zone, as ISO text."""
    return dt.datetime.fromtimestamp(moment_s, zone).date().isoformat()
