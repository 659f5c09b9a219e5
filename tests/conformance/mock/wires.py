"""Clients and readers that the mock's tests share."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import httpx

from tokenassay.conformance.mock.app import App
from tokenassay.conformance.mock.server import Endpoint

GENERATION = "/services/aigc/text-generation/generation"
SSE = {"X-DashScope-SSE": "enable"}


class Native:
    """Sends native requests to a running mock, over a real socket."""

    def __init__(self, endpoint: Endpoint, surface: str = "native") -> None:
        self.endpoint = endpoint
        self.url = endpoint.surfaces[surface] + GENERATION
        self.client = httpx.Client(headers={"Authorization": f"Bearer {endpoint.api_key}"})

    def ask(
        self,
        messages: Any = None,
        *,
        model: str = "qwen-turbo",
        prompt: Any = None,
        history: Any = None,
        headers: Mapping[str, str] | None = None,
        **parameters: Any,
    ) -> httpx.Response:
        """One request: ``messages`` may be a string, for one user message."""
        given: dict[str, Any] = {}
        if isinstance(messages, str):
            messages = [{"role": "user", "content": messages}]
        if messages is not None:
            given["messages"] = messages
        if prompt is not None:
            given["prompt"] = prompt
        if history is not None:
            given["history"] = history
        body = {"model": model, "input": given, "parameters": parameters}
        return self.post(body, headers)

    def post(self, body: Any, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """One request with this JSON body."""
        return self.client.post(self.url, json=body, headers=headers)


class Event(NamedTuple):
    """One frame as it stood on the wire."""

    id: str | None
    event: str | None
    comment: str | None
    data: Any


def events(text: str) -> list[Event]:
    """The frames of a stream; the blank line after each is required."""
    assert text.endswith("\n\n")
    found = []
    for block in text[:-2].split("\n\n"):
        fields: dict[str, str] = {}
        for line in block.split("\n"):
            name, _, value = line.partition(":")
            assert name not in fields, block
            fields[name] = value
        data = fields.get("data", "").strip()
        found.append(
            Event(
                fields.get("id"),
                fields.get("event"),
                fields.get(""),
                data if data == "[DONE]" else json.loads(data),
            )
        )
    return found


class Heard(NamedTuple):
    """An answer in bytes."""

    status: int
    kind: str | None
    body: bytes


def call_app(
    app: App,
    method: str,
    path: str,
    body: Any,
    headers: Mapping[str, str] | None = None,
    key: str = "sk-assay",
) -> Heard:
    """One request to the application itself, without a socket."""

    async def ask() -> Heard:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://mock") as client:
            given = {"authorization": f"Bearer {key}", **(headers or {})}
            answer = await client.request(method, path, json=body, headers=given)
            return Heard(answer.status_code, answer.headers.get("content-type"), answer.content)

    return asyncio.run(ask())
