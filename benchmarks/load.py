"""Load on an HTTP server: many clients that each keep one connection and ask again and again.

The client side is bare asyncio on prepared bytes, so that it is the server that is measured.
"""

from __future__ import annotations

import asyncio
import time
from typing import NamedTuple


class Load(NamedTuple):
    """What a number of clients got out of a server in a time."""

    clients: int
    requests: int
    failures: int
    """Answers of another status than 200, and connections that broke."""
    seconds: float
    first_byte: float
    """Median seconds from the request's last byte to the answer's first."""
    slowest_first_byte: float
    """The 99th hundredth of the same."""

    @property
    def rate(self) -> float:
        """Good answers a second."""
        return (self.requests - self.failures) / self.seconds


class _Client(asyncio.Protocol):
    """One connection: sends the request, reads one whole answer, and again until ``deadline``."""

    def __init__(self, request: bytes, deadline: float, most: int | None) -> None:
        self._request, self._deadline, self._left = request, deadline, most
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.requests = self.failures = 0
        self.waits: list[float] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ask()

    def _ask(self) -> None:
        self._got = bytearray()
        self._wanted: int | None = None
        self._chunked = False
        self._begun = time.perf_counter()
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if not self._got:
            self.waits.append(time.perf_counter() - self._begun)
        self._got += data
        if self._wanted is None and not self._chunked:
            head, found, _ = bytes(self._got).partition(b"\r\n\r\n")
            if not found:
                return
            fields = head.lower()
            self._chunked = b"transfer-encoding: chunked" in fields
            if not self._chunked:
                _, _, rest = fields.partition(b"content-length:")
                self._wanted = len(head) + 4 + int(rest.split(b"\r\n", 1)[0])
        whole = (
            self._got.endswith(b"0\r\n\r\n") if self._chunked else len(self._got) == self._wanted
        )
        if whole:
            self.requests += 1
            self.failures += not self._got.startswith(b"HTTP/1.1 200")
            if self._left is not None:
                self._left -= 1
            if time.perf_counter() < self._deadline and self._left != 0:
                self._ask()
            else:
                self._end()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.requests += 1
            self.failures += 1
            self._end()

    def _end(self) -> None:
        if not self.done.done():
            self.done.set_result(None)
            self._transport.close()


def http_request(host: str, path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """The bytes of a POST."""
    lines = [f"POST {path} HTTP/1.1", f"Host: {host}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def put_load_on(
    host: str,
    port: int,
    request: bytes,
    clients: int,
    *,
    seconds: float = 60.0,
    each: int | None = None,
) -> Load:
    """Ask with ``clients`` connections for some seconds, or ``each`` so many times."""
    return asyncio.run(_ask(host, port, request, clients, seconds, each))


async def _ask(
    host: str, port: int, request: bytes, clients: int, seconds: float, each: int | None
) -> Load:
    loop = asyncio.get_running_loop()
    begun = time.perf_counter()
    deadline = begun + seconds
    made = []
    for _ in range(clients):
        _, client = await loop.create_connection(
            lambda: _Client(request, deadline, each), host, port
        )
        made.append(client)
    await asyncio.wait([client.done for client in made], timeout=seconds + 60)
    elapsed = time.perf_counter() - begun
    waits = sorted(wait for client in made for wait in client.waits) or [float("nan")]
    unfinished = sum(not client.done.done() for client in made)
    return Load(
        clients,
        sum(client.requests for client in made) + unfinished,
        sum(client.failures for client in made) + unfinished,
        elapsed,
        waits[len(waits) // 2],
        waits[len(waits) * 99 // 100],
    )
