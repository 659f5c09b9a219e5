"""What a check may raise. The endpoint's faults and our own share no base class of ours.

AssertionError
  Violation      the endpoint broke what its documents say
Exception
  Inconclusive   nothing can be told: no baseline, 429, a timeout, flaky
  NotRun         this promise does not apply, or a ceiling stands against it
RuntimeError
  ToolError      our own fault; never counted against an endpoint
BaseException
  Stopped        the run ends here: a ceiling is reached, or the user interrupts
"""

from __future__ import annotations


class Violation(AssertionError):
    """The endpoint did not do what the clause says."""

    def __init__(self, expected: str, observed: str, exchange: int | None = None) -> None:
        self.expected, self.observed, self.exchange = expected, observed, exchange
        super().__init__(f"expected {expected}; observed {observed}")


class Inconclusive(Exception):
    """It could not be told whether the promise holds."""

    def __init__(self, why: str, exchange: int | None = None) -> None:
        self.why, self.exchange = why, exchange
        super().__init__(why)


class NotRun(Exception):
    """The promise was not tried here."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


class ToolError(RuntimeError):
    """Something that tokenassay itself got wrong."""


class Stopped(BaseException):
    """No further request may be sent. A BaseException, so that no check can swallow it."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)
