"""What a ledger comes to: calls, tokens, money, and how far estimates were off."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, Literal, Protocol

import msgspec

from tokenassay.guard.ledger.records import money

By = Literal["day", "model", "tag"]


class Rows(Protocol):
    """Runs a reading statement and gives its rows."""

    def __call__(
        self, statement: str, values: Mapping[str, Any] = ..., /
    ) -> Sequence[Sequence[Any]]: ...


_FIGURES: Final = """
 COUNT(*),
 SUM(CASE WHEN state = 'refused' THEN 1 ELSE 0 END),
 SUM(CASE WHEN state = 'released' THEN 1 ELSE 0 END),
 SUM(CASE WHEN state IN ('open', 'unmetered') THEN 1 ELSE 0 END),
 SUM(CASE WHEN state != 'refused' THEN input_estimated END),
 SUM(input_billed),
 SUM(output_billed),
 SUM(CASE WHEN state != 'refused' THEN output_most END),
 SUM(CASE WHEN input_billed IS NOT NULL AND input_estimated IS NOT NULL THEN 1 ELSE 0 END),
 SUM(CASE WHEN input_billed IS NOT NULL THEN input_estimated END),
 SUM(CASE WHEN input_estimated IS NOT NULL THEN input_billed END),
 SUM(CASE WHEN state IN ('open', 'settled', 'unmetered') AND reserved_nano IS NULL
   AND cost_nano IS NULL THEN 1 ELSE 0 END),
 SUM(cost_nano),
 SUM(CASE WHEN state IN ('open', 'settled', 'unmetered') AND cost_nano IS NULL
   THEN reserved_nano END),
 SUM(CASE WHEN output_counted IS NOT NULL THEN 1 ELSE 0 END),
 SUM(output_counted),
 SUM(counted_nano)
"""
_FROM: Final = "FROM tokenassay_calls WHERE day >= :since"


class Drift(msgspec.Struct, frozen=True):
    """Billed against estimated input tokens, of the calls for which both are known."""

    calls: int
    estimated: int
    billed: int


class Money(msgspec.Struct, frozen=True):
    """Money in one currency."""

    currency: str
    settled: Decimal
    """For calls whose cost is known."""
    unsettled: Decimal
    """For the others, at the most that each may cost."""
    counted: Decimal
    """Of those, for the ones whose answers were counted: what they come to by the count."""


class Totals(msgspec.Struct, frozen=True):
    """Figures of many calls; tokens that nobody told are not in the sums."""

    calls: int
    """Calls that were sent."""
    refused: int
    """Calls that the guard did not send."""
    released: int
    """Of those sent: for which nothing is owed, as the endpoint refused or was not reached."""
    unsettled: int
    """Of those sent: under way, or ended without a usage."""
    counted: int
    """Of the unsettled: those of whose answers was counted what was heard (modelled)."""
    unpriced: int
    """Of those sent: whose price is not known, so that no sum of money has them."""
    input_estimated: int
    input_billed: int
    output_most: int
    """The most that the answers could have had."""
    output_billed: int
    output_counted: int
    drift: Drift
    money: tuple[Money, ...]


class Group(msgspec.Struct, frozen=True):
    """The figures of one day, model or tag."""

    name: str | None
    """None: a call without a model, or without a tag."""
    totals: Totals


class Reason(msgspec.Struct, frozen=True):
    """What stands in the ledger for a call that was refused or counts at its maximum."""

    state: str
    why: str
    calls: int


class Summary(msgspec.Struct, frozen=True):
    """What a ledger comes to at one moment."""

    totals: Totals
    groups: tuple[Group, ...]
    reasons: tuple[Reason, ...]


def summary(rows: Rows, by: By, since: dt.date | None) -> Summary:
    """Totals, groups and reasons of all calls from a day on."""
    return Summary(totals(rows, since), groups(rows, by, since), reasons(rows, since))


def totals(rows: Rows, since: dt.date | None) -> Totals:
    """All calls from a day on."""
    found = rows(f"SELECT currency, {_FIGURES} {_FROM} GROUP BY currency", _since(since))
    return _totals(found)


def groups(rows: Rows, by: By, since: dt.date | None) -> tuple[Group, ...]:
    """Calls from a day on by day, model or tag; those without a name come last."""
    statement = f"SELECT {by}, currency, {_FIGURES} {_FROM} GROUP BY {by}, currency"
    found: dict[str | None, list[Sequence[Any]]] = {}
    for name, *figures in rows(statement, _since(since)):
        found.setdefault(name or None, []).append(figures)
    order = sorted(found, key=lambda name: (name is None, name or ""))
    return tuple(Group(name, _totals(found[name])) for name in order)


def reasons(rows: Rows, since: dt.date | None) -> tuple[Reason, ...]:
    """Reasons of calls that were refused, released or not settled, the most frequent first."""
    found = rows(
        f"SELECT state, why, COUNT(*) {_FROM} AND state != 'settled' GROUP BY state, why",
        _since(since),
    )
    ordered = sorted(found, key=lambda row: (-row[2], row[0], row[1]))
    return tuple(Reason(state, why, calls) for state, why, calls in ordered)


def _since(since: dt.date | None) -> Mapping[str, Any]:
    return {"since": "" if since is None else since.isoformat()}


def _totals(rows: Sequence[Sequence[Any]]) -> Totals:
    """Rows of :data:`_FIGURES`, each after its currency, as one."""
    sums = [sum(int(row[at] or 0) for row in rows) for at in range(1, 13)]
    every, refused, released, unsettled, estimated, billed, output, most = sums[:8]
    both, low, high, unpriced = sums[8:]
    counted, said = (sum(int(row[at] or 0) for row in rows) for at in (15, 16))
    return Totals(
        calls=every - refused,
        refused=refused,
        released=released,
        unsettled=unsettled,
        counted=counted,
        unpriced=unpriced,
        input_estimated=estimated,
        input_billed=billed,
        output_most=most,
        output_billed=output,
        output_counted=said,
        drift=Drift(both, low, high),
        money=tuple(
            Money(row[0], *(money(int(row[at] or 0)) for at in (13, 14, 17)))
            for row in sorted(rows, key=lambda row: row[0] or "")
            if row[0] is not None and (row[13] is not None or row[14] is not None)
        ),
    )
