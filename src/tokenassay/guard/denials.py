"""Why a call was not sent.

GuardError
├── Denied                 a rule stands against the call
│   ├── Refused            the endpoint would refuse it, by its documents
│   └── OverBudget         a budget would be passed, or the cost can't be held to one
└── LedgerError            the ledger can't be written or read
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from decimal import Decimal

    from tokenassay.contracts.records import Surface
    from tokenassay.estimators.records import Estimate
    from tokenassay.estimators.refusals import Refusal
    from tokenassay.guard.budgets import Budget


class GuardError(Exception):
    """A call that the guard did not let through; the message says why, in one line."""

    status: ClassVar[int] = 500
    """HTTP status of the answer that stands for the one that was not asked for."""
    code: ClassVar[str] = "TokenassayGuard"
    """Error code in that answer; no endpoint's documents have it."""

    def answer(self, surface: Surface) -> dict[str, Any]:
        """The body of that answer, in the shape of the errors of its surface."""
        message = f"not sent: {self}"
        if surface == "openai":
            kind = "tokenassay_guard"
            return {"error": {"message": message, "type": kind, "param": None, "code": self.code}}
        return {"code": self.code, "message": message, "request_id": ""}


class Denied(GuardError):
    """A rule stands against the call."""

    def __init__(self, message: str, estimate: Estimate | None) -> None:
        super().__init__(message)
        self.estimate = estimate
        """What the call would have used and cost; None where nobody knows its model."""


class Refused(Denied):
    """The endpoint's documents say that it would refuse the call."""

    status = 400
    code = "TokenassayRefused"

    def __init__(self, estimate: Estimate, refusals: tuple[Refusal, ...]) -> None:
        first = refusals[0]
        super().__init__(f"{estimate.model}: {first.why} ({first.clause})", estimate)
        self.refusals = refusals
        """Those that stand against it, in the order of the endpoint's checks."""


class OverBudget(Denied):
    """The call may pass a budget, or its highest cost is not known and so can't be held to one."""

    status = 402
    code = "TokenassayOverBudget"

    def __init__(
        self,
        message: str,
        estimate: Estimate | None,
        budget: Budget,
        *,
        most: Decimal | None = None,
        spent: Decimal | None = None,
    ) -> None:
        super().__init__(message, estimate)
        self.budget = budget
        self.most = most
        """The most that the call may cost; None: unknown."""
        self.spent = spent
        """Spent of the budget, with what is reserved; None where that was not looked at."""


class LedgerError(GuardError):
    """The ledger can't be opened, read or written."""

    code = "TokenassayLedger"
