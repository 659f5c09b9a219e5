"""The mock as a gateway's upstream: it notes what arrives and answers with odd usage."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import msgspec

from tokenassay.conformance.exchanges import Chunk, Exchange, Received, Sent
from tokenassay.conformance.mock import wire
from tokenassay.conformance.mock.app import App, make_app, path_of
from tokenassay.conformance.mock.call import Call, Usage
from tokenassay.conformance.mock.doors import AFTER_HEADER, FAULT_HEADER, bearer
from tokenassay.conformance.mock.server import bind, serving
from tokenassay.conformance.mock.service import Mount, Settings
from tokenassay.contracts.clauses import EndpointClause
from tokenassay.contracts.records import Record
from tokenassay.contracts.store import Contract
from tokenassay.estimators.refusals import Refusal

UPSTREAM_KEY: Final = "sk-assay-upstream"
"""The key to give to the gateway. Any key is taken: whose it is, is what one wants to know."""

_ODD_INPUT, _ODD_OUTPUT = 10_000, 20_000
_SPREAD: Final = 997
"""Usage is raised by more than any recount would come to, and by another figure each time."""

_PATIENCE: Final = 5.0
"""Seconds to wait for the end of an answer that nobody reads any more."""


class Order(Record, frozen=True, kw_only=True):
    """How the upstream is to answer what arrives next."""

    fault: str | None = None
    """Id of the error clause to answer with."""
    after: int | None = None
    """Frames of a stream to send before the error."""
    hold: float = 0.0
    """Seconds between the first frame of a stream and the others."""


class Arrival(Record, frozen=True, kw_only=True):
    """One request that arrived, with the upstream's own answer to it."""

    held_until: float | None
    """When the rest of a stream was let go, where it was held, by the monotonic clock."""
    exchange: Exchange
    generation: bool
    """Whether it asks for an answer of the model."""
    detour: bool
    """Whether its path is not the documented one, and only ends like it."""
    honest: tuple[int, int] | None
    """Input and output tokens that were really used; the answer tells other figures."""


class Upstream(App):
    """The mock's application, which takes any key and any model and notes all that passes."""

    def __init__(self, mounts: tuple[Mount, ...]) -> None:
        super().__init__(mounts)
        self.order = Order()
        self._lock = threading.Lock()
        self._notings: list[_Noting] = []
        self._honest: dict[str, tuple[int, int]] = {}
        self._paths = {
            mount.prefix + clause.path: clause.operation in ("generate", "chat")
            for mount in mounts
            for service in mount.services
            for clause in service.edition.of_kind(EndpointClause)
        }
        self._tails = {
            clause.path: mount.prefix + clause.path
            for mount in mounts
            for service in mount.services
            for clause in service.edition.of_kind(EndpointClause)
            if clause.operation in ("generate", "chat")
        }
        for mount in mounts:
            for service in mount.services:
                stages = service.stages
                service.stages = stages._replace(
                    authorize=(*stages.authorize, _any_key),
                    judge=(*stages.judge, _any_model),
                    meter=(*stages.meter, self._oddly),
                )

    def take(self) -> list[Arrival]:
        """What has arrived since the last time, each with what it was answered."""
        with self._lock:
            taken, self._notings = self._notings, []
        for noting in taken:
            noting.done.wait(_PATIENCE)  # whoever got an answer's last byte may be here first
        return [noting.arrival(self._honest) for noting in taken]

    def _oddly(self, call: Call, usage: Usage) -> Usage:
        """Figures that nobody else could come to, the honest ones kept aside."""
        if len(self._honest) > 4096:
            self._honest.clear()
        self._honest[call.request_id] = usage.input_tokens, usage.output_tokens
        odd = call.digest % _SPREAD
        given, made = usage.input_tokens + _ODD_INPUT + odd, usage.output_tokens + _ODD_OUTPUT + odd
        return msgspec.structs.replace(
            usage, input_tokens=given, output_tokens=made, total_tokens=given + made
        )

    async def __call__(self, scope: wire.Scope, receive: wire.Receive, send: wire.Send) -> None:
        """Serve one request, and note it together with what is sent."""
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        path = self._path(scope["path"])
        noting = _Noting(
            scope,
            send,
            self.order,
            generation=scope["method"] == "POST" and self._paths.get(path, False),
            detour=path != scope["path"],
        )
        with self._lock:
            self._notings.append(noting)
        try:
            noting.body = await wire.read_body(receive, limit=self.world.settings.max_body)
            headers = [*scope["headers"], *_ordered(self.order)]
            await super().__call__(
                {**scope, "path": path, "headers": headers}, noting.replay(receive), noting.send
            )
        except (wire.HungUp, wire.TooLarge):
            wire.drop(scope)
        finally:
            noting.done.set()

    def _path(self, path: str) -> str:
        """The documented path that a path ends like; itself where there is none."""
        if path in self._paths:
            return path
        return next((full for tail, full in self._tails.items() if path.endswith(tail)), path)


