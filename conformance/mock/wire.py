"""Requests in and answers out, on bare ASGI: sizes, timeouts, and clients that hang up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, MutableMapping
from typing import Any, Final

from tokenassay.conformance.mock.call import Head

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_FLUSH: Final = 16 * 1024
"""Bytes of a stream that are gathered into one write."""


class TooLarge(Exception):
    """The body is larger than the server takes."""


class HungUp(Exception):
    """The client is gone, or too slow to be waited for."""


def read_headers(scope: Scope) -> dict[str, str]:
    """Request headers by lower-case name; of a name that stands twice, the first."""
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        found.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))
    return found


class Within:
    """HungUp where the awaits inside take longer than ``seconds``. Cheaper than a task each."""

    __slots__ = ("_late", "_seconds", "_task", "_timer")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def __enter__(self) -> None:
        self._task = asyncio.current_task()
        self._late = False
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self._end)

    def _end(self) -> None:
        assert self._task is not None
        self._late = True
        self._task.cancel()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._timer.cancel()
        if self._late and kind is asyncio.CancelledError:
            raise HungUp from None


async def read_body(receive: Receive, *, limit: int) -> bytes:
    """The whole body; TooLarge over ``limit`` bytes, HungUp where the rest of it never comes.

    How long one may wait for it is the server's to say: see ``guard``.
    """
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise HungUp
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise TooLarge
        chunks.append(chunk)
        if not message.get("more_body", False):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _start(head: Head, length: int | None = None) -> Message:
    headers = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in head.headers.items()]
    if length is not None:
        headers.append((b"content-length", b"%d" % length))
    return {"type": "http.response.start", "status": head.status, "headers": headers}


async def send_whole(send: Send, head: Head, body: bytes) -> None:
    """One answer with its length."""
    await send(_start(head, len(body)))
    await send({"type": "http.response.body", "body": body})


async def send_chunks(
    receive: Receive, send: Send, head: Head, chunks: Iterable[bytes], *, timeout: float
) -> None:
    """A body without length, in as few writes as it takes.

    HungUp when the client is gone, or has not taken the whole in ``timeout`` seconds; what is
    left of ``chunks`` is then not asked for.
    """
    blocks = _gathered(chunks)
    first = next(blocks)
    second = next(blocks, None)
    await send(_start(head))
    if second is None:
        await send({"type": "http.response.body", "body": first})
        return
    gone = asyncio.ensure_future(_gone(receive))
    try:
        with Within(timeout):
            await send({"type": "http.response.body", "body": first, "more_body": True})
            block: bytes | None = second
            while block is not None:
                await asyncio.sleep(0)  # lets other calls, and the news of a hang-up, through
                if gone.done():
                    raise HungUp
                await send({"type": "http.response.body", "body": block, "more_body": True})
                block = next(blocks, None)
            await send({"type": "http.response.body", "body": b""})
    finally:
        gone.cancel()


def _gathered(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The chunks in blocks of about ``_FLUSH`` bytes; one block at least."""
    block: list[bytes] = []
    size = 0
    for chunk in chunks:
        block.append(chunk)
        size += len(chunk)
        if size >= _FLUSH:
            yield b"".join(block)
            block, size = [], 0
    yield b"".join(block)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def pause(receive: Receive, seconds: float) -> None:
    """Sleep; HungUp as soon as the client is gone."""
    gone = asyncio.ensure_future(_gone(receive))
    try:
        done, _ = await asyncio.wait({gone}, timeout=seconds)
    finally:
        gone.cancel()
    if done:
        raise HungUp


def drop(scope: Scope) -> None:
    """Cut the connection, unsent bytes and all, where the server lets us."""
    extensions: Mapping[str, Any] = scope.get("extensions") or {}
    abort = extensions.get("tokenassay.abort")
    if abort is not None:
        abort()
