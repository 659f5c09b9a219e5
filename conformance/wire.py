"""Sending one request and reading whatever comes, within hard limits of time and size.

Built on httpcore rather than on an HTTP client above it: every single read has to end at the
exchange's deadline, also while headers drip in byte by byte, and the body is wanted as it
came. Proxies are taken from the environment as httpx does.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
import weakref
import zlib
from collections.abc import Iterable
from typing import Any, Final, Protocol

import httpcore

from tokenassay.conformance.exchanges import Chunk, Exchange, Failure, FailureKind, Received, Sent
from tokenassay.conformance.proxies import proxy_for
from tokenassay.contracts.records import Record

_SAME_MOMENT: Final = 0.001
"""Seconds within which reads count as one chunk, so that dripped bytes take no memory each."""

_WRITE: Final = 65_536
_HEARD: Final = 40
"""Bytes of an answer that tell whether it is HTTP at all."""


class Limits(Record, frozen=True, kw_only=True):
    """What one exchange may take: seconds, bytes and lines."""

    connect_s: float = 10.0
    first_byte_s: float = 60.0
    """Until the head of the answer is there."""
    idle_s: float = 30.0
    total_s: float = 120.0
    max_body_bytes: int = 8_000_000
    """Of the decoded body; a longer answer is cut here and says so."""
    max_lines: int = 200_000
    """Of the decoded body: each frame of a stream takes memory."""

    @classmethod
    def within(cls, seconds: float) -> Limits:
        """The usual limits, none of them longer than ``seconds``."""
        usual = cls()
        return cls(
            connect_s=min(usual.connect_s, seconds),
            first_byte_s=seconds,
            idle_s=min(usual.idle_s, seconds),
            total_s=seconds,
        )


class Wire(Protocol):
    """Something that carries a request to an endpoint."""

    def exchange(self, sent: Sent, secret_headers: dict[str, str]) -> Exchange:
        """Send and read; a fault of the other side is a Failure in the exchange."""

    def close(self) -> None:
        """Let go of connections."""


class _Clock(threading.local):
    """The running exchange's limits, for the connection that its thread reads from."""

    ends: float | None = None
    wait: float | None = None
    heard: bytes = b""
    """The first bytes that came back."""


_clock = _Clock()


