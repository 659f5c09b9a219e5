"""A ledger in one SQLite file, for as many threads and processes of one machine as there are."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar

from tokenassay.guard.denials import LedgerError
from tokenassay.guard.ledger import forks, tables, tails
from tokenassay.guard.ledger.reading import Rows
from tokenassay.guard.ledger.records import Call, Ceiling, Ending, Exceeded

_PATIENCE_S: Final = 60
_READERS_PATIENCE_S: Final = 5
"""Of somebody who only reads: writers do not hold readers up, so it is another program."""
_PAGE_BYTES: Final = 2048
"""Half the usual: each write of a call writes a page."""
_LOG_PAGES: Final = 8000
"""Pages that the write-ahead log gets before it is copied into the file, which is flushed then."""

_MEMORY: Final = ":memory:"

Result = TypeVar("Result")
Written = TypeVar("Written")


class Busy(Exception):
    """Somebody else is writing, and the caller did not want to wait."""


class FileStore:
    """The SQLite file. One connection a process: writers queue in the process, not at the file.

    Write-ahead log without a flush for each commit: what was acknowledged outlives any kill of
    the process; only the machine's own crash may lose the last of it. A fork is told of first, and
    finds the file closed: whoever writes next opens it again, on either side.
    """

    def __init__(self, path: Path, *, create: bool = True) -> None:
        self.name = str(path)
        # The same file wherever a process goes to after a fork.
        self._path = path if self.name == _MEMORY else path.absolute()
        self._create = create
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._closed = False
        self._left: list[object] = []
        forks.tell(self)
        with self._lock:
            self._open()

    def _open(self) -> sqlite3.Connection:
        if self._closed:
            raise LedgerError(f"{self.name}: the ledger was closed")
        try:
            connection = _connect(self._path, create=self._create)
        except (sqlite3.Error, ValueError) as error:
            raise LedgerError(f"{self.name}: not a ledger ({error})") from None
        self._connection = connection
        self._cursor = connection.cursor()  # one for each write would take longer
        return connection

    def close(self) -> None:
        """Close the file; nothing can be written after."""
        with self._lock:
            self._closed = True
            self._shut()

    def _shut(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def let_go(self, patience_s: float) -> bool:
        """Close the file before a fork; False where a write goes on."""
        if not self._lock.acquire(timeout=patience_s):
            return False
        if self.name != _MEMORY:
            with suppress(sqlite3.Error):
                self._shut()
        return True

    def resume(self) -> None:
        """Let it be opened again, after a fork."""
        self._lock.release()

    def disown(self) -> None:
        """Never use, nor close, the connection of the other side of a fork."""
        if self._connection is not None:
            self._left += (self._connection, self._cursor)
        self._connection, self._lock = None, threading.Lock()

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
        with self._lock:
            connection = self._connection or self._open()
            try:
                try:
                    connection.execute("BEGIN")
                    return work(lambda *asked: connection.execute(*asked).fetchall())
                finally:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
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
        with self._lock if patient else _AtOnce(self._lock):
            connection = self._connection
            if connection is None:
                if not patient:
                    raise Busy  # a file is opened for as long as it takes
                connection = self._open()
            try:
                if not patient:
                    connection.execute("PRAGMA busy_timeout = 0")
                if short(self._cursor.execute, call, written):
                    return done
                return _transact(connection, lambda execute: long(execute, call, written))
            except sqlite3.Error as error:
                if not patient and _is_busy(error):
                    raise Busy from None
                raise self._complaint(error) from error
            except (OverflowError, UnicodeError) as error:  # a value that SQLite can't have
                raise self._complaint(error) from error
            finally:
                if not patient:
                    connection.execute(f"PRAGMA busy_timeout = {_PATIENCE_S * 1000}")

    def _complaint(self, error: Exception) -> LedgerError:
        return LedgerError(f"{self.name}: {error}")


class _AtOnce:
    """A lock that is not waited for: Busy where somebody has it."""

    def __init__(self, lock: threading.Lock) -> None:
        self._lock = lock

    def __enter__(self) -> None:
        if not self._lock.acquire(blocking=False):
            raise Busy

    def __exit__(self, *raised: object) -> None:
        self._lock.release()


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
