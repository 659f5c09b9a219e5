"""What can become of a promise."""

from __future__ import annotations

from typing import Final, Literal

from tokenassay.contracts.records import Record

Outcome = Literal["kept", "non-strict", "violated", "observed", "inconclusive", "not-run"]
"""``non-strict``: a should was missed. ``observed``: the documents leave it open.
``inconclusive``: it could not be told. ``not-run``: budget, unsupported or unselected."""

NOT_SELECTED: Final = "not selected"
"""Why a promise was not run that nobody asked for."""

WORST_FIRST: tuple[Outcome, ...] = (
    "violated",
    "non-strict",
    "inconclusive",
    "not-run",
    "observed",
    "kept",
)


class Verdict(Record, frozen=True, kw_only=True):
    """The outcome of one promise at one target, with the evidence for it."""

    promise: str
    outcome: Outcome
    expected: str = ""
    observed: str = ""
    exchange: int | None = None
    """Key of the exchange in the run file that shows it."""
    why: str = ""
    """For ``inconclusive`` and ``not-run``: the reason."""
    observations: tuple[str, ...] = ()
    """What was seen on the way, said or not by any document."""
