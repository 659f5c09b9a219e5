"""A run is one SQLite file: exchanges, outcomes and spend, written as they happen.

Every request is reserved, with the most that it can cost, in the same transaction that checks
the ceilings; so no number of workers, threads or processes can pass them. An exchange is kept
under the digest of its request: an identical one is never paid for twice, and a run goes on
after a kill where it stopped. A request that was under way at a kill stays counted at its
maximum, for it may have been billed, and is sent anew.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from decimal import ROUND_CEILING, Decimal
from pathlib import Path
from typing import Any, Final

import msgspec

from tokenassay.conformance import runtables as t
from tokenassay.conformance.exchanges import Exchange, Sent
from tokenassay.conformance.failures import Stopped
from tokenassay.conformance.outcomes import Verdict
from tokenassay.contracts.records import Level, Record

_PICO: Final = Decimal(10) ** 12
_MOMENT: Final = 0.05
"""Seconds between two looks at what another process is doing."""


class RunFileError(ValueError):
    """A file that is no run of this version's."""


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


class Planned(Record, frozen=True, kw_only=True):
    """A promise as the run file lists it, so that a report needs nothing but the file."""

    id: str
    family: str
    clause: str
    level: Level
    title: str
    statement: str
    """What the clause states, in one sentence."""
    source: str
    """Where the clause was read."""
    selected: bool = True
    """False: the run was told to leave it out."""


