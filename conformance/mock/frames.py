"""Server-sent events as the endpoints write them."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

encode_json = msgspec.json.Encoder().encode


class Frame(NamedTuple):
    """One event of a stream. ``data`` is JSON data, or bytes that go out as they are."""

    data: Any
    event: str | None = None
    id: str | None = None
    comment: str | None = None

    def payload(self) -> bytes:
        """The data as it is written."""
        return self.data if isinstance(self.data, bytes) else encode_json(self.data)


class Style(NamedTuple):
    """How a dialect writes a frame: ``data: {...}`` or ``data:{...}``."""

    space: bool


def write_frame(frame: Frame, style: Style) -> bytes:
    """One frame in bytes, blank line included: id, event, comment, data, as real traffic has it."""
    gap = b": " if style.space else b":"
    parts = []
    if frame.id is not None:
        parts.append(b"id%b%b\n" % (gap, frame.id.encode()))
    if frame.event is not None:
        parts.append(b"event%b%b\n" % (gap, frame.event.encode()))
    if frame.comment is not None:
        parts.append(b":%b\n" % frame.comment.encode())
    parts.append(b"data%b%b\n\n" % (gap, frame.payload()))
    return b"".join(parts)
