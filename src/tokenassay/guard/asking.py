"""What a request on its way asks of an endpoint, read from its headers and its bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from tokenassay.contracts.records import Surface
from tokenassay.estimators.bills.answers import decoded
from tokenassay.guard.coding import headers_of, undoing

_JSON: Final = b"application/json"
_SPACE: Final = b" \t\r\n"


class Asked(NamedTuple):
    """The body of a generation call, and how it asks for its answer."""

    body: Mapping[str, Any]
    surface: Surface
    streaming: bool | None
    """None: the body itself says it."""


def asked(request: Any, library: Any) -> Asked | None:
    """What a request of httpx or httpx2 asks; None for anything but a generation call.

    None too for a call whose body is not there yet: see :func:`is_unread`.
    """
    if request.method != "POST":
        return None
    content = _content(request)
    if content is None:
        return None
    # What begins as an object does is tried before any header: that is the common call.
    found = read_call(content) if content[:1] == b"{" else None
    if found is None:
        found = _read_other(request, library, content)
    if found is None:
        return None
    body, surface = found
    if surface == "openai":
        return Asked(body, surface, None)
    headers = headers_of(request)
    accepted = headers.get(b"accept", b"")
    streaming = headers.get(b"x-dashscope-sse") == b"enable" or b"text/event-stream" in accepted
    return Asked(body, surface, streaming)


def _read_other(
    request: Any, library: Any, content: bytes
) -> tuple[Mapping[str, Any], Surface] | None:
    """As :func:`read_call`, of a body that its headers tell of: coded, or behind white space."""
    headers = headers_of(request)
    coding = headers.get(b"content-encoding")
    if coding is not None:
        try:
            content = undoing(library, coding)(content)
        except Exception:  # whatever the coding's library raises for bytes that are none
            return None
    elif content[:1] == b"{":
        return None  # it was tried
    # Endpoints that take no notice of the type bill such a call too; other types begin otherwise.
    if not _is_json(headers) and content[:64].lstrip(_SPACE)[:1] != b"{":
        return None
    return read_call(content)


def is_unread(request: Any, stream: type) -> bool:
    """Whether a request may be a call whose body, a ``stream``, is made while it is sent."""
    if request.method != "POST" or _content(request) is not None:
        return False
    headers = headers_of(request)
    return b"content-type" in headers and _is_json(headers) and isinstance(request.stream, stream)


def _content(request: Any) -> bytes | None:
    """The body; None where it is made while it is sent."""
    try:
        content: bytes = request.content
    except Exception:  # each library has its own
        return None
    return content


def _is_json(headers: Mapping[bytes, bytes]) -> bool:
    return headers.get(b"content-type", _JSON).lower().startswith(_JSON)


def read_call(content: bytes) -> tuple[Mapping[str, Any], Surface] | None:
    """The body of a generation call and its dialect; None for what is not the guard's affair.

    Known by what it holds, so that any path and any gateway will do: a model, and messages or a
    prompt where one of the dialects has them.
    """
    body = decoded(content)
    if not isinstance(body, dict) or "model" not in body:
        return None
    held = body.get("input")
    if isinstance(held, dict) and not held.keys().isdisjoint(("messages", "prompt", "history")):
        return body, "native"
    return (body, "openai") if isinstance(body.get("messages"), list) else None
