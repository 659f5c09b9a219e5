"""One call on its way through the mock: what was asked, and the records that answer it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from tokenassay.contracts.clauses import ErrorClause
from tokenassay.contracts.patterns import fill

if TYPE_CHECKING:
    from tokenassay.conformance.mock.service import Service
    from tokenassay.estimators.requests import Request

_PRESENTATION: Final = frozenset(
    {
        "stream",
        "stream_options",
        "incremental_output",
        "result_format",
        "max_tokens",
        "max_completion_tokens",
        "stop",
    }
)
"""Parameters that cut or dress an answer: they leave its words alone, so a cut answer is the
beginning of the whole one and a stream says what the plain answer says."""


class ToolCall(msgspec.Struct, frozen=True):
    """A function that the answer calls; ``arguments`` is JSON text."""

    id: str
    name: str
    arguments: str


class Answer(msgspec.Struct, frozen=True):
    """What the model says, before any dialect dresses it.

    ``pieces`` are text fragments in order (no fragment splits a character), ``marks`` the
    tokens of the text up to and including each of them: the last mark is the count of the
    whole text. Tool calls and reasoning bring their own counts in ``tokens``.
    """

    pieces: tuple[str, ...] = ()
    marks: tuple[int, ...] = ()
    finish_reason: str = "stop"
    tool_calls: tuple[ToolCall, ...] = ()
    reasoning: tuple[str, ...] = ()
    reasoning_marks: tuple[int, ...] = ()
    tokens: int = 0
    """All output tokens: text, calls and reasoning."""
    stopped_by: str | None = None
    """The stop text that ended the answer (it is not part of the text)."""

    @property
    def text(self) -> str:
        return "".join(self.pieces)


class Usage(msgspec.Struct, frozen=True):
    """The meter's figures, in tokens; None is a figure that this answer does not show."""

    input_tokens: int
    output_tokens: int
    total_tokens: int
    reasoning_tokens: int | None = None


class Denial(msgspec.Struct, frozen=True):
    """An error answer before any dialect dresses it, from one row of the edition."""

    status: int
    code: str | None
    message: str
    type: str | None = None
    param: str | None = None
    clause: str | None = None

    @classmethod
    def of_row(cls, row: ErrorClause, message: str | None = None, **values: object) -> Denial:
        """The row's own status and code, with ``message`` or its pattern filled."""
        text = message if message is not None else fill(row.pattern, **values)
        return cls(row.status, row.code, text, row.type, None, row.id)


class Denied(Exception):
    """Raised by a handler to end the call with an error answer.

    ``plain`` marks an error of the outer gate, which answers by HTTP status even where a
    stream was asked for.
    """

    def __init__(self, denial: Denial, *, plain: bool = False) -> None:
        super().__init__(denial.message)
        self.denial = denial
        self.plain = plain


class Reply(NamedTuple):
    """Status and JSON body of an error answer."""

    status: int
    body: Any


class Head(NamedTuple):
    """Status line and headers of an answer, names in lower case."""

    status: int
    headers: dict[str, str]


class Call:
    """One request's state while it passes the stages; later stages read what earlier ones set.

    Set from the start: ``service``, ``headers``, ``request_id``, ``created``. Set once the body
    is read: ``body``, ``request``, ``stream``. Set after ``adjust``: ``parameters``
    (what is in force: defaults, then what was sent).
    """

    def __init__(self, service: Service, headers: Mapping[str, str]) -> None:
        self.service = service
        self.headers = headers
        self.request_id = service.world.new_id()
        self.created = int(time.time())
        self.body: Mapping[str, Any] = {}
        self.request: Request | None = None
        self.parameters: dict[str, Any] = {}
        self.stream = False
        self.input_tokens: int | None = None
        """Tokens of the rendered input, documents included; None where it has no messages."""
        self.document_tokens = 0
        """Tokens of the files that the messages refer to."""
        self.breaks_off: tuple[Denial, int] | None = None
        """An error that the caller wants inside the stream, after that many frames."""
        self.notes: dict[str, Any] = {}
        """Room for what a surface must remember between stages (parsed documents, say)."""

    @property
    def model(self) -> str:
        """The model asked for; empty where the body names none."""
        model = self.body.get("model")
        return model if isinstance(model, str) else ""

    @cached_property
    def digest(self) -> int:
        """64 bits of the server's seed and of what was asked, whatever the dress.

        The same for every lie, so that two servers with one seed can be compared.
        """
        return digest(self.service.world.seed, self.request)


def digest(seed: int, request: Request | None) -> int:
    """64 bits of a seed and of a request's words, model, tools and sampling parameters."""
    if request is None:
        return seed & 0xFFFF_FFFF_FFFF_FFFF
    asked = (
        seed,
        request.model,
        [m.raw for m in request.messages] if request.messages is not None else None,
        request.prompt,
        request.history,
        {k: v for k, v in request.parameters.items() if k not in _PRESENTATION},
    )
    written = msgspec.json.encode(asked, order="sorted")
    return int.from_bytes(hashlib.blake2b(written, digest_size=8).digest(), "big")
