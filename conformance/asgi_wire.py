"""A wire without a network: the mock's application called in this process.

For the suite's own tests and for rehearsals, where thousands of requests are sent and no byte
needs to cross a socket. Each thread drives the application with an event loop of its own.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import unquote, urlsplit

from tokenassay.conformance.exchanges import Chunk, Exchange, Failure, Received, Sent

Message = MutableMapping[str, Any]
App = Callable[..., Awaitable[None]]


class AsgiWire:
    """Carries requests to an ASGI application; what it raises is a broken connection."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._local = threading.local()
        self._loops: list[asyncio.AbstractEventLoop] = []

    def close(self) -> None:
        """Close the event loops; no thread may be at an exchange."""
        for loop in self._loops:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()
        self._loops.clear()
        self._local = threading.local()

    def exchange(self, sent: Sent, secret_headers: dict[str, str]) -> Exchange:
        """The application's answer to ``sent``."""
        call = _Call(sent, secret_headers)
        self._loop().run_until_complete(call.run(self._app))
        return call.finish()

    def _loop(self) -> asyncio.AbstractEventLoop:
        loop: asyncio.AbstractEventLoop | None = getattr(self._local, "loop", None)
        if loop is None:
            loop = asyncio.new_event_loop()
            self._local.loop = loop
            self._loops.append(loop)
        return loop


class _Call:
    """One request and what the application sends back."""

    def __init__(self, sent: Sent, secret_headers: dict[str, str]) -> None:
        self._sent = sent
        self._started, self._begun = time.time(), time.monotonic()
        self._headers = [
            (name.encode("latin-1"), secret_headers.get(name, value).encode("utf-8"))
            for name, value in sent.headers
        ]
        self._asked = False
        self._hung_up = asyncio.Event()
        self._status: int | None = None
        self._answer: tuple[tuple[str, str], ...] = ()
        self._body = bytearray()
        self._chunks: list[Chunk] = []
        self._first: float | None = None
        self._whole = False
        self._broken: str | None = None

    async def run(self, app: App) -> None:
        url = urlsplit(self._sent.url)
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": self._sent.method,
            "scheme": url.scheme,
            "path": unquote(url.path),
            "raw_path": url.path.encode(),
            "query_string": url.query.encode(),
            "root_path": "",
            "headers": self._headers,
            "client": ("127.0.0.1", 0),
            "server": (url.hostname, url.port),
            "extensions": {"tokenassay.abort": self._abort},
        }
        try:
            await app(scope, self._receive, self._send)
        except Exception as error:  # a real server closes the connection on these
            self._broken = f"{type(error).__name__}: {error}"

    async def _receive(self) -> Message:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": self._sent.body, "more_body": False}
        await self._hung_up.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        at = time.monotonic() - self._begun
        if message["type"] == "http.response.start":
            self._status, self._first = message["status"], at
            self._answer = tuple(
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in message.get("headers", ())
            )
            return
        body = message.get("body", b"")
        if body:
            self._body += body
            self._chunks.append(Chunk(at=at, end=len(self._body)))
        if not message.get("more_body", False):
            self._whole = True
            self._hung_up.set()

    def _abort(self) -> None:
        self._broken = "the connection was cut"

    def finish(self) -> Exchange:
        received, failure = None, None
        if self._status is not None:
            received = Received(
                status=self._status,
                headers=self._answer,
                body=bytes(self._body),
                chunks=tuple(self._chunks),
            )
        if self._broken is not None or not self._whole:
            detail = self._broken or "the application ended without an answer"
            failure = Failure(kind="closed-early", detail=detail)
        return Exchange(
            self._sent,
            received,
            failure,
            first_byte_s=self._first,
            total_s=time.monotonic() - self._begun,
            started=self._started,
        )
