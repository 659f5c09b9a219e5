"""One generation call from its bytes to its answer, in whatever dialect."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from tokenassay.conformance.mock import metering, wire
from tokenassay.conformance.mock.answers import compose
from tokenassay.conformance.mock.bodies import BadBody, parse_object
from tokenassay.conformance.mock.call import Answer, Call, Denial, Denied, Head, Reply, Usage
from tokenassay.conformance.mock.doors import open_door
from tokenassay.conformance.mock.frames import Frame, Style, encode_json, write_frame
from tokenassay.conformance.mock.service import Mount
from tokenassay.conformance.mock.stages import through
from tokenassay.contracts.records import Surface
from tokenassay.estimators.refusals import Refusal
from tokenassay.estimators.requests import read_request


class Dialect(Protocol):
    """How one surface reads the switch for streams and writes answers."""

    surface: Surface

    def wants_stream(self, call: Call) -> bool:
        """Whether the request asks for a stream, by its headers or its body."""

    def examine(self, call: Call) -> None:
        """Look at what only this surface knows (documents, say) before the rules are asked.

        May set ``call.document_tokens`` and ``call.notes``; Denied ends the call.
        """

    def refusal(self, call: Call, denial: Denial) -> Any:
        """The JSON body of an error."""

    def whole(self, call: Call, answers: tuple[Answer, ...], usage: Usage) -> dict[str, Any]:
        """The JSON body of an answer without stream."""

    def frames(self, call: Call, answers: tuple[Answer, ...], usage: Usage) -> Iterable[Frame]:
        """The frames of a streamed answer, terminator included."""

    def stream_refusal(self, call: Call, reply: Reply) -> Iterable[Frame] | None:
        """Frames that carry an error in a stream; None: it comes as a plain HTTP error."""

    def style(self, call: Call) -> Style:
        """How frames are written."""

    def head(self, call: Call, status: int, streaming: bool) -> Head:
        """Status and headers."""


async def generate(
    dialect: Dialect, mount: Mount, scope: wire.Scope, receive: wire.Receive, send: wire.Send
) -> None:
    """Serve one generation request on bare ASGI."""
    settings = mount.world.settings
    headers = wire.read_headers(scope)
    call = Call(mount.services[0], headers)
    try:
        raw = await wire.read_body(
            receive, limit=settings.max_body, timeout=settings.read_timeout
        )
    except wire.TooLarge:
        await _send_refusal(dialect, call, send, receive, call.service.too_large, plain=True)
        return
    outcome = decide(dialect, mount, call, raw)
    if settings.latency:
        await wire.wait(receive, settings.latency)
    if isinstance(outcome, Denial):
        await _send_refusal(dialect, call, send, receive, outcome)
        return
    answers, usage = outcome
    stages = call.service.stages
    if not call.stream:
        body = through(stages.body, call, dialect.whole(call, answers, usage))
        await _send_whole(dialect, call, send, 200, body)
        return
    if mount.world.streams >= settings.max_streams:
        await _send_refusal(dialect, call, send, receive, call.service.overloaded, plain=True)
        return
    await _send_stream(dialect, call, receive, send, dialect.frames(call, answers, usage))


def decide(
    dialect: Dialect, mount: Mount, call: Call, raw: bytes
) -> Denial | tuple[tuple[Answer, ...], Usage]:
    """The answers and their usage, or the refusal, that a body gets. Pure but for ids."""
    try:
        return _decide(dialect, mount, call, raw)
    except Denied as denied:
        return denied.denial


def _decide(
    dialect: Dialect, mount: Mount, call: Call, raw: bytes
) -> tuple[tuple[Answer, ...], Usage]:
    problem: str | None = None
    try:
        call.body = parse_object(raw)
    except BadBody as error:
        problem = str(error)
    call.service = service = mount.service_for(call.body.get("model"))
    stages = service.stages
    open_door(call)
    if problem is None and not is_json(call.headers.get("content-type")):
        problem = "Content-Type is not application/json in UTF-8"
    if problem is not None:
        raise Denied(service.malformed)
    request = read_request(call.body, surface=dialect.surface)
    call.request = request
    call.stream = dialect.wants_stream(call)
    call.rules = rules = service.rules(call.model or None)
    dialect.examine(call)
    call.input_tokens = metering.count_input(call)
    found = rules.check(
        request, input_tokens=call.input_tokens, message_tokens=metering.count_message
    )
    call.refusals = through(stages.judge, call, found)
    for refusal in call.refusals:
        if refusal.level == "must":
            raise Denied(of_refusal(call, refusal))
    call.parameters = through(
        stages.adjust, call, service.in_force(call.model, request.parameters)
    )
    number = call.parameters.get("n")
    choices = number if isinstance(number, int) and not isinstance(number, bool) else 1
    answers = tuple(
        through(stages.answer, call, compose(call, choice)) for choice in range(max(choices, 1))
    )
    return answers, metering.measure(call, answers)


def of_refusal(call: Call, refusal: Refusal) -> Denial:
    """The error answer that a broken rule brings; the malformed row where none is documented."""
    fallback = call.service.malformed
    if refusal.status is None:
        return Denial(
            fallback.status, fallback.code, refusal.message or fallback.message, fallback.type,
            None, refusal.clause,
        )
    return Denial(
        refusal.status,
        refusal.code,
        refusal.message or fallback.message,
        refusal.type,
        None,
        refusal.clause,
    )


def is_json(content_type: str | None) -> bool:
    """Whether a Content-Type header announces JSON in UTF-8 (none at all is let pass)."""
    if content_type is None:
        return True
    kind, _, rest = content_type.partition(";")
    charset = rest.strip().lower().replace('"', "")
    return kind.strip().lower() == "application/json" and charset in ("", "charset=utf-8")


async def _send_whole(
    dialect: Dialect, call: Call, send: wire.Send, status: int, body: Any
) -> None:
    stages = call.service.stages
    written = encode_json(body)
    head = dialect.head(call, status, False)
    if stages.wire:
        written = b"".join(through(stages.wire, call, (written,)))
    await wire.send_whole(send, through(stages.head, call, head), written)


async def _send_refusal(
    dialect: Dialect,
    call: Call,
    send: wire.Send,
    receive: wire.Receive,
    denial: Denial,
    plain: bool = False,
) -> None:
    reply = Reply(denial.status, dialect.refusal(call, denial))
    reply = through(call.service.stages.refuse, call, reply)
    frames = dialect.stream_refusal(call, reply) if call.stream and not plain else None
    if frames is None:
        await _send_whole(dialect, call, send, reply.status, reply.body)
    else:
        await _send_stream(dialect, call, receive, send, frames)


async def _send_stream(
    dialect: Dialect,
    call: Call,
    receive: wire.Receive,
    send: wire.Send,
    frames: Iterable[Frame],
) -> None:
    stages = call.service.stages
    style = dialect.style(call)
    written: Iterable[bytes] = (
        write_frame(frame, style) for frame in through(stages.frames, call, frames)
    )
    world = call.service.world
    world.streams += 1
    try:
        await wire.send_chunks(
            receive,
            send,
            through(stages.head, call, dialect.head(call, 200, True)),
            through(stages.wire, call, written),
            timeout=world.settings.write_timeout,
        )
    except wire.HungUp:
        pass
    finally:
        world.streams -= 1
