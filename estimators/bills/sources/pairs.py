"""JSON lines of requests, of answers, and of both: batches, and logs of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from tokenassay.contracts.records import Surface
from tokenassay.estimators.bills.answers import Answer, decoded, read_answer
from tokenassay.estimators.bills.calls import BadField, Call, Place, day_of

_BODY: Final = frozenset({"messages", "input", "prompt", "parameters"})
_TIMES: Final = ("time", "timestamp", "created_at", "created", "started", "start_time")
_NAMES: Final = ("request_id", "id")
_BESIDE: Final = frozenset({"custom_id", *_NAMES, *_TIMES})
_REQUEST: Final = ("request", "request_body")
_RESPONSE: Final = ("response", "response_body")


class Asked(NamedTuple):
    """The request of a call."""

    place: Place
    custom_id: str | None
    id: str | None
    body: Mapping[str, Any]
    surface: Surface | None
    streamed: bool | None
    batch: bool
    day: Any
    """As the line has it."""


class Given(NamedTuple):
    """The answer to a call, as it stands in a line."""

    place: Place
    custom_id: str | None
    id: str | None
    status: int | None
    payload: Any
    day: Any


def read_request_line(fields: Mapping[str, Any], place: Place) -> Asked:
    """A line of a batch, or a request body; BadField where it is neither."""
    body, outer = fields, fields
    for name in ("body", *_REQUEST):
        inner = fields.get(name)
        if isinstance(inner, Mapping | str):
            body = _request_body(inner, name)
            outer = inner if isinstance(inner, Mapping) and "body" in inner else fields
            break
    if not _BODY & body.keys():
        raise BadField("body", "expected a request body with messages or input")
    if body is fields:  # what names the line stands among the fields of its body
        body = {name: value for name, value in fields.items() if name not in _BESIDE}
    url = outer.get("url")
    batch = "custom_id" in fields and "body" in fields
    return Asked(
        place,
        _name(fields, ("custom_id",)),
        _name(fields, _NAMES),
        body,
        surface_of(url) if isinstance(url, str) else None,
        _streamed(fields, outer),
        batch,
        _first(fields, _TIMES),
    )


def _request_body(inner: Any, name: str) -> Mapping[str, Any]:
    found = decoded(inner) if isinstance(inner, str) else inner
    if isinstance(found, Mapping) and "body" in found and not _BODY & found.keys():
        held = found["body"]
        found = decoded(held) if isinstance(held, str) else held
    if not isinstance(found, Mapping):
        raise BadField(name, "expected a request body, a JSON object")
    return found


def _streamed(fields: Mapping[str, Any], outer: Mapping[str, Any]) -> bool | None:
    """Whether a stream was asked for, where the line says it beside the body."""
    for holder in (fields, outer):
        if isinstance(holder.get("stream"), bool) and "messages" not in holder:
            return bool(holder["stream"])
        headers = holder.get("headers")
        if isinstance(headers, Mapping):
            return asks_for_stream({str(k).lower(): str(v) for k, v in headers.items()})
    return None


def asks_for_stream(headers: Mapping[str, str]) -> bool | None:
    """Whether headers (names in lower case) ask for a stream; None: they do not speak of it."""
    if headers.get("x-dashscope-sse", "").lower() == "enable":
        return True
    return True if "text/event-stream" in headers.get("accept", "") else None


def read_response_line(fields: Mapping[str, Any], place: Place) -> Given:
    """A line of a batch's output, an answer's body, or a line that holds it as ``response``."""
    custom_id, id = _name(fields, ("custom_id",)), _name(fields, _NAMES)
    day = _first(fields, _TIMES)
    error = fields.get("error")
    for name in _RESPONSE:
        if name in fields:
            status, payload = _response(fields[name], name, error, _status(fields))
            inner = fields[name]
            if id is None and isinstance(inner, Mapping):
                id = _name(inner, _NAMES)
            return Given(place, custom_id, id, status, payload, day)
    if custom_id is not None and isinstance(error, Mapping):
        return Given(place, custom_id, id, _status(fields) or 500, {"error": error}, day)
    if "body" in fields:
        return Given(place, custom_id, id, _status(fields), fields["body"], day)
    return Given(place, custom_id, id, _status(fields), fields, day)


def _response(inner: Any, name: str, error: Any, status: int | None) -> tuple[int | None, Any]:
    if inner is None:
        if isinstance(error, Mapping):
            return 500, {"error": error}
        raise BadField(name, "there is no answer")
    if isinstance(inner, Mapping):
        status = _status(inner) or status
        for holder in ("body", "chunks", "events", "text"):
            if holder in inner and not {"choices", "output", "usage"} & inner.keys():
                return status, inner[holder]
    elif not isinstance(inner, str | list):
        raise BadField(name, "expected an answer's body, its text or its frames")
    return status, inner


def read_pair(fields: Mapping[str, Any], place: Place) -> Call:
    """A line with both request and answer; BadField where one of them is missing."""
    if not any(name in fields for name in _RESPONSE):
        raise BadField("response", "missing: name a file of answers, or give both in each line")
    asked = read_request_line(fields, place)
    given = read_response_line(fields, place)
    batch = fields.get("batch") is True
    return joined(asked._replace(batch=batch), given, asked.custom_id or asked.id)


def joined(asked: Asked, given: Given, key: str | None) -> Call:
    """The call of a request and its answer."""
    answer = answer_to(asked, given)
    day = day_of(asked.day) or day_of(given.day) or day_of(answer.created)
    return Call(
        asked.place,
        given.place,
        key,
        asked.surface,
        asked.body,
        asked.streamed,
        asked.batch,
        day,
        answer,
    )


def answer_to(asked: Asked, given: Given) -> Answer:
    """The answer, read as the request asked for it."""
    return read_answer(given.payload, given.status, incremental=is_incremental(asked.body))


def is_incremental(body: Mapping[str, Any]) -> bool | None:
    """Whether a native request asks for frames that hold only what is new."""
    parameters = body.get("parameters")
    asked = parameters.get("incremental_output") if isinstance(parameters, Mapping) else None
    return asked if isinstance(asked, bool) else None


def surface_of(url: str) -> Surface | None:
    """The dialect that a URL speaks; None where it does not say."""
    path = url.partition("?")[0].rstrip("/")
    if path.endswith(("/chat/completions", "/completions")):
        return "openai"
    return "native" if "/services/aigc/" in path else None


def _name(fields: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    found = _first(fields, names)
    if found is None or isinstance(found, bool | Mapping | list):
        return None
    return str(found)


def _first(fields: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((fields[name] for name in names if fields.get(name) is not None), None)


def _status(fields: Mapping[str, Any]) -> int | None:
    for name in ("status_code", "status"):
        value = fields.get(name)
        if value.__class__ is int:
            return int(value)
    return None
