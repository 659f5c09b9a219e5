"""Requests in and answers out, on bare ASGI: sizes, timeouts, and clients that hang up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any

from tokenassay.conformance.mock.call import Head

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_FLUSH = 16 * 1024
"""Bytes of a stream that are gathered into one write."""


class TooLarge(Exception):
    """The body is larger than the server takes."""


class HungUp(Exception):
    """The client is gone, or too slow to be waited for."""


def read_headers(scope: Scope) -> dict[str, str]:
    """Request headers by lower-case name; of a name that stands twice, the first."""
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        found.setdefault(name.decode("latin-1"), value.decode("latin-1"))
    return found


async def read_body(receive: Receive, *, limit: int, timeout: float) -> bytes:
    """The whole body; TooLarge over ``limit`` bytes, HungUp after ``timeout`` idle seconds."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive() if not chunks else await _within(receive(), timeout)
        if message["type"] != "http.request":
            raise HungUp
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise TooLarge
        chunks.append(chunk)
        if not message.get("more_body", False):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def _within(waited: Awaitable[MutableMapping[str, Any]], timeout: float) -> Any:
    try:
        return await asyncio.wait_for(waited, timeout)
    except asyncio.TimeoutError:  # its own class until Python 3.11
        raise HungUp from None


def raw_headers(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Headers as ASGI wants them."""
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


async def send_whole(send: Send, head: Head, body: bytes) -> None:
    """One answer with its length."""
    headers = raw_headers(head.headers)
    headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": head.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def send_chunks(
    receive: Receive, send: Send, head: Head, chunks: Iterable[bytes], *, timeout: float
) -> None:
    """A body without length; ends its work when the client hangs up or takes too long."""
    watch = asyncio.ensure_future(_gone(receive))
    deadline = asyncio.get_running_loop().call_later(timeout, watch.cancel)
    try:
        await send(
            {
                "type": "http.response.start",
                "status": head.status,
                "headers": raw_headers(head.headers),
            }
        )
        gathered: list[bytes] = []
        size = 0
        for chunk in chunks:
            gathered.append(chunk)
            size += len(chunk)
            if size >= _FLUSH:
                await _write(send, b"".join(gathered), watch)
                gathered, size = [], 0
        await _write(send, b"".join(gathered), watch, last=True)
    finally:
        deadline.cancel()
        watch.cancel()


async def _write(send: Send, body: bytes, watch: asyncio.Future[None], last: bool = False) -> None:
    if watch.done():
        raise HungUp
    writing = asyncio.ensure_future(
        _sent(send({"type": "http.response.body", "body": body, "more_body": not last}))
    )
    await asyncio.wait({writing, watch}, return_when=asyncio.FIRST_COMPLETED)
    if not writing.done():
        writing.cancel()
        raise HungUp
    await writing


async def _sent(waited: Awaitable[None]) -> None:
    await waited


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def wait(receive: Receive, seconds: float) -> None:
    """Sleep; HungUp as soon as the client is gone."""
    watch = asyncio.ensure_future(_gone(receive))
    try:
        done, _ = await asyncio.wait({watch}, timeout=seconds)
    finally:
        watch.cancel()
    if done:
        raise HungUp
