"""Things that wait for their counterpart: in memory while they are few, then in a file."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from typing import Final

HELD_BYTES: Final = 64 << 20
"""Bytes that wait in memory; what is beyond waits in a temporary file, without a limit."""

_SLOT: Final = 100
"""Bytes of a dictionary's place for one entry, with the room that it keeps free."""


class Shelf:
    """Bytes by key, each put once and taken once."""

    def __init__(self, held_bytes: int | None = None) -> None:
        self._room = HELD_BYTES if held_bytes is None else held_bytes
        self._held: dict[str, bytes] = {}
        self._size = 0
        self._file: sqlite3.Connection | None = None

    def put(self, key: str, data: bytes) -> bool:
        """Keep ``data``; False where something waits by that key already."""
        if key in self._held or self._find(key) is not None:
            return False
        size = _held_size(key, data)
        if self._size + size <= self._room:
            self._held[key] = data
            self._size += size
            return True
        if self._file is None:
            self._file = _temporary()
        self._file.execute("INSERT INTO waiting VALUES (?, ?)", (_bytes(key), data))
        return True

    def take(self, key: str) -> bytes | None:
        """What waits by a key, which then waits no longer; None: nothing."""
        data = self._held.pop(key, None)
        if data is not None:
            self._size -= _held_size(key, data)
            return data
        data = self._find(key)
        if data is not None and self._file is not None:
            self._file.execute("DELETE FROM waiting WHERE key = ?", (_bytes(key),))
        return data

    def rest(self) -> Iterator[bytes]:
        """All that still waits."""
        yield from self._held.values()
        if self._file is not None:
            for (data,) in self._file.execute("SELECT data FROM waiting ORDER BY rowid"):
                yield data

    def __enter__(self) -> Shelf:
        return self

    def __exit__(self, *problem: object) -> None:
        """Drop everything."""
        self._held.clear()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _find(self, key: str) -> bytes | None:
        if self._file is None:
            return None
        found = self._file.execute("SELECT data FROM waiting WHERE key = ?", (_bytes(key),))
        row = found.fetchone()
        return None if row is None else bytes(row[0])


def _held_size(key: str, data: bytes) -> int:
    """Bytes of memory: short lines take more for their objects than for their text."""
    return sys.getsizeof(key) + sys.getsizeof(data) + _SLOT


def _temporary() -> sqlite3.Connection:
    file = sqlite3.connect("", isolation_level=None)  # on the disk, and gone when it is closed
    file.execute("CREATE TABLE waiting (key BLOB UNIQUE, data BLOB)")
    file.execute("BEGIN")
    return file


def _bytes(key: str) -> bytes:
    return key.encode("utf-8", "surrogatepass")
