"""A wire to an endpoint that answers with what was printed or recorded, and with nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import yaml

from tokenassay.conformance.exchanges import Chunk, Exchange, Received, Sent
from tokenassay.contracts.edition import Edition
from tokenassay.estimators.refusals import compile_rules
from tokenassay.estimators.requests import NotARequest, read_request

KEY = "sk-recorded"
_ID = re.compile(r'("(?:request_id|id)": ?"(?:chatcmpl-)?)([0-9a-f-]{32,36})"')


class Recorded(NamedTuple):
    """One answer as it was printed or recorded."""

    id: str
    editions: list[str]
    source: str
    seen: str
    body: str
    form: str = ""
    stream: str = ""
    asked: str = ""
    status: int = 200
    row: str = ""
    clause: str = ""

    @property
    def content_type(self) -> str:
        return "text/event-stream;charset=UTF-8" if self.stream else "application/json"

    def exchange(self, sent: Sent | None = None) -> Exchange:
        """The answer to a request, under an id of its own."""
        text = self.body.rstrip("\n") + ("\n\n" if self.stream else "")
        own = str(uuid4())
        body = _ID.sub(lambda found: f'{found[1]}{_like(found[2], own)}"', text).encode()
        received = Received(
            status=self.status,
            headers=(("content-type", self.content_type),),
            body=body,
            chunks=(Chunk(at=0.1, end=len(body)),),
        )
        asked = sent or Sent(method="POST", url="http://recorded/", headers=())
        return Exchange(asked, received, first_byte_s=0.1, total_s=0.2, started=1.0)


def _like(recorded: str, own: str) -> str:
    return own if "-" in recorded else own.replace("-", "")


_FILE = Path(__file__).parents[1] / "data" / "recorded-answers.yaml"
RECORDED = [Recorded(**entry) for entry in yaml.safe_load(_FILE.read_text(encoding="utf-8"))]


class ReplayWire:
    """Answers each request with the recording of an answer to a request of its kind."""

    def __init__(self, edition: Edition, model: str) -> None:
        self._edition, self._model = edition, model
        self._rules = compile_rules(edition, model)
        self._answers = [answer for answer in RECORDED if edition.id in answer.editions]

    def close(self) -> None:
        """Nothing is open."""

    def exchange(self, sent: Sent, secret_headers: dict[str, str]) -> Exchange:
        """The recorded answer."""
        headers = {name.lower(): value for name, value in (*sent.headers, *secret_headers.items())}
        return self._chosen(sent, headers).exchange(sent)

    def _chosen(self, sent: Sent, headers: dict[str, str]) -> Recorded:
        if headers.get("authorization") != f"Bearer {KEY}":
            return self._find(form="error", row="invalid_api_key")
        body = _read(sent.body)
        streams = self._streams(body, headers)
        row = self._row_for(body)
        if row:
            told = [a for a in self._answers if a.row == row]
            told = told or [a for a in self._answers if a.row == "invalid_parameter"]
            return next((a for a in told if bool(a.stream) == streams), told[0])
        return self._stream(body) if streams else self._find(form=self._form(body))

    def _row_for(self, body: dict[str, Any]) -> str:
        """The row of the error table that a request meets; empty where it is good."""
        if body.get("model", self._model) != self._model:
            return "model_not_found"
        try:
            request = read_request(body, surface=self._edition.surface)
        except NotARequest:
            return "invalid_parameter"
        broken = [r.clause for r in self._rules.check(request) if r.level == "must"]
        if not broken:
            return ""
        error = self._edition.clause(broken[0]).error or ""
        return error.rpartition(".")[2] or "invalid_parameter"

    def _streams(self, body: dict[str, Any], headers: dict[str, str]) -> bool:
        if self._edition.surface == "openai":
            return body.get("stream") is True
        by_header = headers.get("x-dashscope-sse") == "enable"
        return by_header or "event-stream" in headers.get("accept", "")

    def _form(self, body: dict[str, Any]) -> str:
        known = self._edition.parameters(str(body.get("model")))
        if "result_format" not in known:
            return "message"
        asked = body.get("parameters", {}).get("result_format", known["result_format"].default)
        return str(asked)

    def _stream(self, body: dict[str, Any]) -> Recorded:
        if self._edition.surface == "native":
            grows = body.get("parameters", {}).get("incremental_output") is True
            return self._find(stream="incremental" if grows else "cumulative")
        answer = self._find(stream="with_usage")
        if (body.get("stream_options") or {}).get("include_usage") is True:
            return answer
        frames = [f for f in answer.body.split("\n\n") if '"choices":[]' not in f]
        return answer._replace(body="\n\n".join(frames))

    def _find(self, **fields: str) -> Recorded:
        return next(
            answer
            for answer in self._answers
            if all(getattr(answer, name) == value for name, value in fields.items())
        )


def _read(payload: bytes) -> dict[str, Any]:
    try:
        body = json.loads(payload)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
