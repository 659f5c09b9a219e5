"""Little gateways on loopback that pass requests on, each with one misdeed of its own."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import AsyncIterator, Callable, Container, Iterator
from typing import Any, NamedTuple

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from tokenassay.conformance.mock.server import bind, url_of
from tokenassay.conformance.tap.asks import asks
from tokenassay.conformance.tap.findings import About, Aspect, Kind, Passage, Tap
from tokenassay.conformance.tap.tapping import Front, tap
from tokenassay.conformance.tap.upstream import listening
from tokenassay.contracts.store import Contract, load_edition

Body = dict[str, Any]
OPENAI, NATIVE = "qwen-openai@2026", "qwen-dashscope@2026"
_KEPT = ("authorization", "content-type", "accept", "x-assay-trace", "x-dashscope-sse")


def _as_it_is(value: Any) -> Any:
    return value


class Misdeed(NamedTuple):
    """What a gateway does beside passing on; without any of it, it is honest."""

    request: Callable[[Body], Body] = _as_it_is
    headers: Callable[[dict[str, str]], dict[str, str]] = _as_it_is
    path: Callable[[str], str] = _as_it_is
    answer: Callable[[Body], Body] = _as_it_is
    stream: Callable[[list[bytes]], list[bytes]] | None = None
    """Makes the frames of a stream anew, once all of them are there."""
    before: Callable[[Body], tuple[int, Body] | None] = lambda body: None
    """Answers by itself, without the upstream."""
    times: Callable[[int], int] = lambda status: 1
    """How often a request is sent in all that got such a status."""
    error: Callable[[int, Body], tuple[int, Body]] = lambda status, body: (status, body)


@contextlib.contextmanager
def gateway(upstream: str, misdeed: Misdeed) -> Iterator[str]:
    """The URL of a gateway while the block runs."""
    bound = bind("127.0.0.1", 0)
    config = uvicorn.Config(_app(upstream, misdeed), log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    try:
        yield url_of(bound)
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        bound.close()


def _app(upstream: str, misdeed: Misdeed) -> Starlette:
    client = httpx.AsyncClient(timeout=30, trust_env=False)

    async def serve(request: Request) -> Response:
        body = await request.json()
        alone = misdeed.before(body)
        if alone is not None:
            return _json(*alone)
        given = {k: v for k, v in request.headers.items() if k in _KEPT}
        url = upstream + misdeed.path(request.url.path)
        headers, sent = misdeed.headers(given), json.dumps(misdeed.request(body))

        async def ask() -> httpx.Response:
            asked = client.build_request("POST", url, headers=headers, content=sent)
            return await client.send(asked, stream=True)

        reply = await ask()
        for _ in range(misdeed.times(reply.status_code) - 1):
            await reply.aclose()
            reply = await ask()
        if "event-stream" in reply.headers["content-type"]:
            return StreamingResponse(_frames(reply, misdeed), media_type="text/event-stream")
        read = json.loads(await reply.aread())
        if reply.status_code == 200:
            return _json(200, misdeed.answer(read))
        return _json(*misdeed.error(reply.status_code, read))

    return Starlette(routes=[Route("/{path:path}", serve, methods=["POST"])])


def _json(status: int, body: Body) -> Response:
    return Response(json.dumps(body), status, media_type="application/json")


async def _frames(reply: httpx.Response, misdeed: Misdeed) -> AsyncIterator[bytes]:
    if misdeed.stream is None:
        async for chunk in reply.aiter_raw():
            yield chunk
        return
    whole = await reply.aread()
    for frame in misdeed.stream([part + b"\n\n" for part in whole.split(b"\n\n") if part]):
        yield frame


def tapped(
    misdeed: Misdeed | None = None,
    edition: str = OPENAI,
    *,
    upstream: str | None = None,
    kinds: Container[Kind] | None = None,
    about: Container[str] | None = None,
    told: Callable[[int, int], None] | None = None,
    **options: Any,
) -> Tap:
    """What a tap finds of a gateway that does this.

    Sent is a plain request and whatever is of these kinds and about these parameters.
    """
    front = load_edition(edition)
    behind = load_edition(upstream or edition)
    made = asks(front, behind, "qwen-plus", 0)
    asked = [
        ask
        for number, ask in enumerate(made)
        if not number
        or ((kinds is None or ask.kind in kinds) and (about is None or ask.about in about))
    ]
    with (
        listening(Contract(behind), "127.0.0.1", 0) as (app, base_url),
        gateway(base_url, misdeed or Misdeed()) as url,
    ):
        at = Front(url=url, edition=front, model="qwen-plus", **options)
        return tap(at, app, behind, asked, told)


def passage(found: Tap, parameter: str) -> Passage:
    """What became of a parameter."""
    return next(p for p in found.parameters if p.parameter == parameter)


def aspect(found: Tap, about: About, verdict: str) -> Aspect:
    """What was found in a matter, by its verdict."""
    told = [a for a in found.aspects if a.about == about]
    return next(a for a in told if a.verdict == verdict)
