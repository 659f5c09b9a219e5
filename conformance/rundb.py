"""A run is one SQLite file: exchanges, outcomes and spend, written as they happen.

Every request is reserved, with the most that it can cost, in the same transaction that checks
the ceilings; so no number of workers, threads or processes can pass them. An exchange is kept
under the digest of its request: an identical one is never paid for twice, and a run goes on
after a kill where it stopped. A request that was under way at a kill stays counted at its
maximum, for it may have been billed, and is sent anew.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
import zlib
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from tokenassay.conformance.exchanges import Exchange, Failure, Received, Sent
from tokenassay.conformance.failures import Stopped, ToolError
from tokenassay.conformance.outcomes import Verdict
from tokenassay.contracts.records import Record

SCHEMA_VERSION = 1
_PICO = Decimal(10) ** 12
_TABLES = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS exchanges (
  id INTEGER PRIMARY KEY,
  target TEXT NOT NULL,
  digest TEXT NOT NULL,
  promise TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'done', 'lost')),
  reserved_pico INTEGER NOT NULL,
  cost_pico INTEGER,
  tokens INTEGER NOT NULL,
  owner TEXT NOT NULL,
  started REAL NOT NULL,
  sent BLOB NOT NULL,
  received BLOB,
  failure BLOB,
  first_byte_s REAL,
  total_s REAL
);
CREATE UNIQUE INDEX IF NOT EXISTS one_answer ON exchanges (target, digest) WHERE state != 'lost';
CREATE TABLE IF NOT EXISTS outcomes (
  target TEXT NOT NULL, promise TEXT NOT NULL, verdict BLOB NOT NULL,
  PRIMARY KEY (target, promise)
);
CREATE TABLE IF NOT EXISTS notes (
  id INTEGER PRIMARY KEY, target TEXT NOT NULL, promise TEXT NOT NULL,
  kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
  UNIQUE (target, promise, kind, key)
);
"""


class Ceilings(Record, frozen=True, kw_only=True):
    """What a target's run may not pass; None: no such ceiling."""

    requests: int | None = None
    money: Decimal | None = None
    tokens: int | None = None


class Spend(Record, frozen=True, kw_only=True):
    """What has been sent and paid so far; requests under way count at their maximum."""

    requests: int
    money: Decimal
    tokens: int


