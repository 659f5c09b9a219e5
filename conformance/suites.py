"""What the suite itself is worth, as last measured on the mock's lies and shipped with it."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

import msgspec

from tokenassay.contracts.records import Record


class Score(Record, frozen=True, kw_only=True):
    """Lies that the mock tells, how many of them are caught, and alarms where it is honest."""

    lies: int
    caught: int
    false_alarms: int
    date: str
    """Day of the measurement."""
    editions: tuple[str, ...]
    missed: tuple[str, ...] = ()
    """Lies that no promise catches, as ``edition/lie``."""
    lowered: tuple[str, ...] = ()
    """Lies about limits that were caught where the limit was lowered, and nowhere else: to try
    them at their documented size costs too much."""


@lru_cache(maxsize=1)
def last_score() -> Score | None:
    """The score that was last measured; None where none is shipped."""
    file = resources.files("tokenassay.conformance") / "data" / "suite.json"
    try:
        return msgspec.json.decode(file.read_bytes(), type=Score)
    except FileNotFoundError:
        return None
