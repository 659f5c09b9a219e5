"""Server-sent events as the endpoints write them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

encode_json = msgspec.json.Encoder().encode


class Frame(NamedTuple):
    """One event of a stream. ``data`` is JSON data, or bytes that go out as they are."""

    data: Any
    event: str | None = None
    id: str | None = None
    comment: str | None = None


class Style(NamedTuple):
    """How a dialect writes a frame: ``data: {...}`` or ``data:{...}``."""

    space: bool


def write_frame(frame: Frame, style: Style) -> bytes:
    """One frame in bytes, blank line included: id, event, comment, data, as real traffic has it."""
    data, event, id, comment = frame
    payload = data if data.__class__ is bytes else encode_json(data)
    after_id = _after_id(event, comment, style)
    if id is None:
        return b"%b%b\n\n" % (after_id, payload)
    return b"id%b%b\n%b%b\n\n" % (b": " if style.space else b":", id.encode(), after_id, payload)


@lru_cache(maxsize=64)
def _after_id(event: str | None, comment: str | None, style: Style) -> bytes:
    """What stands between a frame's id and its payload."""
    gap = ": " if style.space else ":"
    lines = "" if event is None else f"event{gap}{event}\n"
    lines += "" if comment is None else f":{comment}\n"
    return f"{lines}data{gap}".encode()
