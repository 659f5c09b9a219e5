"""Operations other than generation: the frame around their handlers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response

from tokenassay.conformance.mock import wire
from tokenassay.conformance.mock.call import Call, Denial, Denied, Reply
from tokenassay.conformance.mock.doors import open_door
from tokenassay.conformance.mock.frames import encode_json
from tokenassay.conformance.mock.service import Mount
from tokenassay.conformance.mock.stages import through
from tokenassay.contracts.clauses import EndpointClause

Handler = Callable[[Call, Request, Mount], Awaitable[Response]]
"""Serves one operation. The key has been checked, and ``call.service`` is the mount's first one
until the handler chooses by model; Denied ends it with the dialect's error body."""


class Errors(Protocol):
    """What of a dialect these operations need."""

    def refusal(self, call: Call, denial: Denial) -> object:
        """The JSON body of an error."""


async def operate(
    handler: Handler,
    dialect: Errors,
    mount: Mount,
    scope: wire.Scope,
    receive: wire.Receive,
    send: wire.Send,
) -> None:
    """Serve one request of an operation on bare ASGI."""
    call = Call(mount.services[0], wire.read_headers(scope))
    try:
        open_door(call)
        response = await handler(call, Request(scope, receive), mount)
    except Denied as denied:
        response = error_response(dialect, call, denied.denial)
    except wire.TooLarge:
        response = error_response(dialect, call, call.service.too_large)
    except wire.HungUp:
        wire.drop(scope)
        return
    response.headers.setdefault("x-request-id", call.request_id)
    await response(scope, receive, send)


def serve_by(call: Call, mount: Mount, operation: str) -> EndpointClause:
    """Let the first edition that has the operation serve the call; its clause for it."""
    for service in mount.services:
        for clause in service.edition.of_kind(EndpointClause):
            if clause.operation == operation:
                call.service = service
                return clause
    raise LookupError(f"no edition under {mount.prefix} has {operation}")


def error_response(dialect: Errors, call: Call, denial: Denial) -> Response:
    """An error answer in the dialect's words, after the lies about errors."""
    reply = Reply(denial.status, dialect.refusal(call, denial))
    reply = through(call.service.stages.refuse, call, reply)
    body = reply.body if isinstance(reply.body, bytes) else encode_json(reply.body)
    response = Response(body, status_code=reply.status, media_type="application/json")
    response.headers["x-request-id"] = call.request_id
    return response


async def read_limited(http: Request, call: Call) -> bytes:
    """The request's body; TooLarge and HungUp as everywhere."""
    return await wire.read_body(http.receive, limit=call.service.world.settings.max_body)
