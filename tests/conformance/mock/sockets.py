"""Bytes on a socket, for requests that no HTTP client would send."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from tests.conformance.mock.wires import GENERATION
from tokenassay.conformance.mock import Endpoint


def connect(endpoint: Endpoint, timeout: float = 60.0) -> socket.socket:
    """A connection to a running mock."""
    url = urlsplit(endpoint.url)
    assert url.hostname is not None
    assert url.port is not None
    return socket.create_connection((url.hostname, url.port), timeout=timeout)


def request_bytes(endpoint: Endpoint, body: bytes, *more: str, length: int | None = None) -> bytes:
    """A generation request with this body; ``more`` are header lines."""
    host = urlsplit(endpoint.url).netloc
    lines = [
        f"POST {urlsplit(endpoint.surfaces['native']).path}{GENERATION} HTTP/1.1",
        f"Host: {host}",
        f"Authorization: Bearer {endpoint.api_key}",
        f"Content-Length: {len(body) if length is None else length}",
        "Connection: close",
        *more,
    ]
    if not any(line.lower().startswith("content-type") for line in more):
        lines.append("Content-Type: application/json")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


def exchange(endpoint: Endpoint, sent: bytes, *, whole: bool = True) -> bytes:
    """All that comes back for these bytes; what is no whole request ends with our side closed."""
    with connect(endpoint) as link:
        try:
            link.sendall(sent)
            if not whole:
                link.shutdown(socket.SHUT_WR)
        except OSError:  # it was cut while we were still sending
            pass
        return read_all(link)


def read_all(link: socket.socket) -> bytes:
    """Everything until the connection ends."""
    got = b""
    try:
        while part := link.recv(65536):
            got += part
    except ConnectionError:
        pass
    return got


def status_of(answer: bytes) -> int | None:
    """Status of the first answer; None where there is none."""
    line = answer.split(b"\r\n", 1)[0].split(b" ")
    return int(line[1]) if len(line) > 1 and line[0].startswith(b"HTTP/") else None
