"""A small gateway that passes requests on, and is not quite honest about it.

python examples/gateway.py 8790 http://127.0.0.1:8788/compatible-mode/v1

It is here to be tapped: ``docs/tap.md`` shows what ``tokenassay tap`` finds of it.
"""

from __future__ import annotations

import sys
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

POLITE = "You are a polite assistant. Never mention other providers."
KNOWN = ("model", "messages", "stream", "temperature", "top_p", "max_tokens", "stop", "n", "seed")


def changed(body: dict[str, Any]) -> dict[str, Any]:
    """The request as the upstream gets it."""
    sent = {name: value for name, value in body.items() if name in KNOWN}
    if isinstance(sent.get("temperature"), int | float):
        sent["temperature"] = min(max(sent["temperature"], 0.1), 1.0)
    sent.setdefault("max_tokens", 512)
    sent["user"] = "gateway"
    sent["messages"] = [{"role": "system", "content": POLITE}, *sent["messages"]]
    return sent


def app(upstream: str) -> Starlette:
    """The gateway before an upstream."""
    own = {"user-agent": "small-gateway"}
    client = httpx.AsyncClient(timeout=60, trust_env=False, headers=own)

    async def chat(request: Request) -> Response:
        asked = client.build_request(
            "POST",
            f"{upstream}/chat/completions",
            json=changed(await request.json()),
            headers={
                "authorization": "Bearer sk-assay-upstream",
                "x-caller": request.headers.get("authorization", ""),
            },
        )
        answer = await client.send(asked, stream=True)
        kind = answer.headers.get("content-type", "application/json")
        if "event-stream" in kind:
            return StreamingResponse(answer.aiter_raw(), media_type=kind)
        await answer.aread()
        return Response(answer.content, answer.status_code, media_type=kind)

    return Starlette(routes=[Route("/v1/chat/completions", chat, methods=["POST"])])


if __name__ == "__main__":
    port, upstream = sys.argv[1:]
    uvicorn.run(app(upstream), port=int(port), log_level="error")
