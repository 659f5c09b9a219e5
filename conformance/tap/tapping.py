"""A tap from beginning to end: the upstream listens, the front is asked, all is compared."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from tokenassay import __version__
from tokenassay.conformance.exchanges import Exchange, Sent
from tokenassay.conformance.redaction import Redactor
from tokenassay.conformance.tap import asks as a
from tokenassay.conformance.tap import manners, replies
from tokenassay.conformance.tap.fates import passages
from tokenassay.conformance.tap.findings import Aspect, Passage, Tap
from tokenassay.conformance.tap.prompts import prompt_aspects
from tokenassay.conformance.tap.trips import Owners, Passing, Reader, share, trip_of
from tokenassay.conformance.tap.upstream import UPSTREAM_KEY, Order, Upstream
from tokenassay.conformance.wire import HttpWire, Limits
from tokenassay.contracts.clauses import EndpointClause
from tokenassay.contracts.edition import Edition
from tokenassay.contracts.records import Record
from tokenassay.estimators.refusals import compile_rules
from tokenassay.estimators.requests import read_request

FRONT_KEY: Final = "sk-assay-front"
"""Shown to a gateway that needs no key: no secret, so that it may be told from others."""

_TRACE: Final = "x-assay-trace"
"""A header of the caller's own; whether it arrives is one of the questions."""

INTERRUPTED: Final = "interrupted"
"""Why not all was asked, where the user ended it."""

_SILENCES: Final = 3
"""Requests without answer nor arrival after which no more are sent."""

_LONGER: Final = 4
"""Times as long that a stream pauses when one looks again."""

_BETWEEN: Final = 0.1
"""Seconds between two tries to reach a gateway that is not up yet."""


class Front(Record, frozen=True, kw_only=True):
    """The gateway as its callers see it."""

    url: str
    """Base URL, down to what comes before the edition's path."""
    edition: Edition
    model: str
    path: str | None = None
    """Path of generation under the base URL; None: the edition's."""
    key: str | None = None
    """None: FRONT_KEY, which is no secret."""
    headers: dict[str, str] = {}
    """Sent with each request, with their values."""
    secrets: tuple[str, ...] = ()
    """What must not stand in any record: the key, and secret values of headers."""
    timeout: float = 120.0
    """Seconds that one exchange may take."""
    wait: float = 10.0
    """Seconds that the gateway may take to come up."""
    max_requests: int | None = None


def tap(
    front: Front,
    upstream: Upstream,
    edition: Edition,
    asked: Sequence[a.Ask],
    told: Callable[[int, int], None] | None = None,
) -> Tap:
    """What a gateway does to the requests that pass it.

    ``edition`` is the upstream's. Where the first of ``asked``, a plain request, does not arrive,
    no other is sent. ``told`` hears how many of how many requests are done.
    """
    tapper = _Tapper(front, upstream, edition)
    try:
        found = tapper.run(asked, told)
    finally:
        tapper.close()
    redactor = Redactor(front.secrets)
    return msgspec.json.decode(redactor.bytes(msgspec.json.encode(found)), type=Tap)


