"""What a ledger holds budgets to: its sums, and a file's newest calls, which are in none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from tokenassay.guard.ledger.databases import DatabaseStore
from tokenassay.guard.ledger.opening import Store

_SPEND = "SELECT scope, period, currency, nano FROM tokenassay_spend"
_TAIL = """SELECT tag, day, currency, state, cost_nano, reserved_nano FROM tokenassay_calls
 WHERE id > (SELECT upto FROM tokenassay_tail)"""


def sums(store: Store) -> Mapping[tuple[str, str, str], int]:
    """Money by scope, period and currency, in 1e-9 of that."""
    tail = "SELECT 1 WHERE 1 = 0" if isinstance(store, DatabaseStore) else _TAIL
    counted, rest = store.read(lambda rows: (rows(_SPEND), rows(tail)))
    found = Counter({(scope, period, currency): nano for scope, period, currency, nano in counted})
    for tag, day, currency, state, cost, reserved in rest:
        if currency is None:
            continue
        owed = reserved if cost is None else cost
        for scope in ("", f"={tag}"):
            for period in ("", day[:7], day):
                found[scope, period, currency] += (
                    0 if state in ("released", "refused") else owed or 0
                )
    return found