class RunFile:
    """The run's SQLite file; safe for many threads and processes at once."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._owner = f"{os.getpid()}/{time.time_ns()}"
        self._local = threading.local()
        self._arrival = threading.Condition()
        self._all: list[sqlite3.Connection] = []
        try:
            t.create(self._connection())
        except (sqlite3.Error, ValueError) as error:
            self.close()
            raise RunFileError(f"{self.path}: not a run file of this version ({error})") from None

    def close(self) -> None:
        """Close this process's connections."""
        for connection in self._all:
            connection.close()
        self._all.clear()
        self._local = threading.local()

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = t.connect(self.path)
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

    # ------------------------------------------------------------------ going on

    def take_over(self) -> None:
        """Go on with a run that ended early; no other process may be at it.

        What was under way is lost: still counted, sent anew when it is asked for. What could
        not be told is tried again, and what failed on its way is asked for anew.
        """
        connection = self._connection()
        with t.transaction(connection):
            connection.execute(
                "UPDATE exchanges SET state = 'lost' WHERE state = 'open' AND owner != ?",
                (self._owner,),
            )
            connection.execute(
                "UPDATE exchanges SET state = 'lost' WHERE state = 'done' AND NOT usable "
                "AND (promise = 'baseline' OR promise IN "
                "(SELECT promise FROM outcomes WHERE outcome = 'inconclusive'))"
            )
            connection.execute("DELETE FROM outcomes WHERE outcome = 'inconclusive'")

    # ------------------------------------------------------------------ exchanges

    def claim(
        self,
        target: str,
        digest: str,
        promise: str,
        sent: Sent,
        *,
        price: Callable[[], tuple[Decimal, int]],
        ceilings: Ceilings,
    ) -> Exchange | int:
        """The exchange if it was had before, else the id under which it may now be sent.

        Waits where another worker is sending the same request. ``price`` gives the most money
        and tokens that it can cost. Raises Stopped, with nothing reserved, where that would
        pass a ceiling.
        """
        cost: tuple[Decimal, int] | None = None
        while True:
            row = self._find(target, digest)
            if row is not None and row[1] == "done":
                return t.exchange_of(row)
            if row is None:
                cost = cost or price()
                claimed = self._reserve(target, digest, promise, sent, cost, ceilings)
                if claimed is not None:
                    return claimed
            elif not self._arrived() and t.is_gone(row[8]):
                self._connection().execute(
                    "UPDATE exchanges SET state = 'lost' WHERE id = ? AND state = 'open'", row[:1]
                )

    def _arrived(self) -> bool:
        with self._arrival:
            return self._arrival.wait(_MOMENT)

    def _find(self, target: str, digest: str) -> t.Row | None:
        found: t.Row | None = (
            self._connection()
            .execute(
                f"SELECT {t.EXCHANGE} FROM exchanges "  # noqa: S608 - no input
                "WHERE target = ? AND digest = ? AND state != 'lost'",
                (target, digest),
            )
            .fetchone()
        )
        return found

    def _reserve(
        self,
        target: str,
        digest: str,
        promise: str,
        sent: Sent,
        price: tuple[Decimal, int],
        ceilings: Ceilings,
    ) -> int | None:
        connection = self._connection()
        with t.transaction(connection):
            cursor = connection.execute(
                "INSERT OR IGNORE INTO exchanges "
                "(target, digest, promise, state, reserved_pico, tokens, owner, started, sent) "
                "VALUES (?, ?, ?, 'open', ?, ?, ?, ?, ?)",
                (target, digest, promise, _pico(price[0]), price[1], self._owner, time.time(), b""),
            )
            if not cursor.rowcount:
                return None
            _check(ceilings, self.spend(target), price)
            connection.execute(
                "UPDATE exchanges SET sent = ? WHERE id = ?", (t.pack(sent), cursor.lastrowid)
            )
            return cursor.lastrowid

    def settle(
        self,
        id: int,
        exchange: Exchange,
        *,
        cost: Decimal | None,
        tokens: int | None,
        usable: bool = True,
    ) -> Exchange:
        """Keep the answer to a claimed request, with what it was billed where that is known.

        ``usable`` False: nothing can be learnt from it, and a later run may ask again.
        """
        self._connection().execute(
            "UPDATE exchanges SET state = 'done', sent = ?, received = ?, failure = ?, "
            "first_byte_s = ?, total_s = ?, started = ?, cost_pico = ?, usable = ?, "
            "tokens = COALESCE(?, tokens) WHERE id = ? AND state = 'open'",
            (
                t.pack(exchange.sent),
                t.pack(exchange.received) if exchange.received else None,
                t.pack(exchange.failure) if exchange.failure else None,
                exchange.first_byte_s,
                exchange.total_s,
                exchange.started,
                None if cost is None else _pico(cost),
                usable,
                tokens,
                id,
            ),
        )
        self._tell()
        exchange.id = id
        return exchange

    def release(self, id: int) -> None:
        """Give a claim back that was never sent."""
        self._connection().execute("DELETE FROM exchanges WHERE id = ? AND state = 'open'", (id,))
        self._tell()

    def lose(self, id: int) -> None:
        """Give up a claim that may have been sent: it stays counted, and may be asked anew."""
        self._connection().execute(
            "UPDATE exchanges SET state = 'lost' WHERE id = ? AND state = 'open'", (id,)
        )
        self._tell()

    def _tell(self) -> None:
        with self._arrival:
            self._arrival.notify_all()

    def exchange(self, id: int) -> Exchange | None:
        """The exchange of that id; None where it is unknown or was never answered."""
        row = (
            self._connection()
            .execute(
                f"SELECT {t.EXCHANGE} FROM exchanges "  # noqa: S608 - no input
                "WHERE id = ? AND (received IS NOT NULL OR failure IS NOT NULL)",
                (id,),
            )
            .fetchone()
        )
        return None if row is None else t.exchange_of(row)

    def timings(self, target: str) -> Iterator[tuple[str, int, float | None, float]]:
        """Promise, exchange id, time to first byte and total time of each whole answer."""
        yield from self._connection().execute(
            "SELECT promise, id, first_byte_s, total_s FROM exchanges "
            "WHERE target = ? AND state = 'done' AND failure IS NULL ORDER BY id",
            (target,),
        )

    def span(self) -> tuple[float | None, float | None]:
        """When the first request was sent and the last answer ended, in seconds since 1970."""
        row: tuple[float | None, float | None] = (
            self._connection()
            .execute(
                "SELECT MIN(started), MAX(started + total_s) FROM exchanges WHERE state = 'done'"
            )
            .fetchone()
        )
        return row

    def spend(self, target: str) -> Spend:
        """What one target has used so far."""
        requests, pico, tokens = (
            self._connection()
            .execute(
                "SELECT COUNT(*), COALESCE(SUM(COALESCE(cost_pico, reserved_pico)), 0), "
                "COALESCE(SUM(tokens), 0) FROM exchanges WHERE target = ?",
                (target,),
            )
            .fetchone()
        )
        return Spend(requests=requests, money=Decimal(pico) / _PICO, tokens=tokens)

    def reserved(self, target: str) -> Decimal:
        """The sum of what each of a target's requests could have cost at most."""
        row = self._connection().execute(
            "SELECT COALESCE(SUM(reserved_pico), 0) FROM exchanges WHERE target = ?", (target,)
        )
        return Decimal(row.fetchone()[0]) / _PICO

    # ------------------------------------------------------------------ promises, outcomes

    def plan(self, target: str, promises: Iterable[Planned]) -> None:
        """List the promises of a target's run, in their order."""
        rows = [
            (
                target,
                at,
                p.id,
                p.family,
                p.clause,
                p.level,
                p.title,
                p.statement,
                p.source,
                p.selected,
            )
            for at, p in enumerate(promises)
        ]
        connection = self._connection()
        with t.transaction(connection):
            connection.executemany(
                "INSERT OR REPLACE INTO promises VALUES (?,?,?,?,?,?,?,?,?,?)", rows
            )

    def planned(self, target: str) -> list[Planned]:
        """The promises of a target's run."""
        rows = self._connection().execute(
            "SELECT id, family, clause, level, title, statement, source, selected FROM promises "
            "WHERE target = ? ORDER BY position",
            (target,),
        )
        return [
            Planned(
                id=id,
                family=family,
                clause=clause,
                level=level,
                title=title,
                statement=statement,
                source=source,
                selected=bool(selected),
            )
            for id, family, clause, level, title, statement, source, selected in rows
        ]

    def keep(self, target: str, verdict: Verdict) -> None:
        """Keep the outcome of a promise."""
        self._connection().execute(
            "INSERT OR REPLACE INTO outcomes VALUES (?, ?, ?, ?)",
            (target, verdict.promise, verdict.outcome, msgspec.json.encode(verdict)),
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


def _pico(money: Decimal) -> int:
    return int((money * _PICO).to_integral_value(ROUND_CEILING))


def _check(ceilings: Ceilings, spend: Spend, price: tuple[Decimal, int]) -> None:
    """Stopped where ``spend``, the request in question included, passes a ceiling."""
    if ceilings.requests is not None and spend.requests > ceilings.requests:
        raise Stopped(f"the ceiling of {ceilings.requests:,} requests is reached")
    if ceilings.money is not None and spend.money > ceilings.money:
        spent = format((spend.money - price[0]).normalize(), "f")
        raise Stopped(
            f"the budget of {ceilings.money} is reached: {spent} are spent, "
            f"and the next request may cost up to {format(price[0].normalize(), 'f')}"
        )
    if ceilings.tokens is not None and spend.tokens > ceilings.tokens:
        raise Stopped(f"the ceiling of {ceilings.tokens:,} tokens would be passed")
