"""The ledger: every call with its estimate and its usage, in a file or in a database."""

from __future__ import annotations

from tokenassay.guard.denials import LedgerError
from tokenassay.guard.ledger.opening import Ledger, open_ledger
from tokenassay.guard.ledger.reading import Group, Totals
from tokenassay.guard.ledger.records import Call, Ending, Exceeded, State

__all__ = [
    "Call",
    "Ending",
    "Exceeded",
    "Group",
    "Ledger",
    "LedgerError",
    "State",
    "Totals",
    "open_ledger",
]