def _any_key(call: Call, accepted: bool) -> bool:
    return True


def _any_model(call: Call, found: tuple[Refusal, ...]) -> tuple[Refusal, ...]:
    return tuple(refusal for refusal in found if refusal.at != "model")


def _ordered(order: Order) -> Iterator[tuple[bytes, bytes]]:
    if order.fault is not None:
        yield FAULT_HEADER.encode(), order.fault.encode()
    if order.after is not None:
        yield AFTER_HEADER.encode(), b"%d" % order.after


class _Noting:
    """One request while it is served."""

    def __init__(
        self,
        scope: wire.Scope,
        send: wire.Send,
        order: Order,
        *,
        generation: bool,
        detour: bool,
    ) -> None:
        self._scope, self._send, self._order = scope, send, order
        self._generation, self._detour = generation, detour
        self.body = b""
        self.done = threading.Event()
        self._begun, self._started = time.monotonic(), time.time()
        self._status: int | None = None
        self._headers: tuple[tuple[str, str], ...] = ()
        self._sent = bytearray()
        self._chunks: list[Chunk] = []
        self._held_until: float | None = None

    def replay(self, receive: wire.Receive) -> wire.Receive:
        """The body once more, then whatever else comes."""
        given = False

        async def again() -> wire.Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": self.body, "more_body": False}

        return again

    async def send(self, message: wire.Message) -> None:
        """Pass a message on; a stream goes out frame by frame."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = _texts(message["headers"])
            await self._send(message)
            return
        body, more = message.get("body", b""), message.get("more_body", False)
        frames = _frames(body) if self._streams else [body]
        for number, frame in enumerate(frames, 1):
            if self._order.hold and self._streams and self._sent and self._held_until is None:
                await asyncio.sleep(self._order.hold)
                self._held_until = time.monotonic()
            self._sent += frame
            self._chunks.append(Chunk(at=time.monotonic() - self._begun, end=len(self._sent)))
            await self._send({**message, "body": frame, "more_body": more or number < len(frames)})

    @property
    def _streams(self) -> bool:
        return any(k == "content-type" and "event-stream" in v for k, v in self._headers)

    def arrival(self, honest: dict[str, tuple[int, int]]) -> Arrival:
        """The record of what came and what was sent."""
        scope = self._scope
        query = scope.get("query_string", b"").decode("latin-1")
        sent = Sent(
            method=scope["method"],
            url=scope["path"] + (f"?{query}" if query else ""),
            headers=_texts(scope["headers"]),
            body=self.body,
        )
        received = None
        if self._status is not None:
            received = Received(
                status=self._status,
                headers=self._headers,
                body=bytes(self._sent),
                chunks=tuple(self._chunks),
            )
        exchange = Exchange(
            sent, received, total_s=time.monotonic() - self._begun, started=self._started
        )
        id = received.header("x-request-id") if received else None
        return Arrival(
            held_until=self._held_until,
            exchange=exchange,
            generation=self._generation,
            detour=self._detour,
            honest=honest.get(id or ""),
        )


def _texts(headers: Any) -> tuple[tuple[str, str], ...]:
    return tuple((k.decode("latin-1").lower(), v.decode("latin-1")) for k, v in headers)


def _frames(block: bytes) -> list[bytes]:
    """The frames in a block, each with the blank line that ends it."""
    parts = block.split(b"\n\n")
    frames = [part + b"\n\n" for part in parts[:-1]]
    return [*frames, parts[-1]] if parts[-1] or not frames else frames


def keys_in(arrival: Arrival, key: str) -> tuple[str, ...]:
    """Where a key stands in what arrived: names of headers, ``the URL``, ``the body``."""
    sent = arrival.exchange.sent
    found = [name for name, value in sent.headers if key in value]
    if key in sent.url:
        found.append("the URL")
    if key.encode() in sent.body:
        found.append("the body")
    return tuple(dict.fromkeys(found))


def bearer_of(arrival: Arrival) -> str | None:
    """The key by which a request asks to be let in."""
    value = next((v for k, v in arrival.exchange.sent.headers if k == "authorization"), None)
    return bearer(value)


@contextmanager
def listening(contract: Contract, host: str, port: int) -> Iterator[tuple[Upstream, str]]:
    """The upstream on a port (0: a free one) while the block runs, and its base URL.

    OSError where the port is taken.
    """
    made = make_app([contract], settings=Settings(api_key=UPSTREAM_KEY))
    upstream = Upstream(made.mounts)
    with serving(upstream, bind(host, port)) as url:
        yield upstream, url + path_of(contract.edition)
