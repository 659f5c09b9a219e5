"""The short way of writing into a SQLite file: a call and its end by one statement each.

Keeping the sums takes longer than keeping a call. So the newest calls of a file, its tail, are in
no sum yet: whoever holds a call to a budget adds them up, and when there are many they are counted
into the sums together. ``upto`` is the last id that is in the sums, and the tail is what comes
after it. A call that is older when it is written, as clocks are set back, is counted at once.

What can't be written this way is written in a transaction, with the statements that PostgreSQL
has too, after :func:`count_in`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import msgspec

from tokenassay.guard.ledger import tables
from tokenassay.guard.ledger.records import Call, Ceiling, Ending

MOST: Final = 32
"""Calls of a tail. Fewer are counted in more often, more are added up more often."""

CREATE: Final = "CREATE TABLE IF NOT EXISTS tokenassay_tail (upto TEXT NOT NULL)"

_OWED: Final = (
    "CASE WHEN state IN ('released', 'refused') THEN 0 "
    "ELSE COALESCE(cost_nano, reserved_nano, 0) END"
)
"""As :func:`tables.owed`, and 0 for what was not sent."""
_UPTO: Final = "(SELECT upto FROM tokenassay_tail)"
_PERIODS: Final = {0: "", 7: " AND substr(day, 1, 7) = :period{at}", 10: " AND day = :period{at}"}
"""Whether a call is of a period, by the length of that."""
_END: Final = f"{tables.END} AND id > {_UPTO}"
_TAIL: Final = (
    f"SELECT tag, day, currency, SUM({_OWED}) FROM tokenassay_calls "  # noqa: S608 - our own names
    f"WHERE id > {_UPTO} AND currency IS NOT NULL GROUP BY tag, day, currency"
)
_ADVANCE: Final = (
    "UPDATE tokenassay_tail SET upto = max(upto, :id, "
    "(SELECT COALESCE(max(id), '') FROM tokenassay_calls))"
)


def enter(execute: tables.Execute, call: Call, ceilings: Sequence[Ceiling]) -> bool:
    """Write a call into the tail, unless a ceiling would be passed.

    False, and nothing is written: for that or another reason it goes the long way.
    """
    own = (call.reserved_nano or 0) if call.state == "open" else 0
    values = msgspec.structs.asdict(call)
    values["most"] = MOST
    kinds = []
    for at, (scope, period, currency, nano) in enumerate(ceilings):
        kinds.append((scope != "", len(period)))
        values[f"scope{at}"], values[f"period{at}"] = scope, period
        values[f"currency{at}"], values[f"left{at}"] = currency, nano - own
    return bool(execute(_insert(tuple(kinds)), values).rowcount)


def end(execute: tables.Execute, call: Call, ending: Ending) -> bool:
    """Write how a call of the tail ended; False, and nothing is written, where it is none, or had.

    There is no sum to change.
    """
    return bool(execute(_END, tables.ended(call, ending)).rowcount)


def count_in(execute: tables.Execute, call: Call) -> None:
    """Count the tail into the sums, and the next calls after ``call``."""
    for tag, day, currency, nano in execute(_TAIL, {}).fetchall():
        tables.count(execute, tag, day, currency, nano)
    execute(_ADVANCE, {"id": call.id})


@lru_cache(maxsize=64)
def _insert(ceilings: tuple[tuple[bool, int], ...]) -> str:
    """The statement that writes a call under ceilings: whether each is a tag's, and its period."""
    sums, terms = "", ""
    for at, (of_tag, length) in enumerate(ceilings):
        held = f"currency = :currency{at}" + _PERIODS[length].format(at=at)
        held += f" AND '=' || tag = :scope{at}" if of_tag else ""
        sums += f", COALESCE(SUM(CASE WHEN {held} THEN {_OWED} END), 0) AS new{at}"
        terms += (
            f" AND new{at} + COALESCE((SELECT nano FROM tokenassay_spend WHERE scope = :scope{at}"  # noqa: S608
            f" AND period = :period{at} AND currency = :currency{at}), 0) <= :left{at}"
        )
    columns = Call.__struct_fields__
    return (
        f"INSERT INTO tokenassay_calls ({', '.join(columns)}) "  # noqa: S608 - names of our own
        f"SELECT {', '.join(f':{name}' for name in columns)} "
        f"FROM (SELECT COUNT(id) AS calls{sums} FROM tokenassay_calls WHERE id > {_UPTO}) "
        f"WHERE calls < :most AND :id > {_UPTO}{terms} ON CONFLICT (id) DO NOTHING"
    )
