"""The tables of a ledger and its statements, in the SQL that SQLite and PostgreSQL share.

Beside the calls stand running sums of the money, by day, by month and in all, for everything and
for each tag: what a budget asks about is one row, however long the ledger gets. Here both are
written in one transaction. Everybody's sum comes first, so that its row's lock lines writers up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

import msgspec

from tokenassay.guard.ledger.records import Call, Ceiling, Ending, Exceeded, money, scope_of

VERSION: Final = 3
"""Of the tables."""

CREATE: Final = (
    "CREATE TABLE IF NOT EXISTS tokenassay_ledger (version INTEGER NOT NULL)",
    """CREATE TABLE IF NOT EXISTS tokenassay_calls (
  id TEXT PRIMARY KEY,
  started_ms BIGINT NOT NULL,
  day TEXT NOT NULL,
  tag TEXT NOT NULL,
  surface TEXT NOT NULL,
  model TEXT,
  edition TEXT,
  streaming INTEGER NOT NULL,
  basis TEXT,
  input_estimated BIGINT,
  output_most BIGINT,
  currency TEXT,
  reserved_nano BIGINT,
  state TEXT NOT NULL
    CHECK (state IN ('open', 'settled', 'unmetered', 'released', 'refused')),
  why TEXT NOT NULL,
  status INTEGER,
  request_id TEXT,
  input_billed BIGINT,
  output_billed BIGINT,
  cost_nano BIGINT,
  output_counted BIGINT,
  counted_nano BIGINT
)""",
    """CREATE TABLE IF NOT EXISTS tokenassay_spend (
  scope TEXT NOT NULL, period TEXT NOT NULL, currency TEXT NOT NULL, nano BIGINT NOT NULL,
  PRIMARY KEY (scope, period, currency)
)""",
)

_COLUMNS: Final = Call.__struct_fields__
_INSERT: Final = (
    f"INSERT INTO tokenassay_calls ({', '.join(_COLUMNS)}) "  # noqa: S608 - names of our own
    f"VALUES ({', '.join(f':{name}' for name in _COLUMNS)}) ON CONFLICT (id) DO NOTHING"
)
_END: Final = (
    "UPDATE tokenassay_calls SET "  # noqa: S608 - names of our own
    + ", ".join(f"{name} = :{name}" for name in Ending.__struct_fields__)
    + " WHERE id = :id AND state = 'open'"
)
_COUNT: Final = """INSERT INTO tokenassay_spend (scope, period, currency, nano) VALUES
 ('', '', :currency, :nano), ('', :month, :currency, :nano), ('', :day, :currency, :nano),
 (:own, '', :currency, :nano), (:own, :month, :currency, :nano), (:own, :day, :currency, :nano)
 ON CONFLICT (scope, period, currency) DO UPDATE SET nano = tokenassay_spend.nano + excluded.nano"""
_SPENT: Final = (
    "SELECT nano FROM tokenassay_spend "
    "WHERE scope = :scope AND period = :period AND currency = :currency"
)


class Found(Protocol):
    """What a statement gives."""

    @property
    def rowcount(self) -> int: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> Any: ...


Execute = Callable[[str, Mapping[str, Any]], Found]
"""Runs one statement within a transaction that the caller holds."""


def enter(execute: Execute, call: Call, ceilings: Sequence[Ceiling]) -> Exceeded | None:
    """Write a call and count its reservation, once, however often it is tried.

    Exceeded where a ceiling would be passed: the caller then undoes the transaction.
    """
    reserved = call.reserved_nano if call.state == "open" else None
    if reserved is not None:  # first, for the lock: a call that is there is not counted again
        count(execute, call.tag, call.day, call.currency, reserved)
    if not execute(_INSERT, msgspec.structs.asdict(call)).rowcount:
        if reserved is not None:
            count(execute, call.tag, call.day, call.currency, -reserved)
        return None
    for at, ceiling in enumerate(ceilings):
        row = execute(_SPENT, ceiling._asdict()).fetchone()
        if row is not None and row[0] > ceiling.nano:
            own = reserved or 0
            return Exceeded(at, money(row[0] - own))
    return None


def end(execute: Execute, call: Call, ending: Ending) -> bool:
    """Write how a call ended and count what it cost in place of its reservation, once.

    False where it had ended before.
    """
    if not execute(_END, {**msgspec.structs.asdict(ending), "id": call.id}).rowcount:
        return False
    change = owed(call, ending) - (call.reserved_nano or 0)
    if call.currency is not None and change:
        count(execute, call.tag, call.day, call.currency, change)
    return True


def owed(call: Call, ending: Ending) -> int:
    """What an ended call counts at, in 1e-9 of its currency."""
    if ending.state == "released":
        return 0
    return (call.reserved_nano or 0) if ending.cost_nano is None else ending.cost_nano


def count(execute: Execute, tag: str, day: str, currency: str | None, nano: int) -> None:
    """Add money to all sums that a call with this tag counts in, on this day."""
    own = {"own": scope_of(tag), "month": day[:7], "day": day, "currency": currency, "nano": nano}
    execute(_COUNT, own)
