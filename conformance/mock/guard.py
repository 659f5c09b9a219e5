"""The server's own view of a connection: limits on its head, and answers in few writes."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.auto import AutoHTTPProtocol

from tokenassay.conformance.mock.service import Settings

_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)
_STATUS_LINE: Final = b"HTTP/1.1 "


class _Joined:
    """A transport that sends the head of an answer together with what follows it.

    uvicorn writes them one by one, each a call to the system and a wake-up of the client.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Keep a head back until the next write."""
        if self._head:
            data, self._head = self._head + data, b""
        elif data.startswith(_STATUS_LINE):
            self._head = data
            return
        self._transport.write(data)

    def close(self) -> None:
        """Close once all is sent."""
        if self._head:
            self._transport.write(self._head)
        self._transport.close()


def guarded_protocol(settings: Settings) -> type[asyncio.Protocol]:
    """uvicorn's protocol with a limit on header bytes, and on the wait for a request's bytes.

    Once a request is in, the application's own timeouts hold, and between two requests uvicorn's
    keep-alive does. The application may cut a connection by
    ``scope["extensions"]["tokenassay.abort"]``.
    """
    base: Any = AutoHTTPProtocol

    class Guarded(base):  # type: ignore[misc]
        _timer: asyncio.TimerHandle | None = None
        _unread = 0

        def connection_made(self, transport: asyncio.Transport) -> None:
            super().connection_made(_Joined(transport))
            self._arm()

        def connection_lost(self, error: Exception | None) -> None:
            self._disarm()
            super().connection_lost(error)

        def data_received(self, data: bytes) -> None:
            before = self.cycle
            super().data_received(data)
            cycle = self.cycle
            if cycle is not before:
                cycle.scope.setdefault("extensions", {})["tokenassay.abort"] = self.transport.abort
            if cycle is not before or (cycle is not None and not cycle.response_complete):
                self._unread = 0
                self._disarm()
                if cycle.more_body:
                    self._arm()
                return
            self._unread += len(data)
            if self._unread > settings.max_header and not self.transport.is_closing():
                self.transport.write(_TOO_LARGE)
                self.transport.close()
            elif self._timer is None:
                self._arm()

        def _arm(self) -> None:
            self._timer = self.loop.call_later(settings.read_timeout, self.transport.abort)

        def _disarm(self) -> None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    return Guarded
