"""The calls of a run with what they were billed, read from its file, to be reconciled."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from tokenassay.conformance import runtables as t
from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.rundb import RunFileError
from tokenassay.contracts import store
from tokenassay.estimators.bills.answers import decoded, read_answer
from tokenassay.estimators.bills.calls import Call, Fault, Place, Read, Skipped
from tokenassay.estimators.bills.sources.pairs import asks_for_stream, is_incremental, surface_of

_BODY: Final = frozenset({"messages", "input"})


def calls_in(path: str) -> Iterator[Read]:
    """Every answered exchange of a run, each named by its number in the file.

    The file is only read, and may be that of a run that goes on. RunFileError where it is none
    of this version's.
    """
    try:
        with closing(sqlite3.connect(Path(path).resolve().as_uri() + "?mode=ro", uri=True)) as file:
            (version,) = file.execute("PRAGMA user_version").fetchone()
            if version != t.VERSION:
                raise RunFileError(f"{path}: not a run file of this version ({version})")
            editions = _editions(file)
            for target, *row in file.execute(
                f"SELECT target, {t.EXCHANGE} FROM exchanges "  # noqa: S608 - no input
                "WHERE state = 'done' ORDER BY id"
            ):
                yield _read(t.exchange_of(tuple(row)), editions.get(target), path)
    except sqlite3.Error as error:
        raise RunFileError(f"{path}: not a run file of this version ({error})") from None


def _editions(file: sqlite3.Connection) -> dict[str, str]:
    """Editions of the package by the name of the target that was held to them."""
    row = file.execute("SELECT value FROM meta WHERE key = 'targets'").fetchone()
    entries = json.loads(row[0]) if row else []
    known = store.headers()
    return {one["name"]: one["edition"] for one in entries if one["edition"] in known}


def _read(exchange: Exchange, edition: str | None, path: str) -> Read:
    sent, place = exchange.sent, Place(path, exchange.id, "exchange")
    body: Any = decoded(sent.body) if sent.method == "POST" else None
    surface = surface_of(sent.url)
    if surface is None or not isinstance(body, Mapping) or not _BODY & body.keys():
        return Skipped("no request of a model")
    if exchange.received is None or not exchange.whole:
        return Fault(place, "", "the request was not answered to its end")
    headers = {name.lower(): value for name, value in sent.headers}
    answer = read_answer(exchange.received.body, exchange.status, incremental=is_incremental(body))
    return Call(
        place,
        place,
        answer.id,
        surface,
        body,
        exchange.is_stream or asks_for_stream(headers) or body.get("stream") is True,
        False,
        store.day(store.load_edition(edition).date) if edition else None,
        answer,
        edition=edition,
    )
