"""One generation call from its bytes to its answer, in whatever dialect."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any, Final, Protocol

from tokenassay.conformance.mock import metering, wire
from tokenassay.conformance.mock.answers import compose
from tokenassay.conformance.mock.bodies import BadBody, parse_object
from tokenassay.conformance.mock.call import Answer, Call, Denial, Denied, Head, Reply, Usage
from tokenassay.conformance.mock.doors import open_door
from tokenassay.conformance.mock.echo import echo
from tokenassay.conformance.mock.frames import Frame, Style, encode_json, write_frame
from tokenassay.conformance.mock.service import Mount
from tokenassay.conformance.mock.stages import through
from tokenassay.conformance.mock.wishes import read_choices
from tokenassay.contracts.records import Surface
from tokenassay.estimators.refusals import Refusal
from tokenassay.estimators.requests import read_request

_LARGE: Final = 256 * 1024
"""Bytes of a body from which on its work is done in a thread, so that others are served."""


class Dialect(Protocol):
    """How one surface reads the switch for streams and writes answers."""

    surface: Surface

    def wants_stream(self, call: Call) -> bool:
        """Whether the request asks for a stream, by its headers or its body."""

    def examine(self, call: Call) -> None:
        """Look at what only this surface knows (documents, say) before the rules are asked.

        May set ``call.document_tokens`` and ``call.notes``; Denied ends the call.
        """

    def admit(self, call: Call) -> None:
        """Look at what no rule on the request itself can see, once the rules let it pass.

        Denied ends the call: a file that was deleted, say.
        """

    def refusal(self, call: Call, denial: Denial) -> Any:
        """The JSON body of an error."""

    def whole(self, call: Call, answers: tuple[Answer, ...], usage: Usage) -> dict[str, Any]:
        """The JSON body of an answer without stream."""

    def frames(self, call: Call, answers: tuple[Answer, ...], usage: Usage) -> Iterable[Frame]:
        """The frames of a streamed answer, terminator included."""

    def stream_refusal(self, call: Call, reply: Reply, after: int = 0) -> Iterable[Frame] | None:
        """Frames that carry an error in a stream that has sent ``after`` frames.

        None, where none is sent yet: the error comes as a plain HTTP answer.
        """

    def style(self, call: Call) -> Style:
        """How frames are written."""

    def head(self, call: Call, status: int, streaming: bool) -> Head:
        """Status and headers."""


async def generate(
    dialect: Dialect, mount: Mount, scope: wire.Scope, receive: wire.Receive, send: wire.Send
) -> None:
    """Serve one generation request on bare ASGI."""
    call = Call(mount.services[0], wire.read_headers(scope))
    try:
        await _serve(dialect, mount, call, receive, send)
    except wire.HungUp:
        wire.drop(scope)


async def _serve(
    dialect: Dialect, mount: Mount, call: Call, receive: wire.Receive, send: wire.Send
) -> None:
    settings = mount.world.settings
    try:
        raw = await wire.read_body(receive, limit=settings.max_body)
        if len(raw) < _LARGE:
            answers, usage = decide(dialect, mount, call, raw)
        else:
            answers, usage = await asyncio.to_thread(decide, dialect, mount, call, raw)
        if settings.latency:
            await wire.pause(receive, settings.latency)
        if call.stream and mount.world.streams >= settings.max_streams:
            raise Denied(call.service.overloaded, plain=True)
    except wire.TooLarge:
        await _refuse(dialect, call, receive, send, call.service.too_large, plain=True)
    except Denied as denied:
        await _refuse(dialect, call, receive, send, denied.denial, plain=denied.plain)
    else:
        if call.stream:
            frames: Iterable[Frame] = dialect.frames(call, answers, usage)
            if call.breaks_off is not None:
                frames = _broken_off(dialect, call, frames, *call.breaks_off)
            await _send_stream(dialect, call, receive, send, frames)
        else:
            body = through(call.service.stages.body, call, dialect.whole(call, answers, usage))
            await _send_whole(dialect, call, send, 200, body)


def decide(
    dialect: Dialect, mount: Mount, call: Call, raw: bytes
) -> tuple[tuple[Answer, ...], Usage]:
    """The answers that a body gets, and their usage; Denied where it is refused."""
    problem: str | None = None
    try:
        call.body = parse_object(raw)
    except BadBody as error:
        problem = str(error)
    call.service = service = mount.service_for(call.body.get("model"))
    stages = service.stages
    call.stream = through(stages.switch, call, dialect.wants_stream(call))
    open_door(call)
    if problem is None and not is_json(call.headers.get("content-type")):
        problem = "Content-Type is not application/json in UTF-8"
    if problem is not None:
        raise Denied(service.malformed)
    request = read_request(call.body, surface=dialect.surface, streaming=call.stream)
    call.request = request
    rules = service.rules(call.model or None)
    dialect.examine(call)
    call.input_tokens = metering.count_input(call)
    found = rules.check(
        request, input_tokens=call.input_tokens, message_tokens=metering.count_message
    )
    found = through(stages.judge, call, found)
    if found:
        raise Denied(of_refusal(call, found[0]))
    dialect.admit(call)
    call.parameters = through(stages.adjust, call, service.in_force(call.model, request.parameters))
    answers = tuple(
        through(stages.answer, call, echo(call, compose(call, choice)))
        for choice in range(read_choices(call))
    )
    return answers, metering.measure(call, answers)


def of_refusal(call: Call, refusal: Refusal) -> Denial:
    """The error answer that a broken rule brings; the malformed row where none is documented."""
    fallback = call.service.malformed
    message = refusal.message or fallback.message
    if refusal.status is None:
        return Denial(fallback.status, fallback.code, message, fallback.type, None, refusal.clause)
    return Denial(refusal.status, refusal.code, message, refusal.type, None, refusal.clause)


def is_json(content_type: str | None) -> bool:
    """Whether a Content-Type header announces JSON in UTF-8 (none at all is let pass)."""
    if content_type is None:
        return True
    kind, _, rest = content_type.partition(";")
    charset = rest.strip().lower().replace('"', "")
    return kind.strip().lower() == "application/json" and charset in ("", "charset=utf-8")


def _broken_off(
    dialect: Dialect, call: Call, frames: Iterable[Frame], denial: Denial, after: int
) -> Iterator[Frame]:
    """The first frames of a stream, then an error inside it."""
    sent = 0
    for frame in frames:
        if sent == after:
            break
        sent += 1
        yield frame
    reply = Reply(denial.status, dialect.refusal(call, denial))
    yield from dialect.stream_refusal(call, reply, max(sent, 1)) or ()


async def _send_whole(
    dialect: Dialect, call: Call, send: wire.Send, status: int, body: Any
) -> None:
    stages = call.service.stages
    written = body if isinstance(body, bytes) else encode_json(body)
    if stages.wire:
        chunks: Iterable[bytes] = (written,)
        chunks = through(stages.wire, call, chunks)
        written = b"".join(chunks)
    await wire.send_whole(
        send, through(stages.head, call, dialect.head(call, status, False)), written
    )


async def _refuse(
    dialect: Dialect,
    call: Call,
    receive: wire.Receive,
    send: wire.Send,
    denial: Denial,
    *,
    plain: bool,
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
    world = call.service.world
    style = dialect.style(call)
    chunks = (write_frame(frame, style) for frame in through(stages.frames, call, frames))
    world.streams += 1
    try:
        await wire.send_chunks(
            receive,
            send,
            through(stages.head, call, dialect.head(call, 200, True)),
            through(stages.wire, call, chunks),
            timeout=world.settings.write_timeout,
        )
    finally:
        world.streams -= 1
