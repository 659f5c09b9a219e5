"""A guard between code and endpoint: no call without its estimate, none beyond the budget.

``Guard(ledger=..., budget=...)`` gives transports for anything on httpx, the openai SDK included,
and a stand-in for dashscope's ``Generation``. What each name is: docs/guard.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = [
    "Admission",
    "AsyncGuardTransport",
    "Budget",
    "Denied",
    "Guard",
    "GuardError",
    "GuardTransport",
    "Ledger",
    "LedgerError",
    "OverBudget",
    "Refused",
]

if TYPE_CHECKING:
    from tokenassay.guard.admissions import Admission
    from tokenassay.guard.budgets import Budget
    from tokenassay.guard.denials import Denied, GuardError, OverBudget, Refused
    from tokenassay.guard.guarding import Guard
    from tokenassay.guard.ledger import Ledger, LedgerError
    from tokenassay.guard.transports import AsyncGuardTransport, GuardTransport

_PUBLIC = {
    "Admission": "admissions",
    "AsyncGuardTransport": "transports",
    "Budget": "budgets",
    "Denied": "denials",
    "Guard": "guarding",
    "GuardError": "denials",
    "GuardTransport": "transports",
    "Ledger": "ledger",
    "LedgerError": "ledger",
    "OverBudget": "denials",
    "Refused": "denials",
}


def __getattr__(name: str) -> object:
    # httpx is imported where a transport is asked for, so that a ledger is read without it.
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{_PUBLIC[name]}"), name)
    globals()[name] = value
    return value
