"""One request and its full answer: what was sent, what came back byte by byte, and when."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Final, Literal

import msgspec

from tokenassay.conformance.sse import Event, read_events
from tokenassay.contracts.records import Record

FailureKind = Literal[
    "connect",
    "tls",
    "proxy",
    "timeout-connect",
    "timeout-first-byte",
    "timeout-idle",
    "timeout-total",
    "too-large",
    "undecodable",
    "protocol",
    "closed-early",
]
"""How an exchange can end without a whole answer; each is the endpoint's or the network's."""


_PAYLOAD: Final = frozenset({"output", "choices", "object", "data", "custom_id", "response"})
"""What a body that tells of an error alone does not have."""


class Sent(Record, frozen=True, kw_only=True):
    """A request as it left, but for the key: ``headers`` name the variable that holds it."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""


class Chunk(Record, frozen=True, kw_only=True):
    """Bytes of the body as one read brought them; ``at`` in seconds after sending."""

    at: float
    end: int
    """Offset in the decoded body where the chunk ends."""


class Received(Record, frozen=True, kw_only=True):
    """An answer as far as it came."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    """Content-decoded; as much as was read before a limit or a failure."""
    chunks: tuple[Chunk, ...] = ()
    http_version: str = "HTTP/1.1"

    def header(self, name: str) -> str | None:
        """The first header of that name, in any case."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


class Failure(Record, frozen=True, kw_only=True):
    """Why an answer is missing or not whole."""

    kind: FailureKind
    detail: str


class ErrorAnswer(Record, frozen=True, kw_only=True):
    """An error as the endpoint told it, wherever and in whichever shape it stood."""

    status: int | None
    """The documented status: of the transport, or stated in the stream's own frame."""
    code: str | None
    message: str | None
    type: str | None
    body: Any
    in_stream: bool = False


class Exchange:
    """A request and its answer. Immutable; what is parsed from the bytes is parsed once."""

    def __init__(
        self,
        sent: Sent,
        received: Received | None,
        failure: Failure | None = None,
        *,
        id: int = 0,
        first_byte_s: float | None = None,
        total_s: float = 0.0,
        started: float = 0.0,
    ) -> None:
        self.sent, self.received, self.failure = sent, received, failure
        self.id, self.started = id, started
        self.first_byte_s, self.total_s = first_byte_s, total_s

    def __repr__(self) -> str:
        end = self.failure.kind if self.failure else self.status
        return f"<Exchange {self.id} {self.sent.method} {self.sent.url} {end}>"

    @property
    def status(self) -> int | None:
        return self.received.status if self.received else None

    @property
    def whole(self) -> bool:
        """Whether the answer came to its own end."""
        return self.received is not None and self.failure is None

    @cached_property
    def content_type(self) -> str:
        value = self.received.header("content-type") if self.received else None
        return (value or "").partition(";")[0].strip().lower()

    @property
    def is_stream(self) -> bool:
        return self.content_type == "text/event-stream"

    @cached_property
    def text(self) -> str:
        """The body as text; what is not UTF-8 shows as U+FFFD."""
        return self.received.body.decode("utf-8", "replace") if self.received else ""

    @cached_property
    def json(self) -> Any:
        """The body as JSON; None where it is not JSON."""
        if self.received is None:
            return None
        try:
            return msgspec.json.decode(self.received.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """Frames of a streamed answer, in the order and at the times they came."""
        if self.received is None or not self.is_stream:
            return ()
        begin, timed = 0, []
        for chunk in self.received.chunks:
            timed.append((chunk.at, self.received.body[begin : chunk.end]))
            begin = chunk.end
        timed.append((self.total_s, self.received.body[begin:]))
        return tuple(read_events(timed))

    @cached_property
    def error(self) -> ErrorAnswer | None:
        """The error that this answer tells, plain or inside a stream; None where it is none."""
        if self.received is None:
            return None
        status = self.received.status
        if self.is_stream:
            for event in self.events:
                body = event.json
                if event.event == "error" or (isinstance(body, dict) and _tells_error(body)):
                    return _error(body, event.status or status, in_stream=True)
        if status >= 400:
            return _error(self.json, status)
        body = self.json
        if isinstance(body, dict) and _tells_error(body):
            return _error(body, status)
        return None


def _tells_error(body: dict[str, Any]) -> bool:
    """Whether a body with a status of success is an error all the same."""
    if _PAYLOAD & body.keys():
        return False
    return isinstance(body.get("error"), dict) or bool(body.get("code"))


def _error(body: Any, status: int | None, *, in_stream: bool = False) -> ErrorAnswer:
    inner = body.get("error") if isinstance(body, dict) else None
    told = inner if isinstance(inner, dict) else body if isinstance(body, dict) else {}

    def text(field: str) -> str | None:
        value = told.get(field)
        return value if isinstance(value, str) else None

    return ErrorAnswer(
        status=status,
        code=text("code"),
        message=text("message"),
        type=text("type"),
        body=body,
        in_stream=in_stream,
    )
