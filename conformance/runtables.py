"""The tables of a run file, and how its rows are written and read."""

from __future__ import annotations

import os
import sqlite3
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from tokenassay.conformance.exchanges import Exchange, Failure, Received, Sent

VERSION: Final = 1
"""Of the tables; it stands in the file as SQLite's ``user_version``."""

Row = tuple[Any, ...]

EXCHANGE: Final = "id, state, sent, received, failure, first_byte_s, total_s, started, owner"
"""Columns of a row that :func:`exchange_of` reads."""

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS promises (
  target TEXT NOT NULL, position INTEGER NOT NULL, id TEXT NOT NULL, family TEXT NOT NULL,
  clause TEXT NOT NULL, level TEXT NOT NULL, title TEXT NOT NULL, statement TEXT NOT NULL,
  source TEXT NOT NULL, selected INTEGER NOT NULL, PRIMARY KEY (target, id)
);
CREATE TABLE IF NOT EXISTS exchanges (
  id INTEGER PRIMARY KEY,
  target TEXT NOT NULL,
  digest TEXT NOT NULL,
  promise TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'done', 'lost')),
  reserved_pico INTEGER NOT NULL,
  cost_pico INTEGER,
  tokens INTEGER NOT NULL,
  usable INTEGER NOT NULL DEFAULT 1,
  owner TEXT NOT NULL,
  started REAL NOT NULL,
  first_byte_s REAL,
  total_s REAL,
  sent BLOB NOT NULL,
  received BLOB,
  failure BLOB
);
CREATE UNIQUE INDEX IF NOT EXISTS one_answer ON exchanges (target, digest) WHERE state != 'lost';
CREATE INDEX IF NOT EXISTS spend ON exchanges (target, cost_pico, reserved_pico, tokens);
CREATE TABLE IF NOT EXISTS outcomes (
  target TEXT NOT NULL, promise TEXT NOT NULL, outcome TEXT NOT NULL, verdict BLOB NOT NULL,
  PRIMARY KEY (target, promise)
);
CREATE TABLE IF NOT EXISTS notes (
  id INTEGER PRIMARY KEY, target TEXT NOT NULL, promise TEXT NOT NULL,
  kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
  UNIQUE (target, promise, kind, key)
);
"""


def connect(path: Path) -> sqlite3.Connection:
    """A connection that waits for others, and whose transactions are begun by hand."""
    connection = sqlite3.connect(path, timeout=60, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    # Survives a kill of this process; only a power cut may lose the last writes.
    connection.execute("PRAGMA synchronous=NORMAL")
    return connection


def create(connection: sqlite3.Connection) -> None:
    """Make the tables that are missing; ValueError where they are of another version."""
    with transaction(connection):
        found = connection.execute("PRAGMA user_version").fetchone()[0]
        if found not in (0, VERSION):
            raise ValueError(f"it is of version {found}, not {VERSION}")
        for statement in _TABLES.split(";\n"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """One write transaction: all of it or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def pack(record: Any) -> bytes:
    """A record as it is kept."""
    return zlib.compress(msgspec.msgpack.encode(record), 1)


def exchange_of(row: Row) -> Exchange:
    """The exchange of a row of :data:`EXCHANGE`."""
    id, _, sent, received, failure, first_byte_s, total_s, started, _ = row
    return Exchange(
        _unpack(sent, Sent),
        _unpack(received, Received),
        _unpack(failure, Failure),
        id=id,
        first_byte_s=first_byte_s,
        total_s=total_s,
        started=started,
    )


def _unpack(blob: bytes | None, kind: type[Any]) -> Any:
    return None if blob is None else msgspec.msgpack.decode(zlib.decompress(blob), type=kind)


def is_gone(owner: str) -> bool:
    """Whether the process that an exchange is under way in has ended, where that can be told."""
    if sys.platform == "win32":  # signal 0 is no mere question there
        return False
    try:
        os.kill(int(owner.partition("/")[0]), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
