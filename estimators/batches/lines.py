"""One line of a file of requests: what it is, or why it can't be read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple, NoReturn

import msgspec

Kind = Literal["batch", "request", "text"]
"""A line of an OpenAI batch, a bare request body, or a bare text."""

_decode = msgspec.json.Decoder().decode
_BATCH_KEYS: Final = frozenset({"custom_id", "method", "url"})
_BODY_KEYS: Final = frozenset({"messages", "input", "parameters", "prompt"})


class Line(NamedTuple):
    """What one line holds; nothing in the body is checked here."""

    kind: Kind
    body: Mapping[str, Any]
    """Empty for a text."""
    text: str
    """Empty for anything but a text."""
    custom_id: str | None
    method: Any
    url: Any


class BadLine(ValueError):
    """The line is none that can be counted; the message says why."""


def read_line(raw: bytes | str) -> Line:
    """Read a line of any of the three kinds; BadLine where it is of none.

    The JSON may carry whatever Python's own reader takes, but for NaN and infinities.
    """
    try:
        fields = _decode(raw)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        fields = decode_slowly(raw)
    if fields.__class__ is not dict:
        raise BadLine(f"expected a JSON object, got {_KINDS.get(type(fields), 'a number')}")
    custom_id = fields.get("custom_id")
    if custom_id is not None and custom_id.__class__ is not str:
        raise BadLine(f"custom_id is {_KINDS.get(type(custom_id), 'a number')}, not a string")
    if not _BODY_KEYS.isdisjoint(fields):
        return Line("request", fields, "", custom_id, None, None)
    body = fields.get("body")
    if body.__class__ is dict:
        return Line("batch", body, "", custom_id, fields.get("method"), fields.get("url"))
    if body is not None:
        raise BadLine(f"body is {_KINDS.get(type(body), 'a number')}, not an object")
    text = fields.get("text")
    if text.__class__ is str:
        return Line("text", {}, text, custom_id, None, None)
    if not _BATCH_KEYS.isdisjoint(fields):
        raise BadLine("a line of a batch without a body")
    raise BadLine(
        "expected a line of a batch {custom_id, method, url, body}, a request body or {text}"
    )


def read_or_tell(raw: bytes | str) -> Line | BadLine:
    """:func:`read_line`, with what it raises as its answer."""
    try:
        return read_line(raw)
    except BadLine as error:
        return error.with_traceback(None)  # which would keep alive all that was being read


def decode_slowly(raw: bytes | str) -> Any:
    """What msgspec refuses but JSON allows, such as lone surrogates, or words for the fault."""
    try:
        text = (raw if isinstance(raw, str) else raw.decode("utf-8")).rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise BadLine(f"not UTF-8 text: {error.reason} at byte {error.start}") from None
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise BadLine(f"not JSON: {error.msg} (column {error.colno})") from None
    except RecursionError:
        raise BadLine("not a request: nested too deeply") from None
    except ValueError as error:  # a number of too many digits, or NaN
        raise BadLine(f"not JSON: {error}") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


_KINDS: Final[dict[type, str]] = {
    list: "an array",
    dict: "an object",
    str: "a string",
    bool: "a boolean",
    type(None): "null",
}