class RunFile:
    """The run's SQLite file; safe for many threads and processes at once."""

    def __init__(self, path: Path | str, *, owner: str = "") -> None:
        self.path = Path(path)
        self._owner = owner or f"{time.time_ns()}"
        self._local = threading.local()
        self._arrival = threading.Condition()
        self._all: list[sqlite3.Connection] = []
        with self._connection() as connection:
            connection.executescript(_TABLES)
        found = self.meta("schema")
        if found is None:
            self.set_meta("schema", SCHEMA_VERSION)
        elif found != SCHEMA_VERSION:
            raise ToolError(f"{self.path}: a run file of schema {found}, not {SCHEMA_VERSION}")

    def close(self) -> None:
        """Close this process's connections."""
        for connection in self._all:
            connection.close()
        self._all.clear()
        self._local = threading.local()

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(
                self.path, timeout=60, isolation_level=None, check_same_thread=False
            )
            connection.execute("PRAGMA journal_mode=WAL")
            # Survives a kill of this process; only a power cut may lose the last writes.
            connection.execute("PRAGMA synchronous=NORMAL")
            self._local.connection = connection
            self._all.append(connection)
        return connection

    # ------------------------------------------------------------------ meta

    def meta(self, key: str) -> Any:
        """A value of the run's own: seed, command, versions; None where there is none."""
        row = self._connection().execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else json.loads(row[0])

    def set_meta(self, key: str, value: Any) -> None:
        """Keep a value of the run's own; it must be JSON."""
        self._connection().execute(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (key, json.dumps(value, ensure_ascii=False)),
        )

    # ------------------------------------------------------------------ exchanges

    def forget_open(self) -> int:
        """Mark what was under way at a kill as lost: still counted, sent anew when asked for."""
        cursor = self._connection().execute(
            "UPDATE exchanges SET state = 'lost' WHERE state = 'open' AND owner != ?",
            (self._owner,),
        )
        return cursor.rowcount

    def claim(
        self,
        target: str,
        digest: str,
        promise: str,
        sent: Sent,
        *,
        cost: Decimal,
        tokens: int,
        ceilings: Ceilings,
    ) -> Exchange | int:
        """The exchange if it was had before, else the id under which it may now be sent.

        Waits where another worker is sending the same request. Raises Stopped, with nothing
        reserved, where the request's maximum ``cost`` or ``tokens`` would pass a ceiling.
        """
        while True:
            found = self._find(target, digest)
            if isinstance(found, Exchange):
                return found
            if found is None:
                claimed = self._reserve(target, digest, promise, sent, cost, tokens, ceilings)
                if claimed is not None:
                    return claimed
                continue
            with self._arrival:
                self._arrival.wait(timeout=0.05)

    def _find(self, target: str, digest: str) -> Exchange | str | None:
        row = (
            self._connection()
            .execute(
                "SELECT id, state, sent, received, failure, first_byte_s, total_s, started "
                "FROM exchanges WHERE target = ? AND digest = ? AND state != 'lost'",
                (target, digest),
            )
            .fetchone()
        )
        if row is None:
            return None
        return _exchange(row) if row[1] == "done" else "open"

    def _reserve(
        self,
        target: str,
        digest: str,
        promise: str,
        sent: Sent,
        cost: Decimal,
        tokens: int,
        ceilings: Ceilings,
    ) -> int | None:
        connection = self._connection()
        connection.execute("BEGIN IMMEDIATE")
        try:
            spend = self.spend(target)
            _check(ceilings, spend, cost, tokens)
            cursor = connection.execute(
                "INSERT OR IGNORE INTO exchanges "
                "(target, digest, promise, state, reserved_pico, tokens, owner, started, sent) "
                "VALUES (?, ?, ?, 'open', ?, ?, ?, ?, ?)",
                (
                    target,
                    digest,
                    promise,
                    int(cost * _PICO),
                    tokens,
                    self._owner,
                    time.time(),
                    _pack(sent),
                ),
            )
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        return cursor.lastrowid if cursor.rowcount else None

    def settle(
        self, id: int, exchange: Exchange, *, cost: Decimal | None, tokens: int | None
    ) -> Exchange:
        """Keep the answer to a claimed request, with what it was billed where that is known."""
        self._connection().execute(
            "UPDATE exchanges SET state = 'done', sent = ?, received = ?, failure = ?, "
            "first_byte_s = ?, total_s = ?, started = ?, cost_pico = ?, "
            "tokens = COALESCE(?, tokens) WHERE id = ?",
            (
                _pack(exchange.sent),
                _pack(exchange.received) if exchange.received else None,
                _pack(exchange.failure) if exchange.failure else None,
                exchange.first_byte_s,
                exchange.total_s,
                exchange.started,
                None if cost is None else int(cost * _PICO),
                tokens,
                id,
            ),
        )
        with self._arrival:
            self._arrival.notify_all()
        exchange.id = id
        return exchange

    def release(self, id: int) -> None:
        """Give a claim back that was never sent."""
        self._connection().execute("DELETE FROM exchanges WHERE id = ? AND state = 'open'", (id,))
        with self._arrival:
            self._arrival.notify_all()

    def exchange(self, id: int) -> Exchange | None:
        """The exchange of that id; None where it is unknown or was never answered."""
        row = (
            self._connection()
            .execute(
                "SELECT id, state, sent, received, failure, first_byte_s, total_s, started "
                "FROM exchanges WHERE id = ?",
                (id,),
            )
            .fetchone()
        )
        return _exchange(row) if row is not None and row[1] == "done" else None

    def timings(self, target: str) -> Iterator[tuple[str, int, float | None, float]]:
        """Promise, exchange id, time to first byte and total time of each whole answer."""
        yield from self._connection().execute(
            "SELECT promise, id, first_byte_s, total_s FROM exchanges "
            "WHERE target = ? AND state = 'done' AND failure IS NULL ORDER BY id",
            (target,),
        )

    def spend(self, target: str | None = None) -> Spend:
        """What one target, or the whole run, has used so far."""
        where, values = ("WHERE target = ?", (target,)) if target is not None else ("", ())
        requests, pico, tokens = (
            self._connection()
            .execute(
                "SELECT COUNT(*), COALESCE(SUM(COALESCE(cost_pico, reserved_pico)), 0), "
                f"COALESCE(SUM(tokens), 0) FROM exchanges {where}",  # noqa: S608 - no input
                values,
            )
            .fetchone()
        )
        return Spend(requests=requests, money=Decimal(pico) / _PICO, tokens=tokens)

    # ------------------------------------------------------------------ outcomes

    def keep(self, target: str, verdict: Verdict) -> None:
        """Keep the outcome of a promise."""
        self._connection().execute(
            "INSERT OR REPLACE INTO outcomes VALUES (?, ?, ?)",
            (target, verdict.promise, msgspec.json.encode(verdict)),
        )

    def verdicts(self, target: str) -> dict[str, Verdict]:
        """Outcomes so far, by promise."""
        rows = self._connection().execute(
            "SELECT promise, verdict FROM outcomes WHERE target = ? ORDER BY promise", (target,)
        )
        return {promise: msgspec.json.decode(blob, type=Verdict) for promise, blob in rows}

    def note(self, target: str, promise: str, kind: str, key: str, value: Any) -> None:
        """Keep something measured on the way (a bound, a point of the meter), once a key."""
        self._connection().execute(
            "INSERT OR REPLACE INTO notes (target, promise, kind, key, value) "
            "VALUES (?, ?, ?, ?, ?)",
            (target, promise, kind, key, json.dumps(value, ensure_ascii=False)),
        )

    def notes(self, target: str, kind: str) -> list[tuple[str, str, Any]]:
        """``(promise, key, value)`` of all notes of a kind, in a fixed order."""
        rows: Iterable[tuple[str, str, str]] = self._connection().execute(
            "SELECT promise, key, value FROM notes WHERE target = ? AND kind = ? "
            "ORDER BY promise, key",
            (target, kind),
        )
        return [(promise, key, json.loads(value)) for promise, key, value in rows]


def _check(ceilings: Ceilings, spend: Spend, cost: Decimal, tokens: int) -> None:
    if ceilings.requests is not None and spend.requests + 1 > ceilings.requests:
        raise Stopped(f"the ceiling of {ceilings.requests:,} requests is reached")
    if ceilings.money is not None and spend.money + cost > ceilings.money:
        raise Stopped(f"the budget of {ceilings.money} would be passed")
    if ceilings.tokens is not None and spend.tokens + tokens > ceilings.tokens:
        raise Stopped(f"the ceiling of {ceilings.tokens:,} tokens would be passed")


def _pack(record: Any) -> bytes:
    return zlib.compress(msgspec.msgpack.encode(record), 1)


def _exchange(row: tuple[Any, ...]) -> Exchange:
    id, _, sent, received, failure, first_byte_s, total_s, started = row

    def unpack(blob: bytes | None, kind: type[Any]) -> Any:
        return None if blob is None else msgspec.msgpack.decode(zlib.decompress(blob), type=kind)

    return Exchange(
        unpack(sent, Sent),
        unpack(received, Received),
        unpack(failure, Failure),
        id=id,
        first_byte_s=first_byte_s,
        total_s=total_s,
        started=started,
    )