class _Tapper:
    """The state of one tap."""

    def __init__(self, front: Front, upstream: Upstream, edition: Edition) -> None:
        self._front, self._upstream, self._edition = front, upstream, edition
        self._wire = HttpWire(front.url, Limits.within(front.timeout), connections=2)
        self._key = front.key or FRONT_KEY
        self._owners = Owners(self._key, UPSTREAM_KEY)
        self._reader = Reader(edition.surface, _switches(edition))
        self._rules = compile_rules(front.edition, front.model)
        self._run = secrets.token_hex(3)  # a gateway that caches must not know our requests
        self._passings: list[Passing] = []

    def close(self) -> None:
        self._wire.close()

    def run(self, asked: Sequence[a.Ask], told: Callable[[int, int], None] | None) -> Tap:
        wanted = asked[: self._front.max_requests]
        why = None
        try:
            for number, ask in enumerate(wanted, 1):
                passing = self._pass(number, ask)
                if replies.held_back(passing):  # or this machine was slow: so again, for longer
                    longer = msgspec.structs.replace(ask, hold=ask.hold * _LONGER)
                    passing = self._pass(number, longer)
                self._passings.append(passing)
                if told is not None:
                    told(number, len(wanted))
                if number == 1 and (nothing := self._nothing(passing)) is not None:
                    return self._tap("inconclusive", nothing, len(asked) - 1)
                if self._silent():
                    why = "the gateway fell silent before all was asked"
                    break
        except KeyboardInterrupt:
            why = INTERRUPTED
        if not self._passings:
            return self._tap("inconclusive", why, len(asked))
        share(self._passings, self._upstream.take(), self._passings[-1])
        return self._finish(len(asked) - len(self._passings), why)

    def _silent(self) -> bool:
        """Whether the last requests neither arrived nor were answered."""
        last = self._passings[-_SILENCES:]
        gone = [not passing.came and passing.front.status is None for passing in last]
        return len(gone) == _SILENCES and all(gone)

    def _pass(self, number: int, ask: a.Ask) -> Passing:
        """Send one ask, and take what arrives meanwhile."""
        front = self._front
        mark = self._passings[-1].mark if ask.twin else f"[{self._run}-{number:04d}]"
        body = a.body_of(ask, front.edition, front.model, mark)
        native = front.edition.surface == "native"
        stream = ask.stream or (not native and body.get("stream") is True)
        self._upstream.order = Order(fault=ask.fault, after=ask.after, hold=ask.hold)
        begun, exchange = self._send(body, mark, stream and native, patient=number == 1)
        self._upstream.order = Order()
        request = read_request(body, surface=front.edition.surface, streaming=stream)
        legal = not self._rules.check(request)
        passing = Passing(
            number, ask, mark, request, exchange, begun=begun, stream=stream, legal=legal
        )
        share([*self._passings, passing], self._upstream.take(), passing)
        return passing

    def _send(
        self, body: Mapping[str, Any], mark: str, switch: bool, *, patient: bool
    ) -> tuple[float, Exchange]:
        """When a request was sent, by the monotonic clock, and its exchange."""
        front = self._front
        headers = {
            "content-type": "application/json",
            "authorization": "",
            _TRACE: mark,
            **{name.lower(): value for name, value in front.headers.items()},
        }
        if switch:
            headers |= {k.lower(): v for k, v in _switches(front.edition).items()}
        sent = Sent(
            method="POST",
            url=front.url.rstrip("/") + self._path(),
            headers=tuple(headers.items()),
            body=json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass"),
        )
        secret = {"authorization": f"Bearer {self._key}"}
        if "authorization" in {name.lower() for name in front.headers}:
            secret = {}
        ends = time.monotonic() + front.wait
        while True:
            begun = time.monotonic()
            exchange = self._wire.exchange(sent, secret)
            failure = exchange.failure
            absent = patient and failure is not None and failure.kind == "connect"
            if not absent or time.monotonic() > ends:
                return begun, exchange
            time.sleep(_BETWEEN)

    def _path(self) -> str:
        front = self._front
        if front.path is not None:
            return "/" + front.path.lstrip("/")
        return next(
            clause.path
            for clause in front.edition.of_kind(EndpointClause)
            if clause.operation in ("generate", "chat")
        )

    def _nothing(self, passing: Passing) -> str | None:
        """Why nothing can be found out, where the plain request did not pass."""
        if passing.came:
            return None
        front = passing.front
        if front.status is None:
            detail = front.failure.detail if front.failure else "no answer"
            return f"the gateway can't be reached: {detail}"
        if passing.answered:
            return "the gateway answered, but nothing arrived at the upstream: is it its upstream?"
        error = front.error
        words = (error.message if error else None) or front.text[:200].strip()
        return f"the gateway answered {front.status} and nothing arrived at the upstream: {words}"

    # --------------------------------------------------------------------------- findings

    def _finish(self, left: int, why: str | None) -> Tap:
        passings = self._passings
        front, upstream = self._front.edition.surface, self._edition.surface
        parameters = passages(
            passings, self._reader, self._front.edition, self._edition, self._front.model
        )
        model, named = manners.model_arrived(passings, self._reader)
        aspects = [
            *prompt_aspects(passings, self._reader),
            *named,
            *manners.key_aspects(passings, self._owners),
            *manners.header_aspects(passings, _TRACE),
            *manners.path_aspects(passings),
            *replies.lost_aspects(passings),
            *replies.answer_aspects(passings, front, upstream),
            *replies.stream_aspects(passings, front, upstream),
            *replies.usage_aspects(passings, front, upstream),
            *manners.error_aspects(passings),
            *manners.request_aspects(passings),
        ]
        verdict = "touched" if _touched(parameters, aspects) else "untouched"
        return self._tap(verdict, why, left, parameters, aspects, model)

    def _tap(
        self,
        verdict: Any,
        why: str | None,
        left: int,
        parameters: Iterable[Passage] = (),
        aspects: Iterable[Aspect] = (),
        model: str | None = None,
    ) -> Tap:
        front = self._front
        return Tap(
            version=__version__,
            gateway=front.url,
            edition=front.edition.id,
            upstream_edition=self._edition.id,
            surface=front.edition.surface,
            upstream_surface=self._edition.surface,
            model=front.model,
            model_arrived=model,
            verdict=verdict,
            why=why,
            parameters=tuple(parameters),
            aspects=tuple(aspects),
            trips=tuple(trip_of(passing, self._owners) for passing in self._passings),
            not_sent=left,
        )


def _touched(parameters: Iterable[Passage], aspects: Iterable[Aspect]) -> bool:
    cases = [case for passage in parameters for case in passage.cases]
    return any(case.touched for case in cases) or any(aspect.touched for aspect in aspects)


def _switches(edition: Edition) -> dict[str, str]:
    """The headers that ask for a stream, where an edition has them."""
    clause = edition.behaviour("sse_by_header")
    return dict(clause.args["headers"]) if clause else {}
