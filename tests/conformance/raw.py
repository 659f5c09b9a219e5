"""Endpoints made of raw sockets, that answer whatever bytes a test wants."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import NamedTuple

Handler = Callable[[socket.socket, bytes], None]
"""Gets a connection and the request that came on it; may send, wait or close as it likes."""


class Endpoint(NamedTuple):
    """Where a raw endpoint is reached, and how many requests came."""

    url: str
    port: int
    seen: list[bytes]
    stopping: threading.Event


def read_request(link: socket.socket) -> bytes:
    """One request with its body; what has come where the client hangs up."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = link.recv(65536)
        if not part:
            return data
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        part = link.recv(65536)
        if not part:
            break
        body += part
    return head + b"\r\n\r\n" + body


@contextlib.contextmanager
def serving(handler: Handler, *, read: bool = True) -> Iterator[Endpoint]:
    """An endpoint that treats each request of each connection by ``handler``.

    Without ``read`` the handler gets the connection before anything was read from it.
    """
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    listener.settimeout(0.2)
    port = listener.getsockname()[1]
    endpoint = Endpoint(f"http://127.0.0.1:{port}", port, [], threading.Event())
    links: list[socket.socket] = []

    def treat(link: socket.socket) -> None:
        # The client may leave at any time, and that is its right.
        with contextlib.suppress(OSError), link:
            while not endpoint.stopping.is_set():
                request = read_request(link) if read else b""
                if read and not request:
                    return
                endpoint.seen.append(request)
                handler(link, request)
                if not read:
                    return

    def accept() -> None:
        while not endpoint.stopping.is_set():
            try:
                link, _ = listener.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            link.settimeout(30)
            links.append(link)
            threading.Thread(target=treat, args=(link,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield endpoint
    finally:
        endpoint.stopping.set()
        listener.close()
        for link in links:
            with contextlib.suppress(OSError):
                link.close()
        thread.join(timeout=5)


def answer(
    status: int, body: bytes, kind: str = "application/json", *more: str, reason: str = "X"
) -> bytes:
    """A whole answer with its length."""
    lines = [f"HTTP/1.1 {status} {reason}", f"Content-Type: {kind}", *more]
    lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


def always(reply: bytes) -> Handler:
    """A handler that gives the same bytes to everything."""

    def handler(link: socket.socket, request: bytes) -> None:
        link.sendall(reply)

    return handler
