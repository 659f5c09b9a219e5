"""A raw endpoint in front of a mock, that counts the requests which get through."""

from __future__ import annotations

import socket
import threading


class Counting:
    """Hands each request on, one connection each, and gives back what comes."""

    def __init__(self, upstream: str) -> None:
        self._host, _, port = upstream.removeprefix("http://").partition(":")
        self._port = int(port)
        self.requests = 0
        self._lock = threading.Lock()

    def __call__(self, link: socket.socket, request: bytes) -> None:
        with self._lock:
            self.requests += 1
        closing = request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1)
        with socket.create_connection((self._host, self._port)) as through:
            through.sendall(closing)
            while part := through.recv(65536):
                link.sendall(part)
        link.close()
