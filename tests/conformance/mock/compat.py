"""A client of the OpenAI-compatible surface that reads the wire itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpx
from jsonschema import Draft202012Validator
from starlette.testclient import TestClient

from tests.conformance.mock.wires import Event, events
from tokenassay.conformance.mock.app import App
from tokenassay.conformance.mock.server import Endpoint
from tokenassay.contracts import store
from tokenassay.contracts.clauses import ShapeClause

OF_2024 = "qwen-long@2024-10"
OF_2026 = "qwen-openai@2026"

ROLE = {"role": "system", "content": "You are a helpful assistant."}


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def refer(*ids: str) -> dict[str, str]:
    """A system message that refers to files."""
    return {"role": "system", "content": ",".join(f"fileid://{id}" for id in ids)}


class Compat:
    """Sends requests to one edition of a mock: over a real socket, or to the application."""

    def __init__(self, server: Endpoint | App, edition: str, model: str) -> None:
        self.edition, self.model = edition, model
        self.client: Any
        if isinstance(server, App):
            mount = next(m for m in server.mounts if m.surface == "openai")
            self.client = TestClient(server, base_url="http://mock" + mount.prefix)
            key = server.world.settings.api_key
        else:
            self.client = httpx.Client(base_url=server.surfaces["openai"], timeout=60)
            key = server.api_key
        self.client.headers["Authorization"] = f"Bearer {key}"

    def ask(
        self,
        messages: Any,
        *,
        headers: Mapping[str, str] | None = None,
        model: str | None = None,
        **parameters: Any,
    ) -> httpx.Response:
        """A chat; ``messages`` may be a string, for one user message."""
        if isinstance(messages, str):
            messages = [user(messages)]
        body = {"model": model or self.model, "messages": messages, **parameters}
        answer: httpx.Response = self.client.post("/chat/completions", json=body, headers=headers)
        return answer

    def stream(self, messages: Any, **parameters: Any) -> list[Event]:
        """The frames of a streamed chat."""
        answer = self.ask(messages, stream=True, **parameters)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith("text/event-stream")
        return events(answer.text)

    def upload(
        self, name: str, data: bytes, purpose: str | None = "file-extract"
    ) -> httpx.Response:
        fields = {} if purpose is None else {"purpose": purpose}
        files = {"file": (name, data)}
        answer: httpx.Response = self.client.post("/files", files=files, data=fields)
        return answer

    def keep(self, name: str, data: bytes, purpose: str = "file-extract") -> str:
        """The id of a file that was taken."""
        answer = self.upload(name, data, purpose)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    def batch(self, lines: list[dict[str, Any]], **fields: Any) -> dict[str, Any]:
        """A new batch of these lines."""
        data = "\n".join(json.dumps(line) for line in lines).encode()
        given = {
            "input_file_id": self.keep("in.jsonl", data, "batch"),
            "endpoint": "/v1/chat/completions",
            "completion_window": "24h",
            **fields,
        }
        answer = self.client.post("/batches", json=given)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def look(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        return dict(self.client.get(f"/batches/{batch['id']}").json())

    def finished(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        """The batch once it has ended."""
        for _ in range(10):
            seen = self.look(batch)
            if seen["status"] in ("completed", "failed", "cancelled"):
                return seen
        raise AssertionError(f"the batch stays {seen['status']}")

    def lines(self, file_id: str) -> list[dict[str, Any]]:
        """The lines of a file of results."""
        answer = self.client.get(f"/files/{file_id}/content")
        assert answer.status_code == 200
        return [json.loads(line) for line in answer.text.splitlines()]

    def fits(self, of: str, body: Any) -> None:
        """``body`` has the shape that the edition documents for it."""
        schemas = [
            clause.schema
            for clause in store.load_edition(self.edition).of_kind(ShapeClause)
            if clause.of == of
        ]
        assert schemas, f"{self.edition} has no shape of {of}"
        for schema in schemas:
            Draft202012Validator(schema).validate(body)


def line(id: str, text: str = "Hi", model: str = "qwen-plus", **extra: Any) -> dict[str, Any]:
    """One line of a batch."""
    url = extra.pop("url", "/v1/chat/completions")
    body = {"model": model, "messages": [user(text)], **extra}
    return {"custom_id": id, "method": "POST", "url": url, "body": body}


def text_in(frames: list[Event]) -> str:
    """The content that a stream's chunks say."""
    chunks = [frame.data for frame in frames if isinstance(frame.data, dict)]
    deltas = [choice["delta"] for chunk in chunks for choice in chunk.get("choices", ())]
    return "".join(delta.get("content") or "" for delta in deltas)