class _Stream(httpcore.NetworkStream):
    """A connection whose every read and write ends at the running exchange's deadline."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left = _left(_clock.wait or timeout, httpcore.ReadTimeout)
        data = self._inner.read(max_bytes, left)
        if len(_clock.heard) < _HEARD:
            _clock.heard += data[:_HEARD]
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # In slices, for the layer below gives each of its own the whole time anew.
        for begin in range(0, len(buffer), _WRITE):
            left = _left(timeout, httpcore.WriteTimeout)
            self._inner.write(buffer[begin : begin + _WRITE], left)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _left(timeout: float | None, late: type[Exception]) -> float | None:
    if _clock.ends is None:
        return timeout
    left = _clock.ends - time.monotonic()
    if left <= 0:
        raise late("the exchange's time is over")
    return left if timeout is None else min(timeout, left)


class _Backend(httpcore.SyncBackend):
    def __init__(self) -> None:
        self._open: weakref.WeakSet[_Stream] = weakref.WeakSet()

    def connect_tcp(self, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        stream = _Stream(super().connect_tcp(*args, **kwargs))
        self._open.add(stream)
        return stream

    def cut(self) -> None:
        """End all connections, so that whoever waits on one wakes up."""
        for stream in list(self._open):
            with contextlib.suppress(OSError):
                stream.get_extra_info("socket").shutdown(socket.SHUT_RDWR)


class HttpWire:
    """A real connection pool to one endpoint; safe to use from many threads."""

    def __init__(
        self,
        base_url: str,
        limits: Limits,
        *,
        ca_file: str | None = None,
        connections: int = 64,
        direct: bool = False,
    ) -> None:
        """``direct`` goes by no proxy, whatever the environment names."""
        self._limits = limits
        self._backend = _Backend()
        options: dict[str, Any] = {
            "ssl_context": ssl.create_default_context(cafile=ca_file),
            "max_connections": connections,
            "max_keepalive_connections": connections,
            # Shorter than servers wait, so that none hangs up on a request just sent.
            "keepalive_expiry": 15.0,
            "network_backend": self._backend,
        }
        proxy = None if direct else proxy_for(base_url)
        self._pool: httpcore.ConnectionPool = (
            httpcore.HTTPProxy(proxy_url=proxy.url, proxy_auth=proxy.auth, **options)
            if proxy
            else httpcore.ConnectionPool(**options)
        )

    def close(self) -> None:
        """Cut all connections, those that are being read from too."""
        self._backend.cut()
        self._pool.close()

    def exchange(self, sent: Sent, secret_headers: dict[str, str]) -> Exchange:
        """Send ``sent``, with the headers that hold secrets put in place of their names."""
        limits, reading = self._limits, _Reading(sent, self._limits)
        # The head has its own deadline: it could drip in for as long as the body may take.
        _clock.ends = min(reading.deadline, reading.begun + limits.connect_s + limits.first_byte_s)
        _clock.wait, _clock.heard = limits.first_byte_s, b""
        headers = [
            (name.encode("latin-1"), secret_headers.get(name.lower(), value).encode("utf-8"))
            for name, value in sent.headers
        ]
        try:
            with self._pool.stream(
                sent.method,
                sent.url,
                headers=headers,
                content=sent.body if sent.body or sent.method == "POST" else None,
                extensions={"timeout": reading.timeouts()},
            ) as response:
                reading.answered(response)
                _clock.ends, _clock.wait = reading.deadline, limits.idle_s
                reading.read(response.iter_stream())
        except Exception as error:
            # Whatever the other side provokes, in any layer below, ends here and is classified.
            reading.failed(error)
        finally:
            _clock.ends = _clock.wait = None
        return reading.finish()


class _Reading:
    """The state of one exchange while it is read."""

    def __init__(self, sent: Sent, limits: Limits) -> None:
        self._sent, self._limits = sent, limits
        self._started, self.begun = time.time(), time.monotonic()
        self.deadline = self.begun + limits.total_s
        self._status: int | None = None
        self._headers: tuple[tuple[str, str], ...] = ()
        self._version = "HTTP/1.1"
        self._body = bytearray()
        self._lines = 0
        self._ends: list[tuple[float, int]] = []
        self._first: float | None = None
        self._failure: Failure | None = None

    def timeouts(self) -> dict[str, float]:
        limits = self._limits
        return {
            "connect": limits.connect_s,
            "read": limits.first_byte_s,
            "write": limits.idle_s,
            "pool": limits.total_s,
        }

    def answered(self, response: httpcore.Response) -> None:
        self._first = time.monotonic() - self.begun
        self._status = response.status
        self._headers = tuple(
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers
        )
        version = response.extensions.get("http_version", b"HTTP/1.1")
        self._version = version.decode("ascii", "replace")

    def read(self, parts: Iterable[bytes]) -> None:
        decoder = _Decoder(self._headers, self._limits.max_body_bytes)
        for part in parts:
            if not self._keep(decoder.decode(part)):
                return
            if time.monotonic() > self.deadline:
                raise httpcore.ReadTimeout("the exchange's time is over")
        decoder.end()

    def _keep(self, plain: bytes) -> bool:
        """Take what was read; False where it is more than the limits allow."""
        limits = self._limits
        room = limits.max_body_bytes - len(self._body)
        self._body += plain[:room]
        self._lines += plain.count(b"\n") + plain.count(b"\r")
        at = time.monotonic() - self.begun
        if self._ends and at - self._ends[-1][0] < _SAME_MOMENT:
            self._ends[-1] = self._ends[-1][0], len(self._body)
        else:
            self._ends.append((at, len(self._body)))
        if len(plain) > room:
            self._fail("too-large", f"more than {limits.max_body_bytes:,} bytes")
        elif self._lines > limits.max_lines:
            self._fail("too-large", f"more than {limits.max_lines:,} lines")
        return self._failure is None

    def _fail(self, kind: FailureKind, detail: str) -> None:
        self._failure = self._failure or Failure(kind=kind, detail=detail)

    def failed(self, error: Exception) -> None:
        self._fail(*self._classify(error))

    def _classify(self, error: Exception) -> tuple[FailureKind, str]:
        text = str(error) or type(error).__name__
        heard = _clock.heard
        if self._status is None and heard and not heard.startswith(b"HTTP/"[: len(heard)]):
            return "protocol", f"no HTTP answer, it begins with {heard[:_HEARD]!r}"
        if isinstance(error, httpcore.ConnectTimeout | httpcore.PoolTimeout):
            return "timeout-connect", f"no connection after {self._limits.connect_s:g} s"
        if isinstance(error, httpcore.TimeoutException):
            if self._status is None:
                return "timeout-first-byte", f"no answer after {self._limits.first_byte_s:g} s"
            if time.monotonic() >= self.deadline:
                return "timeout-total", f"no end after {self._limits.total_s:g} s"
            return "timeout-idle", f"nothing for {self._limits.idle_s:g} s"
        if isinstance(error, httpcore.ProxyError):
            return "proxy", text
        if isinstance(error, httpcore.ConnectError):
            wrapped = isinstance(error.__cause__ or error.__context__, ssl.SSLError)
            return ("tls" if wrapped or "ssl" in text.lower() else "connect"), text
        if isinstance(error, zlib.error):
            return "undecodable", text
        if isinstance(error, httpcore.ReadError | httpcore.WriteError):
            return "closed-early", text
        if isinstance(error, httpcore.RemoteProtocolError):
            early = "without sending" in text or "closed" in text
            return ("closed-early" if early else "protocol"), text
        return "protocol", f"{type(error).__name__}: {text}"

    def finish(self) -> Exchange:
        received = None
        if self._status is not None:
            received = Received(
                status=self._status,
                headers=self._headers,
                body=bytes(self._body),
                chunks=tuple(Chunk(at=at, end=end) for at, end in self._ends),
                http_version=self._version,
            )
        return Exchange(
            self._sent,
            received,
            self._failure,
            first_byte_s=self._first,
            total_s=time.monotonic() - self.begun,
            started=self._started,
        )


class _Decoder:
    """Content decoding in steps no larger than ``limit``, so that no bomb can unfold."""

    def __init__(self, headers: Iterable[tuple[str, str]], limit: int) -> None:
        written = [value for name, value in headers if name.lower() == "content-encoding"]
        encoding = ",".join(written).strip().lower()
        self._limit = limit
        self._inflater: Any = None
        if encoding in ("gzip", "x-gzip", "deflate"):
            self._inflater = zlib.decompressobj(15 if encoding == "deflate" else 47)
        elif encoding not in ("", "identity"):
            raise zlib.error(f"content encoding {encoding[:40]!r} was not asked for")

    def decode(self, part: bytes) -> bytes:
        if self._inflater is None:
            return part
        plain: bytes = self._inflater.decompress(part, self._limit + 1)
        return plain

    def end(self) -> None:
        """Nothing more comes; zlib.error where the compressed data is cut short."""
        if self._inflater is not None and not self._inflater.eof:
            raise zlib.error("the compressed body is not complete")
