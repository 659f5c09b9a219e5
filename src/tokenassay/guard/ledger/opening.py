"""Where a ledger is: a file's name, or the URL of a database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from os import PathLike, fspath
from pathlib import Path
from types import TracebackType
from typing import Protocol, TypeVar

from tokenassay.guard.denials import LedgerError
from tokenassay.guard.ledger import reading
from tokenassay.guard.ledger.files import FileStore
from tokenassay.guard.ledger.records import Call, Ceiling, Ending, Exceeded

Result = TypeVar("Result")


class Store(Protocol):
    """What keeps a ledger: writes are acknowledged when they return, and counted once."""

    @property
    def name(self) -> str: ...
    def enter(
        self, call: Call, ceilings: Sequence[Ceiling], *, patient: bool = True
    ) -> Exceeded | None: ...
    def end(self, call: Call, ending: Ending, *, patient: bool = True) -> bool: ...
    def read(self, work: Callable[[reading.Rows], Result]) -> Result: ...
    def close(self) -> None: ...


def open_ledger(where: str | PathLike[str], *, create: bool = True) -> Store:
    """The store of a file or of a database URL; LedgerError where there is none or can't be."""
    written = fspath(where)
    if "://" not in written:
        return FileStore(Path(written), create=create)
    try:
        from sqlalchemy.engine import make_url
        from sqlalchemy.exc import ArgumentError

        from tokenassay.guard.ledger.databases import DatabaseStore
    except ImportError as error:
        raise LedgerError(
            f"a ledger in a database needs the extra: pip install 'tokenassay[ledger]' ({error})"
        ) from None
    try:
        url = make_url(written)
    except (ArgumentError, ValueError):  # the latter for a port that is no number
        raise LedgerError("expected a file or a URL such as postgresql://user@host/name") from None
    return DatabaseStore(url, create=create)


class Ledger:
    """A ledger to be read: what was called, billed and refused. Use it in a ``with`` statement.

    LedgerError where there is no ledger in that file or database.
    """

    def __init__(self, where: str | PathLike[str]) -> None:
        self._store = open_ledger(where, create=False)

    @property
    def name(self) -> str:
        """The file, or the URL without its password."""
        return self._store.name

    def totals(self, since: dt.date | None = None) -> reading.Totals:
        """Everything together, from a day on."""
        return self._store.read(lambda rows: reading.totals(rows, since))

    def groups(self, by: reading.By, since: dt.date | None = None) -> tuple[reading.Group, ...]:
        """The same by day, model or tag, in the order of their names."""
        return self._store.read(lambda rows: reading.groups(rows, by, since))

    def reasons(self, since: dt.date | None = None) -> tuple[reading.Reason, ...]:
        """Why calls were refused, or count at their maximum, the most frequent first."""
        return self._store.read(lambda rows: reading.reasons(rows, since))

    def summary(self, by: reading.By, since: dt.date | None = None) -> reading.Summary:
        """All three of one moment, however much is written meanwhile."""
        return self._store.read(lambda rows: reading.summary(rows, by, since))

    def close(self) -> None:
        """Close the file or the connections."""
        self._store.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
