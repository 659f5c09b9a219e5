"""One request at the front, and everything that arrived at the upstream because of it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from tokenassay.conformance.exchanges import Exchange
from tokenassay.conformance.tap.asks import Ask
from tokenassay.conformance.tap.findings import Arrived, CameBack, Trip
from tokenassay.conformance.tap.upstream import Arrival
from tokenassay.contracts.records import Surface
from tokenassay.estimators.requests import NotARequest, Request, read_request


class Passing:
    """An ask with its mark, its exchange at the front and its arrivals; later ones may come."""

    def __init__(
        self,
        number: int,
        ask: Ask,
        mark: str,
        sent: Request,
        front: Exchange,
        *,
        begun: float,
        stream: bool,
        legal: bool,
    ) -> None:
        self.number, self.ask, self.mark = number, ask, mark
        self.sent, self.front, self.begun = sent, front, begun
        """``begun``: when it was sent, by the monotonic clock."""
        self.stream, self.legal = stream, legal
        """Whether a stream was asked for; whether the front's edition allows the request."""
        self.came: list[Arrival] = []
        """The arrivals that are this request's."""
        self.others: list[Arrival] = []
        """What else arrived while it was under way: calls of the gateway's own."""

    @property
    def arrival(self) -> Arrival | None:
        """The one that the front's answer goes back to: the last."""
        return self.came[-1] if self.came else None

    @property
    def answered(self) -> bool:
        """Whether the front answered, and not with an error."""
        return self.front.whole and self.front.status == 200 and self.front.error is None

    @property
    def served(self) -> bool:
        """Whether the upstream answered what arrived, and not with an error."""
        upstream = self.arrival.exchange if self.arrival else None
        return upstream is not None and upstream.status == 200 and upstream.error is None


def share(passings: Iterable[Passing], arrivals: Iterable[Arrival], last: Passing) -> None:
    """Give each arrival to the passing whose mark it bears, and what bears none to ``last``."""
    marked = {passing.mark.encode(): passing for passing in passings}
    unmarked = []
    for arrival in arrivals:
        body = arrival.exchange.sent.body
        owner = next((p for mark, p in marked.items() if mark in body), None)
        # A twin bears the mark of the one before it.
        if owner is not None and owner.mark == last.mark:
            owner = last
        if owner is None:
            unmarked.append(arrival)
        else:
            owner.came.append(arrival)
    # Where the gateway rewrites what is said, only the order tells whose an arrival is.
    marked_too = any(last.mark.encode() in arrival.exchange.sent.body for arrival in last.came)
    for arrival in unmarked:
        mine = arrival.generation and not marked_too
        (last.came if mine else last.others).append(arrival)


class Reader:
    """Reads what arrives, in the upstream's dialect."""

    def __init__(self, surface: Surface, switches: Mapping[str, str]) -> None:
        self._surface, self._switches = surface, switches

    def streams(self, arrival: Arrival) -> bool:
        """Whether a stream is asked for."""
        if self._surface == "openai":
            body = arrival.exchange.sent.body
            with contextlib.suppress(ValueError):
                read = json.loads(body)
                return isinstance(read, dict) and read.get("stream") is True
            return False
        given = dict(arrival.exchange.sent.headers)
        return any(v in given.get(k.lower(), "").lower() for k, v in self._switches.items())

    def request(self, arrival: Arrival) -> Request | None:
        """The request in it; None where its body is no JSON object."""
        with contextlib.suppress(ValueError, RecursionError, NotARequest):
            return read_request(
                json.loads(arrival.exchange.sent.body),
                surface=self._surface,
                streaming=self.streams(arrival),
            )
        return None


class Owners:
    """Whose a key is, told without showing it."""

    def __init__(self, front: str | None, upstream: str) -> None:
        self.front, self.upstream = front, upstream

    def name(self, key: str | None) -> str:
        """``the front's key``, ``the upstream's key``, ``another key`` or ``no key``."""
        if not key:
            return "no key"
        if key == self.front:
            return "the front's key"
        return "the upstream's key" if key == self.upstream else "another key"

    @cached_property
    def _named(self) -> list[tuple[str, str]]:
        pairs = ((self.front, "[the front's key]"), (self.upstream, "[the upstream's key]"))
        return [(key, words) for key, words in pairs if key]

    def shown(self, value: str) -> str:
        """A header's value with the keys told by name."""
        for key, words in self._named:
            value = value.replace(key, words)
        return value


def trip_of(passing: Passing, owners: Owners) -> Trip:
    """The record of a passing."""
    front = passing.front
    failure = front.failure
    return Trip(
        number=passing.number,
        kind=passing.ask.kind,
        what=passing.ask.what,
        sent=passing.sent.body,
        stream=passing.stream,
        arrived=tuple(_arrived(arrival, owners) for arrival in passing.came),
        came_back=CameBack(
            status=front.status,
            answer=_answer(front),
            frames=len(front.events) if front.is_stream else None,
            failure=f"{failure.kind}: {failure.detail}" if failure else None,
        ),
    )


def _arrived(arrival: Arrival, owners: Owners) -> Arrived:
    exchange = arrival.exchange
    return Arrived(
        method=exchange.sent.method,
        path=owners.shown(exchange.sent.url),
        headers=tuple((name, _value(name, value, owners)) for name, value in exchange.sent.headers),
        body=_readable(exchange.sent.body),
        status=exchange.status,
        answer=_answer(exchange),
        frames=len(exchange.events) if exchange.is_stream else None,
    )


def _value(name: str, value: str, owners: Owners) -> str:
    shown = owners.shown(value)
    # A key of the gateway's own, which we can't know by its value.
    secret = shown == value and any(part in name for part in ("authorization", "key", "cookie"))
    return "[another key]" if secret else shown


def _readable(body: bytes) -> Any:
    with contextlib.suppress(ValueError, RecursionError):
        return json.loads(body)
    return body.decode("utf-8", "replace")


def _answer(exchange: Exchange) -> Any:
    if exchange.received is None:
        return None
    return exchange.text if exchange.json is None else exchange.json
