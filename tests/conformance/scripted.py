"""A session whose endpoint is a function of the request: no server, no socket."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tokenassay.conformance.exchanges import Exchange, Failure, FailureKind, Received, Sent
from tokenassay.conformance.rundb import RunFile
from tokenassay.conformance.sessions import Session
from tokenassay.conformance.spend import Pricing
from tokenassay.conformance.targets import Target
from tokenassay.contracts.store import load_edition

EDITION = "qwen-dashscope@2024-04"

FINE: dict[str, Any] = {
    "output": {
        "choices": [
            {"finish_reason": "stop", "message": {"role": "assistant", "content": "Hello."}}
        ]
    },
    "usage": {"input_tokens": 9, "output_tokens": 2, "total_tokens": 11},
    "request_id": "5c5d1a3c-2f0d-9f5a-8c1e-0d4f6f9f4a11",
}
INVALID = {"code": "InvalidParameter", "message": "Range of temperature", "request_id": "a"}


class Reply(NamedTuple):
    """What the endpoint answers, or how it fails to."""

    status: int | None = 200
    body: Any = FINE
    failure: FailureKind | None = None
    headers: tuple[tuple[str, str], ...] = (("content-type", "application/json"),)


Script = Callable[[Mapping[str, Any], int], Reply]
"""From the request's body, and how many requests came before it."""


class ScriptedWire:
    """Answers by a script, and keeps what was sent."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self.sent: list[Sent] = []
        self.secrets: list[dict[str, str]] = []

    def close(self) -> None:
        """Nothing is open."""

    def exchange(self, sent: Sent, secret_headers: dict[str, str]) -> Exchange:
        """The script's answer."""
        reply = self._script(json.loads(sent.body or b"{}"), len(self.sent))
        self.sent.append(sent)
        self.secrets.append(secret_headers)
        received = None
        if reply.status is not None:
            body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            received = Received(status=reply.status, headers=reply.headers, body=body)
        failure = Failure(kind=reply.failure, detail="said so") if reply.failure else None
        return Exchange(sent, received, failure, first_byte_s=0.01, total_s=0.02, started=1.0)


def session(script: Script, *, patient: bool = False, **target: Any) -> Session:
    """A session with such an endpoint; its run file is in memory."""
    edition = load_edition(EDITION)
    fields: dict[str, Any] = {
        "name": "t",
        "base_url": "http://endpoint/api/v1",
        "edition": EDITION,
        "model": "qwen-turbo",
        "api_key_env": "KEY",
        **target,
    }
    named = Target(**fields)
    return Session(
        named,
        edition,
        RunFile(":memory:"),
        ScriptedWire(script),
        Pricing(named, edition),
        key="sk-scripted",
        patient=patient,
    )


def parameters(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The parameters of a native body; empty where they are none."""
    found = body.get("parameters")
    return found if isinstance(found, Mapping) else {}
