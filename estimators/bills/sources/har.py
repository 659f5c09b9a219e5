"""Calls in a browser's log (HAR 1.2): bodies as text or base64, streams among them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from tokenassay.contracts import store
from tokenassay.contracts.clauses import EndpointClause
from tokenassay.estimators.bills.answers import decoded, read_answer
from tokenassay.estimators.bills.calls import BadField, Call, Place, Skipped, day_of
from tokenassay.estimators.bills.sources.charsets import restored
from tokenassay.estimators.bills.sources.pairs import asks_for_stream, is_incremental, surface_of

_BODY: Final = frozenset({"messages", "input"})
_IDS: Final = ("x-request-id", "x-dashscope-request-id", "request-id")


def read_entry(fields: Mapping[str, Any], place: Place) -> Call | Skipped:
    """The call of an entry; BadField where it is one whose answer is not there."""
    request, response = fields.get("request"), fields.get("response")
    if not isinstance(request, Mapping) or not isinstance(response, Mapping):
        raise BadField("request", "expected an entry with request and response")
    posted = request.get("postData")
    posted = posted if isinstance(posted, Mapping) else {}
    text = posted.get("text")
    body = decoded(_plain(text, posted, "request.postData")) if isinstance(text, str) else None
    url = request.get("url")
    url = url if isinstance(url, str) else ""
    if not isinstance(body, Mapping) or not (_BODY & body.keys()):
        return Skipped("no request of a model")
    if not _is_chat(body, url):
        return Skipped("no chat")
    status = response.get("status")
    status = status if status.__class__ is int else None
    if not status:
        raise BadField("response.status", "the request was not answered")
    content = response.get("content")
    content = content if isinstance(content, Mapping) else {}
    said = content.get("text")
    if not isinstance(said, str):
        raise BadField("response.content.text", "the log does not hold the answer's body")
    sent, received = _headers(request), _headers(response)
    kind = str(content.get("mimeType") or received.get("content-type", ""))
    answer = read_answer(
        _plain(said, content, "response.content"), status, incremental=is_incremental(body)
    )
    streamed = "event-stream" in kind or asks_for_stream(sent) or body.get("stream") is True
    id = next((received[name] for name in _IDS if name in received), None)
    return Call(
        place,
        place,
        answer.id or id,
        surface_of(url),
        body,
        streamed,
        False,
        day_of(fields.get("startedDateTime")) or day_of(answer.created),
        answer,
    )


def _is_chat(body: Mapping[str, Any], url: str) -> bool:
    """Whether a request is for an answer: not for embeddings, nor to count tokens."""
    if "messages" not in body and not isinstance(body.get("input"), Mapping):
        return False
    return surface_of(url) is not None or not url.partition("?")[0].endswith(_other_paths())


@lru_cache(maxsize=1)
def _other_paths() -> tuple[str, ...]:
    """Where the documents place what takes a JSON body and is no chat."""
    clauses = (clause for id in store.headers() for clause in store.load_edition(id).clauses)
    found = {
        clause.path
        for clause in clauses
        if isinstance(clause, EndpointClause)
        and clause.operation not in ("generate", "chat")
        and "{" not in clause.path
    }
    return tuple(sorted(found))


def _plain(text: str, holder: Mapping[str, Any], field: str) -> str | bytes:
    if holder.get("encoding") != "base64":
        return restored(text)
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise BadField(f"{field}.text", "not base64, which its encoding says it is") from None


def _headers(message: Mapping[str, Any]) -> dict[str, str]:
    listed = message.get("headers")
    return {
        str(header.get("name")).lower(): str(header.get("value"))
        for header in (listed if isinstance(listed, list) else ())
        if isinstance(header, Mapping)
    }
