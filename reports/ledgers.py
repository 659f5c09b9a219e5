"""The document of ``tokenassay ledger --json`` as records."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec


class InputRow(msgspec.Struct, frozen=True):
    """Input tokens."""

    estimated: int
    billed: int


class OutputRow(msgspec.Struct, frozen=True):
    """Output tokens: what the answers could have had, and what they had.

    ``counted``: of answers that tell no usage, by their text.
    """

    most: int
    billed: int
    counted: int


class DriftRow(msgspec.Struct, frozen=True):
    """Input tokens of the calls for which both figures are known."""

    calls: int
    estimated: int
    billed: int


class MoneyRow(msgspec.Struct, frozen=True):
    """Money as decimal strings; ``unsettled`` is the most that it may come to.

    ``counted``: what those of them come to whose answers were counted by their text.
    """

    currency: str
    settled: str
    unsettled: str
    counted: str


class FigureRow(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of many calls."""

    calls: int
    refused: int
    released: int
    unsettled: int
    counted: int
    unpriced: int
    input_tokens: InputRow
    output_tokens: OutputRow
    drift: DriftRow
    money: tuple[MoneyRow, ...]


class GroupRow(FigureRow, frozen=True, kw_only=True):
    """Those of one day, model or tag; ``name`` None: of calls without."""

    name: str | None


class ReasonRow(msgspec.Struct, frozen=True):
    """Why so many calls were refused, or are not settled."""

    state: Literal["open", "unmetered", "released", "refused"]
    why: str
    calls: int


class LedgerDocument(msgspec.Struct, frozen=True, kw_only=True):
    """What a ledger comes to."""

    ledger: str
    since: str | None
    by: Literal["day", "model", "tag"]
    totals: FigureRow
    groups: tuple[GroupRow, ...]
    reasons: tuple[ReasonRow, ...]


def whole(money: MoneyRow) -> Decimal:
    """The most that the money may come to."""
    return Decimal(money.settled) + Decimal(money.unsettled)
