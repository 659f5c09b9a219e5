"""A ledger on PostgreSQL, for a team; needs the extra ``tokenassay[ledger]``."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from tokenassay.guard.denials import LedgerError
from tokenassay.guard.ledger import tables
from tokenassay.guard.ledger.files import Busy
from tokenassay.guard.ledger.reading import Rows
from tokenassay.guard.ledger.records import Call, Ceiling, Ending, Exceeded

_TRIES: Final = 3
_PATIENCE_S: Final = 10
"""For a connection, where the URL does not say it."""
_NAMES: Final = ("postgresql", "postgres")
_MAKING: Final = "SELECT pg_advisory_xact_lock(7096411512)"
"""One process at a time makes the tables; the number is ours and means nothing."""

Result = TypeVar("Result")


class DatabaseStore:
    """The database. Every write is a transaction that may be tried again without counting twice.

    A commit is acknowledged when the server has it; how safe that is, is the server's setting.
    """

    def __init__(self, url: URL, *, create: bool = True) -> None:
        if url.get_backend_name() not in _NAMES:
            raise LedgerError(
                f"a ledger is a file or a postgresql:// URL, not {url.get_backend_name()}"
            )
        self.name = url.render_as_string(hide_password=True)
        if url.drivername in _NAMES:
            url = url.set(drivername="postgresql+psycopg")
        patience = url.query.get("connect_timeout", _PATIENCE_S)
        try:
            self._engine: Engine = create_engine(
                url, pool_size=4, max_overflow=28, connect_args={"connect_timeout": patience}
            )
        except (SQLAlchemyError, ImportError) as error:
            raise self._complaint(error) from None
        self._pid = os.getpid()
        self._writing(lambda connection: self._prepare(connection, create))

    def _prepare(self, connection: Connection, create: bool) -> None:
        there = connection.execute(text("SELECT to_regclass('tokenassay_ledger')")).scalar()
        if there is None:
            if not create:
                raise LedgerError(f"{self.name}: holds no ledger")
            connection.execute(text(_MAKING))
            for statement in tables.CREATE:
                connection.execute(text(statement))
            connection.execute(
                text(
                    "INSERT INTO tokenassay_ledger SELECT :version "
                    "WHERE NOT EXISTS (SELECT 1 FROM tokenassay_ledger)"
                ),
                {"version": tables.VERSION},
            )
        version = connection.execute(text("SELECT version FROM tokenassay_ledger")).scalar()
        if version != tables.VERSION:
            raise LedgerError(
                f"{self.name}: the ledger is of version {version}, not {tables.VERSION}"
            )

    def close(self) -> None:
        """Close the connections of this process."""
        self._engine.dispose(close=self._pid == os.getpid())

    def enter(
        self, call: Call, ceilings: Sequence[Ceiling], *, patient: bool = True
    ) -> Exceeded | None:
        """As :func:`tables.enter`, in a transaction of its own; Busy where not ``patient``."""
        if not patient:
            raise Busy  # the network is always a wait

        def write(connection: Connection) -> Exceeded | None:
            exceeded = tables.enter(_execute(connection), call, ceilings)
            if exceeded is not None:
                connection.rollback()
            return exceeded

        return self._writing(write)

    def end(self, call: Call, ending: Ending, *, patient: bool = True) -> bool:
        """As :func:`tables.end`, in a transaction of its own; Busy where not ``patient``."""
        if not patient:
            raise Busy
        return self._writing(lambda connection: tables.end(_execute(connection), call, ending))

    def read(self, work: Callable[[Rows], Result]) -> Result:
        """``work`` with all its statements on one state of the ledger."""

        def reading(connection: Connection) -> Result:
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
            return work(lambda *asked: list(_execute(connection)(*asked)))

        return self._writing(reading)

    def _writing(self, work: Callable[[Connection], Result]) -> Result:
        """``work`` in one transaction; again on a fresh connection where one was lost."""
        if self._pid != os.getpid():
            self._engine.dispose(close=False)  # the other side of a fork has these connections
            self._pid = os.getpid()
        for left in reversed(range(_TRIES)):
            try:
                with self._engine.connect() as connection:
                    result = work(connection)
                    connection.commit()
                    return result
            except DBAPIError as error:
                if left and error.connection_invalidated:
                    continue
                raise self._complaint(error) from error
            except (SQLAlchemyError, UnicodeError) as error:  # a text that no database takes
                raise self._complaint(error) from error
        raise AssertionError("the last try returns or raises")

    def _complaint(self, error: Exception) -> LedgerError:
        cause = error.orig if isinstance(error, DBAPIError) else error
        return LedgerError(f"{self.name}: {' '.join(str(cause).split())}")


def _execute(connection: Connection) -> Any:
    return lambda statement, values=None: connection.execute(text(statement), values)
