"""A ledger in one SQLite file, for as many threads and processes of one machine as there are."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar

from tokenassay.guard.denials import LedgerError
from tokenassay.guard.ledger import tables, tails
from tokenassay.guard.ledger.reading import Rows
from tokenassay.guard.ledger.records import Call, Ceiling, Ending, Exceeded

_PATIENCE_S: Final = 60
_READERS_PATIENCE_S: Final = 5
"""Of somebody who only reads: writers do not hold readers up, so it is another program."""
_PAGE_BYTES: Final = 2048
"""Half the usual: each write of a call writes a page."""
_LOG_PAGES: Final = 8000
"""Pages that the write-ahead log gets before it is copied into the file, which is flushed then."""

Result = TypeVar("Result")
Written = TypeVar("Written")


class Busy(Exception):
    """Somebody else is writing, and the caller did not want to wait."""


class FileStore:
    """The SQLite file. One connection a process: writers queue in the process, not at the file.

    Write-ahead log without a flush for each commit: what was acknowledged outlives any kill of
    the process; only the machine's own crash may lose the last of it.
    """

    def __init__(self, path: Path, *, create: bool = True) -> None:
        self.path, self.name = path, str(path)
        self._create = create
        self._inherited: list[object] = []
        self._open()

    def _open(self) -> None:
        self._lock = threading.Lock()
        self._pid = os.getpid()
        try:
            self._connection = _connect(self.path, create=self._create)
            self._cursor = self._connection.cursor()  # one for each write would take longer
        except (sqlite3.Error, ValueError) as error:
            raise LedgerError(f"{self.path}: not a ledger ({error})") from None

    def close(self) -> None:
        """Close the file; nothing can be written after."""
        if self._pid == os.getpid():
            with self._lock:
                self._connection.close()

    def enter(
        self, call: Call, ceilings: Sequence[Ceiling], *, patient: bool = True
    ) -> Exceeded | None:
        """As :func:`tables.enter`, all of it or nothing; Busy where not ``patient``."""
        return self._write(patient, call, ceilings, tails.enter, None, _enter)

    def end(self, call: Call, ending: Ending, *, patient: bool = True) -> bool:
        """As :func:`tables.end`, all of it or nothing; Busy where not ``patient``."""
        return self._write(patient, call, ending, tails.end, True, tables.end)

    def read(self, work: Callable[[Rows], Result]) -> Result:
        """``work`` with all its statements on one state of the ledger."""
        self._mind_forks()
        with self._lock:
            try:
                self._connection.execute("BEGIN")
                try:
                    return work(lambda *asked: self._connection.execute(*asked).fetchall())
                finally:
                    self._connection.execute("ROLLBACK")
            except sqlite3.Error as error:
                raise self._complaint(error) from error

    def _write(
        self,
        patient: bool,
        call: Call,
        written: Written,
        short: Callable[[tails.Execute, Call, Written], bool],
        done: Result,
        long: Callable[[tables.Execute, Call, Written], Result],
    ) -> Result:
        """``done`` where the short way, one statement, was one; else what the long way gives."""
        self._mind_forks()
        if not self._lock.acquire(blocking=patient):
            raise Busy
        try:
            connection = self._connection
            if not patient:
                connection.execute("PRAGMA busy_timeout = 0")
            try:
                if short(self._cursor.execute, call, written):
                    return done
                return _transact(connection, lambda execute: long(execute, call, written))
            finally:
                if not patient:
                    connection.execute(f"PRAGMA busy_timeout = {_PATIENCE_S * 1000}")
        except sqlite3.Error as error:
            if not patient and _is_busy(error):
                raise Busy from None
            raise self._complaint(error) from error
        finally:
            self._lock.release()

    def _complaint(self, error: sqlite3.Error) -> LedgerError:
        return LedgerError(f"{self.path}: {error}")

    def _mind_forks(self) -> None:
        """A connection must not be used, nor closed, on the other side of a fork."""
        if self._pid != os.getpid():
            self._inherited += (self._connection, self._cursor)
            self._open()


def _enter(execute: tables.Execute, call: Call, ceilings: Sequence[Ceiling]) -> Exceeded | None:
    tails.count_in(execute, call)
    return tables.enter(execute, call, ceilings)


def _transact(connection: sqlite3.Connection, work: Callable[[tables.Execute], Result]) -> Result:
    """``work`` in one transaction: all of it or nothing; nothing where a ceiling is passed."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        result = work(connection.execute)
        connection.execute("ROLLBACK" if isinstance(result, Exceeded) else "COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return result


def _is_busy(error: sqlite3.Error) -> bool:
    return "locked" in str(error) or "busy" in str(error)


def _connect(path: Path, *, create: bool) -> sqlite3.Connection:
    if path.is_dir():
        raise ValueError("it is a directory")
    if not create and not path.is_file():
        raise ValueError("no such file")
    if create:
        return _opened(str(path), create=True)
    try:
        return _opened(str(path), create=False)
    except sqlite3.OperationalError as error:
        # SQLite wants to make a log beside the file, even to read it. Where that may not be, and
        # there is none, nobody is writing.
        if "readonly" not in str(error) or path.with_name(f"{path.name}-wal").exists():
            raise
    return _opened(f"{path.resolve().as_uri()}?mode=ro&immutable=1", create=False)


def _opened(name: str, *, create: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(
        name,
        timeout=_PATIENCE_S if create else _READERS_PATIENCE_S,
        isolation_level=None,
        check_same_thread=False,
        uri=name.startswith("file:///"),
    )
    try:
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        if "tokenassay_ledger" not in names:
            if names or not create:
                raise ValueError("its tables are others" if names else "it is empty")
            _make(connection)
        (version,) = connection.execute("SELECT version FROM tokenassay_ledger").fetchone()
        if version != tables.VERSION:
            raise ValueError(f"it is of version {version}, not {tables.VERSION}")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")
    except BaseException:
        connection.close()
        raise
    return connection


def _make(connection: sqlite3.Connection) -> None:
    connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            break
        except sqlite3.OperationalError as error:
            # Of several that ask for this at once, SQLite lets none wait for another.
            if not _is_busy(error) or time.monotonic() > until:
                raise
        time.sleep(0.01)
    connection.execute("BEGIN IMMEDIATE")
    for statement in (*tables.CREATE, tails.CREATE):
        # One tree a table in place of a table and its index: half the pages to write.
        keyed = "PRIMARY KEY" in statement
        connection.execute(f"{statement} WITHOUT ROWID" if keyed else statement)
    if connection.execute("SELECT COUNT(*) FROM tokenassay_ledger").fetchone() == (0,):
        connection.execute("INSERT INTO tokenassay_ledger VALUES (?)", (tables.VERSION,))
        connection.execute("INSERT INTO tokenassay_tail VALUES ('')")
    connection.execute("COMMIT")
