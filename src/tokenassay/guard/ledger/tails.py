"""The short way of writing into a SQLite file: a call and its end by one statement each.

Keeping the sums takes longer than keeping a call. So the newest calls of a file, its tail, are in
no sum yet: whoever holds a call to a budget adds them up, and when there are many they are counted
into the sums together. ``upto`` is the last id that is in the sums, and the tail is what comes
after it. A call that is older when it is written, as clocks are set back, is counted at once.

What can't be written this way is written in a transaction, with the statements that PostgreSQL
has too, after :func:`count_in`. Values have places here and no names, which take sqlite3 longer.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from msgspec.structs import astuple

from tokenassay.guard.ledger import tables
from tokenassay.guard.ledger.records import Call, Ceiling, Ending

MOST: Final = 16
"""Calls of a tail. With fewer they are counted in more often, with more there is more to add."""

CREATE: Final = "CREATE TABLE IF NOT EXISTS tokenassay_tail (upto TEXT NOT NULL)"

Execute = Callable[[str, Sequence[Any]], sqlite3.Cursor]
"""Runs one statement, in a transaction of its own unless there is one."""

_OWED: Final = (
    "CASE WHEN state IN ('released', 'refused') THEN 0 "
    "ELSE COALESCE(cost_nano, reserved_nano, 0) END"
)
"""As :func:`tables.owed`, and 0 for what was not sent."""
_UPTO: Final = "(SELECT upto FROM tokenassay_tail)"
_PERIODS: Final = {0: "", 7: "substr(day, 1, 7) = ?", 10: "day = ?"}
"""Whether a call is of a period, by the length of its name."""
_END: Final = (
    "UPDATE tokenassay_calls SET "  # noqa: S608 - names of our own
    + ", ".join(f"{name} = ?" for name in Ending.__struct_fields__)
    + f" WHERE id = ? AND state = 'open' AND id > {_UPTO}"
)
_TAIL: Final = (
    f"SELECT tag, day, currency, SUM({_OWED}) FROM tokenassay_calls "  # noqa: S608 - our own names
    f"WHERE id > {_UPTO} AND currency IS NOT NULL GROUP BY tag, day, currency"
)
_ADVANCE: Final = (
    "UPDATE tokenassay_tail SET upto = max(upto, :id, "
    "(SELECT COALESCE(max(id), '') FROM tokenassay_calls))"
)


def enter(execute: Execute, call: Call, ceilings: Sequence[Ceiling]) -> bool:
    """Write a call into the tail, unless a ceiling of its currency would be passed.

    False, and nothing is written: for that or another reason it goes the long way.
    """
    own = call.reserved_nano if call.state == "open" else 0
    statement, sums, terms = _under(tuple(ceilings))
    *values, state, why = astuple(call)
    placed = (*values, why, state, own or 0, *sums, MOST, call.id, *terms)
    return execute(statement, placed).rowcount > 0


def end(execute: Execute, call: Call, ending: Ending) -> bool:
    """Write how a call of the tail ended; False, and nothing is written, where it is none, or had.

    There is no sum to change.
    """
    return execute(_END, (*astuple(ending), call.id)).rowcount > 0


def count_in(execute: tables.Execute, call: Call) -> None:
    """Count the tail into the sums; ``call`` comes into them too when it is written."""
    rows: Iterable[Any] = execute(_TAIL, {}).fetchall()
    for tag, day, currency, nano in rows:
        tables.count(execute, tag, day, currency, nano)
    execute(_ADVANCE, {"id": call.id})


class _Under(NamedTuple):
    """The statement that writes a call under ceilings, and its values that are those of any."""

    statement: str
    sums: tuple[Any, ...]
    terms: tuple[Any, ...]


@lru_cache(maxsize=64)
def _under(ceilings: tuple[Ceiling, ...]) -> _Under:
    """A call that may not be written gets no state, which no call may be without.

    With SELECT in place of VALUES, SQLite would make a table for what it reads, each time.
    """
    new, within = "", ""
    sums: list[Any] = []
    terms: list[Any] = []
    for at, (scope, period, currency, nano) in enumerate(ceilings):
        held = [("currency = ?", currency), (_PERIODS[len(period)], period)]
        held.append(("'=' || tag = ?" if scope else "", scope))
        wanted = " AND ".join(condition for condition, _ in held if condition)
        sums += [value for condition, value in held if condition]
        new += f", COALESCE(SUM(CASE WHEN {wanted} THEN {_OWED} END), 0) AS new{at}"
        within += (
            f" AND own + new{at} + COALESCE((SELECT nano FROM tokenassay_spend "  # noqa: S608
            "WHERE scope = ? AND period = ? AND currency = ?), 0) <= ?"
        )
        terms += (scope, period, currency, nano)
    *columns, state, why = Call.__struct_fields__
    statement = (
        f"INSERT OR IGNORE INTO tokenassay_calls ({', '.join(columns)}, {why}, {state}) "  # noqa: S608
        f"VALUES ({', '.join('?' * len(columns))}, ?, "
        f"(SELECT ? FROM (SELECT ? AS own, upto, COUNT(id) AS calls{new} "
        "FROM tokenassay_tail LEFT JOIN tokenassay_calls ON id > upto) "
        f"WHERE calls < ? AND ? > upto{within}))"
    )
    return _Under(statement, tuple(sums), tuple(terms))
